import { type Originated, recordChange } from '../audit/index.ts';
import { brokenUnique, type Db, inTransaction } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import { type NewUuid, uuidOf } from '../kernel/id.ts';
import { type Price, priceFaults } from '../kernel/price.ts';
import { priceToJson } from '../kernel/price-json.ts';
import { feeRuleBusy, feeRuleInvalid } from './errors.ts';
import type { Bearer, FeeRule, FeeSubject, OnReversal, Timing } from './fee-rule.ts';
import { hasMember, insertRule } from './store.ts';

/** What the use cases of fees need. */
export interface FeeDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/** How often a version is numbered anew because another came first. */
const MAX_TRIES = 5;

/**
 * Adds a version of a rule. It begins now or later, so that what was quoted stays explained. Throws AppError:
 * `fee_rule_invalid`, `fee_rule_busy`.
 */
export async function putFeeRule(
  { db, clock, newUuid, origin }: FeeDeps,
  platformId: bigint,
  input: FeeSubject & {
    bearer: Bearer;
    timing: Timing;
    onReversal?: OnReversal | undefined;
    price: Price | null;
    validFrom?: Date | undefined;
    validUntil?: Date | undefined;
  },
): Promise<FeeRule> {
  const createdAt = clock.now();
  const { product, currency, bearer, timing, price, validFrom = createdAt, validUntil } = input;
  const { onReversal = 'keep' } = input;
  const memberId = input.memberId === null ? null : uuidOf('mem', input.memberId);
  const isMember = memberId === null || (memberId && (await hasMember(db, platformId, memberId)));
  const errors = [
    ...(isMember ? [] : [{ pointer: '/memberId', detail: 'must be a member of this platform' }]),
    ...(validFrom < createdAt
      ? [{ pointer: '/validFrom', detail: 'must be now or later; leave it out for now' }]
      : []),
    ...(validUntil && validUntil <= validFrom
      ? [{ pointer: '/validUntil', detail: 'must be later than validFrom' }]
      : []),
    ...(price ? priceFaults(price) : []).map(({ pointer, detail }) => ({
      ...{ pointer: `/price${pointer}`, detail },
    })),
  ];
  if (errors.length > 0) throw new AppError(feeRuleInvalid, { errors });
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    try {
      return await inTransaction(db, async (tx) => {
        const rule = await insertRule(tx, platformId, {
          ...{
            feeRuleId: newUuid(),
            product,
            currency,
            bearer,
            timing,
            onReversal,
            validFrom,
            createdAt,
          },
          ...{ memberId: memberId ?? null, validUntil: validUntil ?? null },
          price: price && priceToJson(price),
        });
        await recordChange(tx, platformId, {
          ...{ origin, at: createdAt, action: 'fee_rule.put', before: null },
          object: { type: 'fee_rule', id: rule.id },
          after: factsOf(rule),
        });
        return rule;
      });
    } catch (error) {
      if (brokenUnique(error) === undefined) throw error;
    }
  }
  throw new AppError(feeRuleBusy, { product });
}

/** A version is kept whole in its own row: the audit log says which, and what it is about. */
const factsOf = ({ price, ...rule }: FeeRule) => ({
  ...{ product: rule.product, currency: rule.currency, memberId: rule.memberId },
  ...{ version: rule.version, bearer: rule.bearer, timing: rule.timing },
  onReversal: rule.onReversal,
  price: price && priceToJson(price),
});
