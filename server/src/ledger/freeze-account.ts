import { sql } from 'kysely';
import { type Db, inTransaction } from '../db/database.ts';
import { type AccountId, type AccountState, accountState, MAX_BALANCE } from './core/account.ts';
import { lockLane } from './day.ts';

/** What an account stands at while its lane is locked. */
interface Standing {
  readonly state: AccountState;
  readonly balance: bigint;
}

/**
 * Says anew what orders keep of a guarded account (司法冻结), in minor units: from the commit on no move takes its
 * balance below that. `decide` runs under the lane's lock, so that no batch, on whichever server, comes between what
 * it reads and what is written; what it writes itself commits with it. Beyond 2^53 − 1 is taken for that: nothing
 * leaves. On a transaction it joins that one.
 */
export async function freezeAccount(
  db: Db,
  platformId: bigint,
  id: AccountId,
  decide: (tx: Db, now: Standing) => Promise<bigint>,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    await lockLane(tx, platformId);
    const { state, balance } = await tx
      .selectFrom('account')
      .select(['state', 'balance'])
      .where('platform_id', '=', platformId)
      .where('account_id', '=', id)
      .where('guarded', '=', true)
      .executeTakeFirstOrThrow();
    const wanted = await decide(tx, { state: accountState(state), balance });
    await sql`update account set frozen = least(${wanted}::numeric, ${MAX_BALANCE})
               where platform_id = ${platformId} and account_id = ${id}`.execute(tx);
  });
}
