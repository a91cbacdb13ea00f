import pg from 'pg';
import type { Database } from '../../db/database.ts';

/** SQLSTATEs with which PostgreSQL ends a connection: shutdown, time-outs of the session, too many of them. */
const ENDS_CONNECTION = /^(08|57P0|25P0[34]|53300)/;

/** One prepared statement with its values; `name` is fixed per text, so that it is planned once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** An expression over the rows that it returns, which fails when they are not as they must be. */
  readonly expected?: string;
}

/**
 * The transaction of a batch could not be finished. `commitSent`: it may have been committed all the same,
 * because the connection broke before PostgreSQL's answer came.
 */
export class BatchFailure extends Error {
  readonly commitSent: boolean;

  constructor(cause: unknown, commitSent: boolean) {
    super('the batch was not committed', { cause });
    this.commitSent = commitSent;
  }
}

/** Sends a statement without waiting for the one before it; gives its rows. */
export type Send = (statement: Statement) => Promise<unknown[][]>;

/** A transaction on a pipelined connection. */
export interface BatchTransaction {
  readonly send: Send;
  /**
   * Commits after the given statements, all in one round trip. Throws BatchFailure with the first error.
   * A failed transaction answers COMMIT with the tag ROLLBACK and no error, so the tag is looked at.
   */
  commit(pending: readonly Promise<unknown>[]): Promise<void>;
  rollback(): Promise<void>;
}

/** Takes a pipelined connection. Throws BatchFailure when there is none to be had. */
export async function takeConnection(pool: Database['batches']): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw new BatchFailure(error, false);
  }
}

/**
 * Gives a connection back after these failures, or after none. It is used again after plain refusals of
 * PostgreSQL, once the transaction is over; after anything else it is ended.
 */
export async function giveBack(
  client: pg.PoolClient,
  failures: readonly BatchFailure[],
): Promise<void> {
  const broken = failures.find(({ cause }) => !isRefusedByServer(cause));
  if (broken) return client.release(broken);
  try {
    if (failures.length > 0) await client.query('rollback');
    client.release();
  } catch (error) {
    client.release(asBatchFailure(error));
  }
}

/** What was thrown, as a BatchFailure: nothing was committed unless it says otherwise. */
export function asBatchFailure(error: unknown): BatchFailure {
  return error instanceof BatchFailure ? error : new BatchFailure(error, false);
}

/**
 * Sends what `work` sends in one go. Each statement by itself would be a write of its own to the socket, and
 * each write wakes PostgreSQL: for a small batch that costs more than the statements do.
 */
export function together<T>(client: pg.PoolClient, work: () => T): T {
  const { stream } = client.connection;
  stream.cork();
  try {
    return work();
  } finally {
    stream.uncork();
  }
}

/** Sends statements on this connection, each in a transaction of its own unless one was begun. */
export function sender(client: pg.PoolClient): Send {
  return async ({ name, text, values }) => {
    const query = { name, text, values: [...values], rowMode: 'array' as const };
    const { rows } = await client.query<unknown[]>(query);
    return rows;
  };
}

/**
 * Runs statements as one transaction, in one round trip. A single one needs no BEGIN and COMMIT: it commits
 * by itself, and the driver answers when PostgreSQL is ready for the next, which is after that commit. Throws
 * BatchFailure when they were not committed, or may not have been.
 */
export async function commitAll(
  client: pg.PoolClient,
  statements: readonly Statement[],
): Promise<void> {
  const [only, ...others] = statements;
  if (others.length > 0) {
    const tx = begin(client);
    return tx.commit(statements.map(tx.send));
  }
  try {
    if (only) await sender(client)(only);
  } catch (error) {
    throw new BatchFailure(error, !isRefusedByServer(error));
  }
}

/**
 * Begins a transaction; statements may be sent behind the commit of the one before it. A snapshot sees the
 * world as it is at its first statement, and may not write.
 */
export function begin(client: pg.PoolClient, kind?: 'snapshot'): BatchTransaction {
  const begun = client.query(
    kind === 'snapshot' ? 'begin isolation level repeatable read, read only' : 'begin',
  );
  // Its failure shows in the statement after it; unobserved it would end the process.
  begun.catch(() => {});
  const commit = async (pending: readonly Promise<unknown>[]): Promise<void> => {
    const committed = client.query('commit');
    const results = await Promise.allSettled([begun, ...pending, committed]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw new BatchFailure(failed.reason, mayHaveCommitted(results));
    const { command } = await committed;
    if (command !== 'COMMIT')
      throw new BatchFailure(new Error(`commit answered ${command}`), false);
  };
  const rollback = async () => {
    await client.query('rollback');
  };
  return { send: sender(client), commit, rollback };
}

/** Only when everything before it went well can a commit without an answer have been done. */
function mayHaveCommitted(results: readonly PromiseSettledResult<unknown>[]): boolean {
  return !results.some(
    (result) => result.status === 'rejected' && isRefusedByServer(result.reason),
  );
}

/**
 * True for what PostgreSQL refused while the connection stays: by its code, because the word for its severity
 * is in the language of the server.
 */
function isRefusedByServer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !ENDS_CONNECTION.test(error.code ?? '');
}
