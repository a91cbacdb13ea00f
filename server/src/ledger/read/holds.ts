import { sql } from 'kysely';
import type { Db } from '../../db/database.ts';
import type { AccountId } from '../core/account.ts';
import type { HoldEventKind } from '../core/outcome.ts';

/** A hold as it is now. Minor units. */
export interface HoldRow {
  readonly holdId: bigint;
  readonly account: AccountId;
  readonly amount: bigint;
  readonly remaining: bigint;
  readonly owner: string | null;
  readonly reason: string;
  readonly expiresAt: Date | null;
}

/** One thing that happened to a hold. A capture's transfer has the same number. */
export interface HoldEventRow {
  readonly moveId: bigint;
  readonly kind: HoldEventKind;
  readonly amount: bigint;
  readonly remaining: bigint;
  readonly businessDate: string;
}

const COLUMNS = sql`hold_id as "holdId", account_id as account, amount, remaining, owner, reason,
  expires_at as "expiresAt"`;

/** What happened to a hold, in order. At most `limit` events. */
export async function readHoldEvents(
  db: Db,
  platformId: bigint,
  { holdId, limit }: { holdId: bigint; limit: number },
): Promise<readonly HoldEventRow[]> {
  const { rows } = await sql<HoldEventRow>`
    select move_id as "moveId", kind, amount, remaining, business_date as "businessDate" from hold_event
     where platform_id = ${platformId} and hold_id = ${holdId} order by move_id limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** Holds by number, newest first, below `before`; of one account or all; optionally with money left only. */
export async function listHolds(
  db: Db,
  platformId: bigint,
  filter: {
    account?: AccountId | undefined;
    before?: bigint | undefined;
    activeOnly: boolean;
    limit: number;
  },
): Promise<readonly HoldRow[]> {
  const { account, before, activeOnly, limit } = filter;
  const { rows } = await sql<HoldRow>`
    select ${COLUMNS} from hold
     where platform_id = ${platformId}
       ${account === undefined ? sql`` : sql`and account_id = ${account}`}
       ${before === undefined ? sql`` : sql`and hold_id < ${before}`}
       ${activeOnly ? sql`and remaining > 0` : sql``}
     order by hold_id desc limit ${limit}`.execute(db);
  return rows;
}
