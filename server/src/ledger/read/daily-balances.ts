import { sql } from 'kysely';
import type { Db } from '../../db/database.ts';
import {
  addDays,
  type BusinessDate,
  businessDate,
  daysBetween,
} from '../../kernel/business-date.ts';
import type { AccountId } from '../core/account.ts';
import { boundAfterDate } from './balance.ts';

/** A balance that an account had at the end of so many business dates, from the first one on. Minor units. */
export interface BalanceRun {
  readonly from: BusinessDate;
  readonly days: number;
  /** What is held is part of it. */
  readonly balance: bigint;
}

/** More than any number of a move. */
const NO_BOUND = 9_223_372_036_854_775_807n;

/**
 * What guarded accounts had at the end of each business date of a period, both dates included and over: runs without
 * a gap, by account. A date that had no business of its own ends as the one before it. Set-based.
 */
export async function readDailyBalances(
  db: Db,
  platformId: bigint,
  { accounts, from, to }: { accounts: readonly AccountId[]; from: BusinessDate; to: BusinessDate },
): Promise<ReadonlyMap<AccountId, readonly BalanceRun[]>> {
  const lower = (await boundAfterDate(db, platformId, addDays(from, -1))) ?? NO_BOUND;
  const upper = (await boundAfterDate(db, platformId, to)) ?? NO_BOUND;
  const { rows } = await sql<{ account: bigint; date: string | null; balance: bigint }>`
    with wanted as (select unnest(${[...accounts]}::bigint[]) as account_id)
    (select w.account_id as account, null::date as date, last.balance
       from wanted w cross join lateral (
         select balance from (
           (select transfer_id, debit_balance as balance from transfer
             where platform_id = ${platformId} and debit_account_id = w.account_id and transfer_id < ${lower}
             order by transfer_id desc limit 1)
           union all
           (select transfer_id, credit_balance from transfer
             where platform_id = ${platformId} and credit_account_id = w.account_id and transfer_id < ${lower}
             order by transfer_id desc limit 1)) side
          order by transfer_id desc limit 1) last)
    union all
    (select distinct on (account_id, business_date) account_id, business_date, balance
       from (select debit_account_id as account_id, business_date, transfer_id, debit_balance as balance
               from transfer join wanted on debit_account_id = account_id
              where platform_id = ${platformId} and transfer_id >= ${lower} and transfer_id < ${upper}
             union all
             select credit_account_id, business_date, transfer_id, credit_balance
               from transfer join wanted on credit_account_id = account_id
              where platform_id = ${platformId} and transfer_id >= ${lower} and transfer_id < ${upper}) posting
      order by account_id, business_date, transfer_id desc)`.execute(db);
  const byAccount = Map.groupBy(rows, ({ account }) => account);
  return new Map(accounts.map((id) => [id, runsOf(byAccount.get(id) ?? [], { from, to })]));
}

/** Balances that changed on dates, as runs: each holds until the next. */
function runsOf(
  changes: readonly { readonly date: string | null; readonly balance: bigint }[],
  { from, to }: { from: BusinessDate; to: BusinessDate },
): BalanceRun[] {
  const opening = changes.find(({ date }) => date === null)?.balance ?? 0n;
  const starts = new Map<BusinessDate, bigint>([[from, opening]]);
  for (const { date, balance } of changes.toSorted(byDate)) {
    if (date !== null) starts.set(businessDate(date), balance);
  }
  const dates = [...starts.keys()];
  return dates.map((date, i) => ({
    from: date,
    days: daysBetween(date, dates[i + 1] ?? addDays(to, 1)),
    balance: starts.get(date) ?? 0n,
  }));
}

const byDate = (
  a: { readonly date: string | null },
  b: { readonly date: string | null },
): number => ((a.date ?? '') < (b.date ?? '') ? -1 : 1);
