import { sql } from 'kysely';
import type { Db } from '../../db/database.ts';
import type { AccountId } from '../core/account.ts';

/** A transfer as it is kept. Amounts in minor units; a balance is null for an internal side. */
export interface TransferRow {
  readonly transferId: bigint;
  readonly debit: AccountId;
  readonly credit: AccountId;
  readonly amount: bigint;
  readonly debitBalance: bigint | null;
  readonly debitHeld: bigint | null;
  readonly creditBalance: bigint | null;
  readonly creditHeld: bigint | null;
  readonly reversesId: bigint | null;
  readonly reversedById: bigint | null;
  readonly businessDate: string;
  readonly code: string;
  readonly reference: string | null;
  readonly memo: string | null;
}

const COLUMNS = sql`
  t.transfer_id as "transferId", t.debit_account_id as debit, t.credit_account_id as credit, t.amount,
  t.debit_balance as "debitBalance", t.debit_held as "debitHeld",
  t.credit_balance as "creditBalance", t.credit_held as "creditHeld",
  t.reverses_id as "reversesId", t.business_date as "businessDate", t.code, t.reference, t.memo,
  (select r.transfer_id from transfer r
    where r.platform_id = t.platform_id and r.reverses_id = t.transfer_id) as "reversedById"`;

/** One transfer; undefined when the platform has none of that number. */
export async function readTransfer(
  db: Db,
  platformId: bigint,
  transferId: bigint,
): Promise<TransferRow | undefined> {
  const { rows } = await sql<TransferRow>`
    select ${COLUMNS} from transfer t
     where t.platform_id = ${platformId} and t.transfer_id = ${transferId}`.execute(db);
  return rows[0];
}

/** Which transfers to list: of one account or of all, within [from, to) of the numbers, in either order. */
export interface TransferFilter {
  readonly account?: AccountId | undefined;
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

const LOWEST = 0n;
const HIGHEST = 9_223_372_036_854_775_807n;

/**
 * Lists transfers by number, which is by time of booking. An account's two sides are read from their own
 * indexes and merged, so that a page costs what it shows, however long the account's history is.
 */
export async function listTransfers(
  db: Db,
  platformId: bigint,
  { account, from = LOWEST, to = HIGHEST, order, limit }: TransferFilter,
): Promise<readonly TransferRow[]> {
  const direction = sql.raw(order);
  const side = (column: string) => sql`
    (select * from transfer
      where platform_id = ${platformId} and ${sql.ref(column)} = ${account}
        and transfer_id >= ${from} and transfer_id < ${to}
      order by transfer_id ${direction} limit ${limit})`;
  const source =
    account === undefined
      ? sql`(select * from transfer
              where platform_id = ${platformId} and transfer_id >= ${from} and transfer_id < ${to}
              order by transfer_id ${direction} limit ${limit})`
      : sql`(${side('debit_account_id')} union all ${side('credit_account_id')})`;
  const { rows } = await sql<TransferRow>`
    select ${COLUMNS} from ${source} t where t.platform_id = ${platformId}
     order by t.transfer_id ${direction} limit ${limit}`.execute(db);
  return rows;
}
