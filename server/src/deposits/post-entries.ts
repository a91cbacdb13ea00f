import type pg from 'pg';
import { booleanAt } from '../db/row.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { type PostedNow, postWaiting } from './post-waiting.ts';
import { rowsOf } from './record-store.ts';
import { BEFORE_ALL, nextWaitingImport } from './waiting-entries.ts';

/** What one run of the poster did. */
export interface Posted extends PostedNow {
  /** False when another poster was at work, and this one left it to it. */
  readonly ran: boolean;
}

/**
 * Posts the entries of a platform that are recorded and not yet posted: to members, to suspense, or as debits.
 * One poster works at a time, in whatever process; another one waits for it or leaves the work to it. After a
 * crash at any point the next run goes on: an entry is posted once. One that the ledger takes nowhere now stays
 * recorded, and the next run tries it again.
 *
 * Throws AppError: `busy`, `database_unavailable`, `outcome_unknown`; what was posted until then is posted.
 */
export async function postEntries(
  deps: DepositDeps,
  platformId: bigint,
  options: { onProgress?: (posted: number) => void; waitForOther?: boolean } = {},
): Promise<Posted> {
  const { onProgress, waitForOther = false } = options;
  const session = await deps.sessions.connect();
  let failed = true;
  try {
    const isMine = await takePosterLock(session, platformId, waitForOther);
    const none: PostedNow = { posted: 0, notPosted: new Map() };
    const done = isMine ? await postWaiting({ deps, platformId, session, onProgress }) : none;
    if (isMine) await rowsOf(session, 'select pg_advisory_unlock_all()');
    failed = false;
    return { ...done, ran: isMine };
  } finally {
    // A connection that is closed gives up its lock.
    session.release(failed);
  }
}

/** Says whether anything waits to be posted: for the sweep, which is cheap when nothing does. */
export async function hasWaitingEntries(
  { sessions }: Pick<DepositDeps, 'sessions'>,
  platformId: bigint,
): Promise<boolean> {
  return (await nextWaitingImport(sessions, platformId, BEFORE_ALL)) !== undefined;
}

async function takePosterLock(
  session: pg.PoolClient,
  platformId: bigint,
  wait: boolean,
): Promise<boolean> {
  const key = [`deposits/post/${platformId}`];
  const [row] = await rowsOf(session, 'select pg_try_advisory_lock(hashtextextended($1, 0))', key);
  if (row && booleanAt(row, 0)) return true;
  if (!wait) return false;
  await session.query('set lock_timeout = 0');
  await rowsOf(session, 'select pg_advisory_lock(hashtextextended($1, 0))', key);
  await session.query('reset lock_timeout');
  return true;
}
