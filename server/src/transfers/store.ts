import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type AccountId, accountId } from '../ledger/index.ts';

/** What never changes about a hold, and what had happened to it before a move. Minor units. */
export interface HoldState {
  readonly holdId: bigint;
  readonly account: AccountId;
  readonly amount: bigint;
  readonly owner: string | null;
  readonly reason: string;
  readonly expiresAt: Date | null;
  /** Of the day on which it was placed. */
  readonly businessDate: string;
  /** Given back, by a release or because it expired. */
  readonly released: bigint;
  readonly captured: bigint;
}

/**
 * Holds as they were before a move each, in the order asked; undefined for one that does not exist. Numbers of
 * moves rise along an account and events are never changed, so the answer is the same whenever it is asked.
 */
export async function selectHoldStates(
  db: Db,
  platformId: bigint,
  asked: readonly { readonly holdId: bigint; readonly before: bigint }[],
): Promise<readonly (HoldState | undefined)[]> {
  if (asked.length === 0) return [];
  const { rows } = await sql<Omit<HoldState, 'account'> & { position: bigint; account: bigint }>`
    select r.position, h.hold_id as "holdId", h.account_id as account, h.amount, h.owner, h.reason,
           h.expires_at as "expiresAt", p.business_date as "businessDate",
           coalesce(e.released, 0)::bigint as released, coalesce(e.captured, 0)::bigint as captured
      from unnest(${asked.map(({ holdId }) => holdId)}::bigint[],
                  ${asked.map(({ before }) => before)}::bigint[]) with ordinality r (hold_id, before, position)
      join hold h on h.platform_id = ${platformId} and h.hold_id = r.hold_id
      join hold_event p on p.platform_id = ${platformId} and p.move_id = h.hold_id
      cross join lateral (
        select sum(amount) filter (where kind in ('released', 'expired')) as released,
               sum(amount) filter (where kind = 'captured') as captured
          from hold_event
         where platform_id = ${platformId} and hold_id = h.hold_id and move_id < r.before) e`.execute(
    db,
  );
  const states = rows.map(({ position, account, ...row }) => ({
    position,
    state: { ...row, account: accountId(account) },
  }));
  const byPosition = new Map(states.map(({ position, state }) => [position, state]));
  return asked.map((_, i) => byPosition.get(BigInt(i + 1)));
}

/** How many transfers, and how much, on one side of an account. */
export interface SideTotal {
  readonly count: number;
  readonly sum: bigint;
}

/** What an account was credited and debited with, from one number of a move up to another, not included. */
export async function selectTotals(
  db: Db,
  platformId: bigint,
  { account, from, to }: { account: AccountId; from: bigint; to: bigint },
): Promise<{ readonly credits: SideTotal; readonly debits: SideTotal }> {
  const total = async (column: 'credit_account_id' | 'debit_account_id') => {
    const row = await db
      .selectFrom('transfer')
      .select(({ fn }) => [
        fn.countAll<bigint>().as('count'),
        sql<bigint>`coalesce(sum(amount), 0)::bigint`.as('sum'),
      ])
      .where('platform_id', '=', platformId)
      .where(column, '=', account)
      .where('transfer_id', '>=', from)
      .where('transfer_id', '<', to)
      .executeTakeFirstOrThrow();
    return { count: Number(row.count), sum: row.sum };
  };
  const [credits, debits] = await Promise.all([
    total('credit_account_id'),
    total('debit_account_id'),
  ]);
  return { credits, debits };
}
