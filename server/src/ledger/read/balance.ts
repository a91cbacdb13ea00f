import { sql } from 'kysely';
import type { Db } from '../../db/database.ts';
import type { BusinessDate } from '../../kernel/business-date.ts';
import { moveIdAt } from '../../kernel/id.ts';
import { type AccountId, type AccountState, accountState, type Balances } from '../core/account.ts';

/** An account as it is now. Minor units of its currency. */
export interface AccountNow extends Balances {
  readonly accountId: AccountId;
  readonly currency: string;
  readonly guarded: boolean;
  readonly state: AccountState;
  readonly overdraftLimit: bigint;
  /** What orders keep of it: see `leavable`. */
  readonly frozen: bigint;
  readonly lastMoveId: bigint;
}

/**
 * What accounts have now; ids that do not exist are left out. An internal account's balance is what is folded
 * plus what is not yet, read in one statement, so it is exact at any moment.
 */
export async function readAccounts(
  db: Db,
  platformId: bigint,
  ids: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, AccountNow>> {
  const { rows } = await sql<Omit<AccountNow, 'state'> & { state: string }>`
    select a.account_id as "accountId", a.currency, a.guarded, a.state, a.held,
           a.overdraft_limit as "overdraftLimit", a.frozen, a.last_move_id as "lastMoveId",
           a.balance + case when a.guarded then 0 else coalesce((
             select sum(d.delta) from account_delta d
              where d.platform_id = ${platformId} and d.account_id = a.account_id), 0)::bigint end as balance
      from account a
     where a.platform_id = ${platformId} and a.account_id = any (${[...ids]}::bigint[])`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.accountId, { ...row, state: accountState(row.state) }]));
}

/** Past moments are bounds on the numbers of moves: everything below the bound had happened. */
export type MoveBound = bigint;

/** The bound for "up to and including this millisecond", by the time of booking. */
export function boundAtInstant(instant: Date): MoveBound {
  return moveIdAt(new Date(instant.getTime() + 1));
}

/**
 * The bound for "up to the end of this business date". Undefined when that date is not over: everything so
 * far belongs to it or to a date before it.
 */
export async function boundAfterDate(
  db: Db,
  platformId: bigint,
  date: BusinessDate,
): Promise<MoveBound | undefined> {
  const next = await db
    .selectFrom('business_day')
    .select('first_move_id')
    .where('platform_id', '=', platformId)
    .where('business_date', '>', date)
    .orderBy('business_date')
    .limit(1)
    .executeTakeFirst();
  return next?.first_move_id;
}

/**
 * What an account had when every move below `bound` had happened, and none from it on. A guarded account's is
 * kept with its last posting; an internal account's is the sum of its postings until then.
 */
export async function readBalanceAt(
  db: Db,
  platformId: bigint,
  { account, bound }: { account: Pick<AccountNow, 'accountId' | 'guarded'>; bound: MoveBound },
): Promise<Balances> {
  const { accountId, guarded } = account;
  const { rows } = guarded
    ? await guardedAt(platformId, accountId, bound).execute(db)
    : await internalAt(platformId, accountId, bound).execute(db);
  return rows[0] ?? { balance: 0n, held: 0n };
}

const guardedAt = (platformId: bigint, id: AccountId, bound: MoveBound) => sql<Balances>`
  select balance, held from (
    (select transfer_id as move_id, debit_balance as balance, debit_held as held from transfer
      where platform_id = ${platformId} and debit_account_id = ${id} and transfer_id < ${bound}
      order by transfer_id desc limit 1)
    union all
    (select transfer_id, credit_balance, credit_held from transfer
      where platform_id = ${platformId} and credit_account_id = ${id} and transfer_id < ${bound}
      order by transfer_id desc limit 1)
    union all
    (select move_id, balance, held from hold_event
      where platform_id = ${platformId} and account_id = ${id} and move_id < ${bound}
      order by move_id desc limit 1)
  ) last order by move_id desc limit 1`;

const internalAt = (platformId: bigint, id: AccountId, bound: MoveBound) => sql<Balances>`
  select (coalesce((select sum(amount) from transfer
            where platform_id = ${platformId} and credit_account_id = ${id} and transfer_id < ${bound}), 0)
        - coalesce((select sum(amount) from transfer
            where platform_id = ${platformId} and debit_account_id = ${id} and transfer_id < ${bound}), 0)
         )::bigint as balance, 0::bigint as held`;
