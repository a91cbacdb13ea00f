import { type Originated, recordChange } from '../audit/index.ts';
import { brokenUnique, type Db, inTransaction } from '../db/database.ts';
import type { BusinessDate } from '../kernel/business-date.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import { type Ledger, openBusinessDate } from '../ledger/index.ts';
import { findAccount } from '../virtual-accounts/index.ts';
import type { RateTerms } from './accrue.ts';
import { interestRateBusy, interestRateInvalid } from './errors.ts';
import { type InterestProduct, type InterestRate, insertRate, selectRates } from './rate-store.ts';

/** What the use cases of interest need. */
export interface InterestDeps extends Originated {
  readonly db: Db;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/** A version of a rate that is to be put. `account`: the number of an account, for its own. */
export interface NewRate {
  readonly product: InterestProduct;
  readonly currency: string;
  readonly account?: string | undefined;
  readonly terms: RateTerms | null;
  /** The open business date when it is left out. */
  readonly validFrom?: BusinessDate | undefined;
}

/** How often a version is numbered anew because another came first. */
const MAX_TRIES = 5;

/**
 * Adds a version of a rate. It begins on the open business date or later: days that are over keep what they earned.
 * Throws AppError: `account_not_found`, `interest_rate_invalid`, `interest_rate_busy`.
 */
export async function putInterestRate(
  { db, clock, newUuid, origin }: InterestDeps,
  platformId: bigint,
  { product, currency, account, terms, validFrom }: NewRate,
): Promise<InterestRate> {
  const found = account === undefined ? undefined : await findAccount(db, platformId, account);
  const today = await openBusinessDate(db, platformId);
  const begins = validFrom ?? today;
  const errors = [
    ...(found && (found.kind !== product || found.currency !== currency)
      ? [{ pointer: '/account', detail: 'must be of this product and currency' }]
      : []),
    ...(begins < today
      ? [{ pointer: '/validFrom', detail: `must not be before the open business date, ${today}` }]
      : []),
    ...(terms ? tierFaults(terms) : []),
  ];
  if (errors.length > 0) throw new AppError(interestRateInvalid, { errors });
  const createdAt = clock.now();
  const subject = { product, currency, account: found?.accountId ?? null };
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    try {
      return await inTransaction(db, async (tx) => {
        const version = { rateId: newUuid(), terms, validFrom: begins, createdAt };
        const rate = await insertRate(tx, platformId, { ...subject, ...version });
        await recordChange(tx, platformId, {
          ...{ origin, at: createdAt, action: 'interest_rate.put', before: null },
          object: { type: 'interest_rate', id: rate.id },
          after: { product, currency, account: account ?? null, ...factsOf(rate) },
        });
        return rate;
      });
    } catch (error) {
      if (brokenUnique(error) === undefined) throw error;
    }
  }
  throw new AppError(interestRateBusy, { product });
}

const factsOf = ({ version, validFrom, terms }: InterestRate) => ({
  ...{ version, validFrom },
  ...(terms ? { mode: terms.mode, dayCount: terms.dayCount } : {}),
  tiers: (terms?.tiers ?? []).map(({ upTo, ratePpm }) => `up to ${upTo ?? 'any'}: ${ratePpm} ppm`),
});

/** What is wrong with tiers: the field that it is in, and why. */
function tierFaults({ tiers }: RateTerms): { pointer: string; detail: string }[] {
  return tiers.flatMap(({ upTo }, i) => {
    const pointer = `/terms/tiers/${i}/upTo`;
    const isLast = i === tiers.length - 1;
    if (isLast !== (upTo === null)) {
      const detail = isLast ? 'must be null in the last tier' : 'may be null in the last tier only';
      return [{ pointer, detail }];
    }
    const before = tiers[i - 1]?.upTo ?? null;
    const falls = upTo !== null && before !== null && upTo <= before;
    return falls ? [{ pointer, detail: 'must be more than in the tier before' }] : [];
  });
}

/** Versions of rates, newest first, below the UUID `before`. `next`: where the next page begins. */
export async function listInterestRates(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<{ rates: readonly InterestRate[]; next: string | undefined }> {
  const found = await selectRates(db, platformId, { before, limit: limit + 1 });
  const rates = found.slice(0, limit);
  return { rates, next: found.length > limit ? rates.at(-1)?.id : undefined };
}
