import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ledger } from './ledger.ts';

/** Holds released by one sweep; the next one takes the rest. */
const HOLDS_PER_SWEEP = 1000;

/**
 * Releases what remains of holds that have expired, and says how many. What is owed is found in the table,
 * so a lost sweep only delays; the request id is the hold's, so a sweep that runs twice releases once.
 */
export async function expireHolds(
  { db, ledger, clock }: { db: Db; ledger: Ledger; clock: Clock },
  platformId: bigint,
): Promise<number> {
  const due = await db
    .selectFrom('hold')
    .select(['hold_id', 'owner', 'remaining'])
    .where('platform_id', '=', platformId)
    .where('remaining', '>', 0n)
    .where('expires_at', '<=', clock.now())
    .orderBy('expires_at')
    .limit(HOLDS_PER_SWEEP)
    .execute();
  const answers = await Promise.allSettled(
    due.map(({ hold_id: hold, owner }) =>
      ledger.submit({
        platformId,
        requestId: `hold/${hold}/expire`,
        moves: [{ kind: 'release', hold, owner: owner ?? undefined, expired: true }],
      }),
    ),
  );
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed) throw failed.reason;
  return answers.filter((answer) => answer.status === 'fulfilled' && answer.value.accepted).length;
}
