import type pg from 'pg';
import { type Database, isUnavailable } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { databaseUnavailable } from '../ledger/index.ts';

/** Gives `work` a connection of its own; after an error it is not used again. */
export async function inSession<T>(
  sessions: Database['sessions'],
  work: (session: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const session = await connect(sessions);
  try {
    const result = await work(session);
    session.release();
    return result;
  } catch (error) {
    session.release(true);
    throw error;
  }
}

/** Throws `database_unavailable`: without a connection nothing was done, whatever the reason. */
async function connect(sessions: Database['sessions']): Promise<pg.PoolClient> {
  try {
    return await sessions.connect();
  } catch (cause) {
    if (!isUnavailable(cause)) throw cause;
    throw new AppError(databaseUnavailable, { retryAfterSeconds: 1 }, { cause });
  }
}
