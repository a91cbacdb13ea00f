import type { Db } from '../db/database.ts';
import { addDays, type BusinessDate, daysBetween } from '../kernel/business-date.ts';
import { AppError } from '../kernel/error.ts';
import { type AccountId, openBusinessDate, readDailyBalances } from '../ledger/index.ts';
import { type Accrued, accrue, type Rate } from './accrue.ts';
import { interestPeriodInvalid } from './errors.ts';
import { type InterestRate, selectRatesFor } from './rate-store.ts';

/** What never changes about an account that may earn interest. */
export interface EarningAccount {
  readonly accountId: AccountId;
  readonly number: string;
  readonly kind: string;
  readonly currency: string;
  readonly mainAccountId: bigint;
}

/** Business dates, both included. */
export interface Days {
  readonly from: BusinessDate;
  readonly to: BusinessDate;
}

/** What an account has earned in some days. */
export interface Earned extends Days {
  readonly account: EarningAccount;
  readonly accrued: Accrued;
}

/** The most days that interest is worked out for at once: ten years. */
const MAX_DAYS = 3660;

/** Says that a field of the request is not what it must be. */
export const refusePeriod = (pointer: string, detail: string): AppError =>
  new AppError(interestPeriodInvalid, { errors: [{ pointer, detail }] });

/**
 * The last day to settle: the one that was asked for, or the day before the open business date. Throws AppError:
 * `interest_period_invalid` when it is not over yet.
 */
export async function lastDay(
  db: Db,
  platformId: bigint,
  { to, at }: { to: BusinessDate | undefined; at: string },
): Promise<BusinessDate> {
  const open = await openBusinessDate(db, platformId);
  if (to === undefined) return addDays(open, -1);
  if (to < open) return to;
  throw refusePeriod(`${at}to`, `must be before the open business date, ${open}`);
}

/** The rates that may hold for an account: its own, and those of its product. */
export function ratesOf(
  { accountId, kind, currency }: EarningAccount,
  rates: readonly InterestRate[],
): readonly InterestRate[] {
  return rates.filter(
    (rate) =>
      rate.product === kind &&
      rate.currency === currency &&
      (rate.account === null || rate.account === accountId),
  );
}

/** The first day that any of these rates pays for. */
export function firstDay(rates: readonly Rate[]): BusinessDate | undefined {
  return rates.map(({ validFrom }) => validFrom).sort()[0];
}

/** What accounts have earned in a period that is over, by account. Set-based. Throws `interest_period_invalid`. */
export async function workOut(
  db: Db,
  platformId: bigint,
  { accounts, from, to }: Days & { readonly accounts: readonly EarningAccount[] },
): Promise<readonly Earned[]> {
  const days = daysBetween(from, to) + 1;
  if (days < 1) throw refusePeriod('/to', `must not be before ${from}`);
  if (days > MAX_DAYS) throw refusePeriod('/to', `must be within ${MAX_DAYS} days of ${from}`);
  const ids = accounts.map(({ accountId }) => accountId);
  const rates = await selectRatesFor(db, platformId, ids);
  const balances = await readDailyBalances(db, platformId, { accounts: ids, from, to });
  return accounts.map((account) => {
    const runs = balances.get(account.accountId) ?? [];
    return { account, from, to, accrued: accrue(runs, ratesOf(account, rates)) };
  });
}
