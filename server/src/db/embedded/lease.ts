import pg from 'pg';
import { errorCode } from '../../kernel/error-code.ts';

/** Any number will do, as long as every process of the product uses the same. */
const LEASE_KEY = 0x67_6a_64_62;
const CONNECT_TIMEOUT_MS = 10_000;

/** Where and as whom to reach a PostgreSQL of ours. */
export interface Address {
  readonly port: number;
  readonly password: string;
}

/**
 * This process's share in a running PostgreSQL: one connection that holds a shared advisory lock. The
 * system closes the connection of a process that is killed, so a dead user is never counted, and nothing
 * has to be cleaned up. Losing the connection is also how we notice that PostgreSQL went away.
 */
export interface Lease {
  /** Calls back once when the connection is lost, at once if it is lost already. */
  onLost(callback: () => void): void;
  /**
   * Gives the share back. True when it was the last: then nobody can take a share any more, and the
   * caller must stop PostgreSQL. Of two that leave at once exactly one is the last.
   */
  giveBack(): Promise<boolean>;
  /** Runs statements as the superuser, in the database `postgres`. */
  readonly client: pg.Client;
  /** Closes the connection. */
  close(): Promise<void>;
}

/** Taken, or why not: `away` is worth another try, `refused` (a wrong password) is not. */
export type LeaseAnswer =
  | { readonly lease: Lease }
  | { readonly away: string }
  | { readonly refused: string };

/** Tries to take a share in the PostgreSQL at that address. Never throws. */
export async function takeLease(address: Address, folder: string): Promise<LeaseAnswer> {
  const client = new pg.Client({
    host: '127.0.0.1',
    user: 'postgres',
    database: 'postgres',
    application_name: 'guanjia lease',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    ...address,
  });
  let lost = false;
  const callbacks: (() => void)[] = [];
  const lose = () => {
    lost = true;
    for (const callback of callbacks.splice(0)) callback();
  };
  client.on('error', lose);
  client.on('end', lose);
  try {
    await client.connect();
    const { rows } = await client.query<{ directory: string; taken: boolean }>(
      `select current_setting('data_directory') as directory, pg_try_advisory_lock_shared($1) as taken`,
      [LEASE_KEY],
    );
    if (rows[0]?.directory !== folder) return await refuse(client, { away: 'another PostgreSQL' });
    if (!rows[0].taken) return await refuse(client, { away: 'its last user is stopping it' });
  } catch (error) {
    const code = errorCode(error) ?? 'unknown';
    const wrong = code === '28P01' || code === '28000';
    return refuse(client, wrong ? { refused: code } : { away: code });
  }
  const onLost = (callback: () => void) => {
    if (lost) callback();
    else callbacks.push(callback);
  };
  return { lease: { client, onLost, giveBack: () => isLast(client), close: () => close(client) } };
}

async function isLast(client: pg.Client): Promise<boolean> {
  // Two statements: in one, the order in which the two are done would be the planner's.
  await client.query('select pg_advisory_unlock_shared($1)', [LEASE_KEY]);
  const sql = 'select pg_try_advisory_lock($1) as alone';
  const { rows } = await client.query<{ alone: boolean }>(sql, [LEASE_KEY]);
  return rows[0]?.alone === true;
}

async function refuse<T>(client: pg.Client, answer: T): Promise<T> {
  await close(client);
  return answer;
}

async function close(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined); // what is broken is closed
}
