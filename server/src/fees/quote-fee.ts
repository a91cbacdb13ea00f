import { AppError } from '../kernel/error.ts';
import { uuidOf } from '../kernel/id.ts';
import { feeExceedsAmount, feeRuleInvalid, feeRuleNotFound } from './errors.ts';
import { type FeeRule, feeRuleUuid } from './fee-rule.ts';
import type { FeeDeps } from './put-rule.ts';
import { type FeeQuote, quoteByRule, ruleInForce } from './quote.ts';
import { hasMember, selectCovering, selectRules } from './store.ts';

/** What is to be priced: an amount of minor units, and of whom; `at` unless it is now. */
export interface FeeQuestion {
  readonly product: string;
  readonly currency: string;
  readonly amount: bigint;
  /** `mem_…` */
  readonly memberId?: string | undefined;
  readonly at?: Date | undefined;
}

/**
 * The fee of an amount, by the rule in force for the member, else for the platform. Nothing is taken by it.
 * Throws AppError: `fee_rule_invalid` (no such member), `fee_rule_not_found`, `fee_exceeds_amount`.
 */
export async function quoteFee(
  { db, clock }: Pick<FeeDeps, 'db' | 'clock'>,
  platformId: bigint,
  { product, currency, amount, memberId, at = clock.now() }: FeeQuestion,
): Promise<FeeQuote> {
  const member = memberId === undefined ? null : uuidOf('mem', memberId);
  if (member === undefined || (member !== null && !(await hasMember(db, platformId, member)))) {
    const errors = [{ pointer: '/memberId', detail: 'must be a member of this platform' }];
    throw new AppError(feeRuleInvalid, { errors });
  }
  const wanted = { product, currency, memberId: member, at };
  const rule = ruleInForce(await selectCovering(db, platformId, wanted), at);
  const quote = rule && quoteByRule(rule, amount);
  if (!quote) throw new AppError(feeRuleNotFound, { product, currency, at: at.toISOString() });
  if (quote.payeeReceives < 0n)
    throw new AppError(feeExceedsAmount, { fee: quote.fee, amount, product });
  return quote;
}

/**
 * Versions of rules, newest first, after the one whose id is `after`. `next`: the id to go on after, when there
 * are more.
 */
export async function listFeeRules(
  { db }: Pick<FeeDeps, 'db'>,
  platformId: bigint,
  filter: {
    product?: string | undefined;
    memberId?: string | undefined;
    after?: string | undefined;
    limit: number;
  },
): Promise<{ rules: readonly FeeRule[]; next: string | undefined }> {
  const { product, memberId, after, limit } = filter;
  const found = await selectRules(db, platformId, {
    product,
    memberId: memberId === undefined ? undefined : uuidOf('mem', memberId),
    after: after === undefined ? undefined : feeRuleUuid(after),
    limit: limit + 1,
  });
  const rules = found.slice(0, limit);
  return { rules, next: found.length > limit ? rules.at(-1)?.id : undefined };
}
