import { sql } from 'kysely';
import type { Db } from '../../db/database.ts';

/** Deltas folded by one statement: bounds the locks that it holds. */
const DELTAS_PER_FOLD = 10_000;

/**
 * Folds what internal accounts have yet to be told into their balances, and says how many deltas that were.
 * The rows are drained by deleting them, never by remembering a position: the order of numbers is not the
 * order of commits. Two folders share the work, each skipping what the other has.
 */
export async function foldInternal(db: Db, platformId: bigint): Promise<number> {
  const { rows } = await sql<{ folded: bigint }>`
    with drained as (
      delete from account_delta d
       where d.platform_id = ${platformId} and (d.account_id, d.move_id) in (
         select account_id, move_id from account_delta
          where platform_id = ${platformId}
          order by account_id, move_id
          limit ${DELTAS_PER_FOLD} for update skip locked)
      returning d.account_id, d.move_id, d.delta
    ), summed as (
      select account_id, sum(delta)::bigint as delta, max(move_id) as move_id from drained group by account_id
    ), told as (
      update account a set balance = a.balance + s.delta, last_move_id = greatest(a.last_move_id, s.move_id)
        from summed s where a.platform_id = ${platformId} and a.account_id = s.account_id
    )
    select count(*) as folded from drained`.execute(db);
  return Number(rows[0]?.folded ?? 0n);
}
