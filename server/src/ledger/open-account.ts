import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { Currency } from '../kernel/currency.ts';
import { type AccountId, accountId } from './core/account.ts';

/** What a ledger account is opened with. What it is for, its currency and its main account never change. */
export interface NewAccount {
  readonly mainAccountId: bigint;
  /** What the account is for; the general ledger gives it its subject by this. */
  readonly purpose: string;
  readonly guarded: boolean;
  readonly currency: Currency;
  /** How far `available` may go below zero, in minor units. */
  readonly overdraftLimit?: bigint;
}

/**
 * Opens a ledger account, empty, and gives its id: the next one of the platform. `tx` is a transaction: two
 * openings at once queue up on the platform's row until it ends, so that ids have no gaps.
 */
export async function openAccount(
  tx: Db,
  platformId: bigint,
  { account, openedAt }: { account: NewAccount; openedAt: Date },
): Promise<AccountId> {
  await sql`select from platform where platform_id = ${platformId} for no key update`.execute(tx);
  const { rows } = await sql<{ accountId: bigint }>`
    insert into account (platform_id, account_id, main_account_id, purpose, guarded, currency, overdraft_limit, opened_at)
    select p.platform_id,
           (select coalesce(max(account_id), 0) + 1 from account where platform_id = ${platformId}),
           ${account.mainAccountId}::bigint, ${account.purpose}::text, ${account.guarded}::boolean,
           ${account.currency}::text, ${account.overdraftLimit ?? 0n}::bigint, ${openedAt}::timestamptz
      from platform p where p.platform_id = ${platformId}
    returning account_id as "accountId"`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error(`platform ${platformId} does not exist`);
  return accountId(row.accountId);
}
