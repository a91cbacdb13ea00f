import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type AccountId, accountId, MAX_BALANCE } from '../ledger/index.ts';
import type { CourtOrder, FreezeRow, Lift } from './judicial-freeze.ts';

/** Which freezes to read. `before`: below this UUID. */
export interface FreezeFilter {
  readonly uuid?: string | undefined;
  readonly account?: AccountId | undefined;
  readonly standing?: boolean | undefined;
  readonly order?: Pick<CourtOrder, 'authority' | 'orderNumber'> | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

interface StoredRow {
  readonly uuid: string;
  readonly accountId: bigint;
  readonly authority: string;
  readonly orderNumber: string;
  readonly amount: bigint | null;
  readonly reason: string;
  readonly placedAt: Date;
  readonly placedBy: string;
  readonly liftAuthority: string | null;
  readonly liftOrderNumber: string | null;
  readonly liftReason: string | null;
  readonly liftRequestId: string | null;
  readonly liftedAt: Date | null;
  readonly liftedBy: string | null;
  readonly earlier: string;
}

/** Freezes, newest first. */
export async function selectFreezes(
  db: Db,
  platformId: bigint,
  filter: FreezeFilter,
): Promise<readonly FreezeRow[]> {
  const { uuid, account, standing, order, before, limit } = filter;
  const only = (condition: RawBuilder<unknown>, given: unknown) =>
    given === undefined ? sql`` : condition;
  const { rows } = await sql<StoredRow>`
    select f.freeze_id as uuid, f.account_id as "accountId", f.authority, f.order_number as "orderNumber", f.amount,
           f.reason, f.placed_at as "placedAt", f.placed_by as "placedBy", f.lift_authority as "liftAuthority",
           f.lift_order_number as "liftOrderNumber", f.lift_reason as "liftReason",
           f.lift_request_id as "liftRequestId", f.lifted_at as "liftedAt", f.lifted_by as "liftedBy",
           (select coalesce(sum(coalesce(e.amount, ${MAX_BALANCE})), 0)::text from judicial_freeze e
             where e.platform_id = ${platformId} and e.account_id = f.account_id and e.lifted_at is null
               and e.freeze_id < f.freeze_id) as earlier
      from judicial_freeze f
     where f.platform_id = ${platformId}
       ${only(sql`and f.freeze_id = ${uuid}`, uuid)}
       ${only(sql`and f.account_id = ${account}`, account)}
       ${only(sql`and (f.lifted_at is null) = ${standing}`, standing)}
       ${only(sql`and f.authority = ${order?.authority} and f.order_number = ${order?.orderNumber}`, order)}
       ${only(sql`and f.freeze_id < ${before}`, before)}
     order by f.freeze_id desc limit ${limit}`.execute(db);
  return rows.map(toFreeze);
}

function toFreeze(row: StoredRow): FreezeRow {
  const { uuid, authority, orderNumber, reason, amount, placedAt, placedBy } = row;
  return {
    ...{ uuid, authority, orderNumber, reason, amount, placedAt, placedBy },
    ...{ accountId: accountId(row.accountId), earlier: BigInt(row.earlier), lift: liftOf(row) },
  };
}

function liftOf(row: StoredRow): FreezeRow['lift'] {
  const { liftAuthority: authority, liftOrderNumber: orderNumber, liftReason: reason } = row;
  const { liftedAt: at, liftedBy: by, liftRequestId: requestId } = row;
  if (!authority || !orderNumber || !reason || !at || !by || !requestId) return null;
  return { authority, orderNumber, reason, at, by, requestId };
}

/** What the orders that stand keep of an account together. */
export async function sumStanding(db: Db, platformId: bigint, id: AccountId): Promise<bigint> {
  const { rows } = await sql<{ sum: string }>`
    select coalesce(sum(coalesce(amount, ${MAX_BALANCE})), 0)::text as sum from judicial_freeze
     where platform_id = ${platformId} and account_id = ${id} and lifted_at is null`.execute(db);
  return BigInt(rows[0]?.sum ?? 0);
}

/** Writes an order down. Breaks a unique key when the same order is on the account already. */
export async function insertFreeze(
  tx: Db,
  platformId: bigint,
  row: Omit<FreezeRow, 'lift' | 'earlier'>,
): Promise<void> {
  await tx
    .insertInto('judicial_freeze')
    .values({
      ...{ platform_id: platformId, freeze_id: row.uuid, account_id: row.accountId },
      ...{ authority: row.authority, order_number: row.orderNumber, amount: row.amount },
      ...{ reason: row.reason, placed_at: row.placedAt, placed_by: row.placedBy },
    })
    .execute();
}

/** Notes by which order a freeze was lifted. False when it was lifted before. */
export async function updateLifted(
  tx: Db,
  platformId: bigint,
  uuid: string,
  lift: CourtOrder & Lift,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('judicial_freeze')
    .set({
      ...{ lift_authority: lift.authority, lift_order_number: lift.orderNumber },
      ...{ lift_reason: lift.reason, lift_request_id: lift.requestId },
      ...{ lifted_at: lift.at, lifted_by: lift.by },
    })
    .where('platform_id', '=', platformId)
    .where('freeze_id', '=', uuid)
    .where('lifted_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
