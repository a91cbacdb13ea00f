import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { errorCode } from '../kernel/error-code.ts';
import { connectionTo, lookAt } from './connection.ts';
import { isLostConnection, openPool } from './lost-connections.ts';
import type { DB } from './tables.ts';

/** The database as the modules use it: typed statements for most, raw connections for batches. */
export interface Database {
  /** Ordinary reads and writes. */
  readonly db: Db;
  /** Connections for ledger batches: pipelined, so that the statements of a phase share a round trip. */
  readonly batches: pg.Pool;
  /** A few patient connections for long work of its own: COPY, and locks that a session holds. */
  readonly sessions: pg.Pool;
  /** Ends all connections, after the statements under way. */
  close(): Promise<void>;
}
/** A place to run typed statements: the pool, or a transaction on it. */
export type Db = Kysely<DB>;

/** Runs work in a transaction: the one that it is given, or one of its own. */
export async function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}

/** Limits on what one connection may do, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** PostgreSQL ends a statement that takes too long. One that is silent for longer than that is not there. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 3_000;
const LOCK_TIMEOUT_MS = 5_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
/** A statement of a session may be the upload of a large file. */
const SESSION_STATEMENT_TIMEOUT_MS = 3_600_000;
const CONNECT_TIMEOUT_MS = 3_000;
const IDLE_CONNECTION_MS = 60_000;

/**
 * The statements of a batch find every row by its key, and keep that plan whatever the statistics say: a table
 * that was filled a moment ago has none yet, and reading it whole for each group would take minutes.
 */
const BATCH_PLANS = {
  plan_cache_mode: 'force_generic_plan',
  ...{ enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off', jit: 'off' },
};

/** The role that the server works as: it may add to the record, not change it (0005_grants.sql). */
const APP_ROLE = 'guanjia_app';

const OID = { int8: 20, date: 1082, numeric: 1700 } as const;

/** int8 as bigint and date as text: neither may lose anything on the way. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (oid === OID.int8) return BigInt;
    if (oid === OID.date || oid === OID.numeric) return (text: string) => text;
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

export interface DatabaseOptions {
  readonly url: string;
  readonly connections?: number;
  readonly batchConnections?: number;
  readonly sessionConnections?: number;
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  readonly onError?: (error: Error) => void;
  /** How long an answer is waited for, in milliseconds, before the database counts as away; 0: as long as it takes. */
  readonly answerTimeoutMs?: number;
  /** Work as the owner of the tables instead of the server's restricted role: for tests that tamper. */
  readonly asOwner?: boolean;
}

/**
 * Opens the pools. Connects lazily, except for one look at whether the server's role exists and how long a commit
 * waits. Throws UnfitDatabase where settings of a connection do not hold.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, connections = 10, batchConnections = 8, sessionConnections = 6 } = options;
  const { onError = () => {}, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options;
  const settings = {
    ...(options.asOwner ? {} : await serverSettings(url)),
    lock_timeout: String(LOCK_TIMEOUT_MS),
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_TIMEOUT_MS),
  };
  const shared: pg.PoolConfig = {
    ...connectionTo(url, settings),
    types,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    application_name: 'guanjia',
    keepAlive: true,
  };
  const pool = openPool({ ...shared, max: connections }, { answerTimeoutMs });
  const batches = openPool(
    {
      ...{ ...shared, ...connectionTo(url, { ...settings, ...BATCH_PLANS }) },
      ...{ max: batchConnections, pipeline: true },
    },
    { answerTimeoutMs },
  );
  const sessions = openPool({
    ...{ ...shared, statement_timeout: SESSION_STATEMENT_TIMEOUT_MS },
    max: sessionConnections,
  });
  for (const each of [pool, batches, sessions]) each.on('error', onError);
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    batches,
    sessions,
    close: async () => {
      await Promise.all([db.destroy(), batches.end(), sessions.end()]);
    },
  };
}

async function serverSettings(url: string): Promise<Record<string, string>> {
  const look = { role: APP_ROLE, timeoutMs: CONNECT_TIMEOUT_MS };
  const { hasRole, synchronousCommit } = await lookAt(url, look);
  return { synchronous_commit: synchronousCommit, ...(hasRole ? { role: APP_ROLE } : {}) };
}

/** True for an error that says the database is not there now: nothing is wrong with the request. */
export function isUnavailable(error: unknown): boolean {
  const code = errorCode(error);
  if (code === undefined) return isLostConnection(error);
  return (
    /^(08|57P0|53[0-3]|3D000|25P03|25006)/.test(code) ||
    /^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)/.test(code)
  );
}

/** True for a write that was refused because the database takes none now: a standby, or a setting. It did nothing. */
export function isReadOnly(error: unknown): boolean {
  return errorCode(error) === '25006';
}

/** True when PostgreSQL does not let this role in, or not with this password (SQLSTATE class 28). */
export function isLoginRefused(error: unknown): boolean {
  return /^28/.test(errorCode(error) ?? '');
}

/** True for an error after which the same transaction may succeed: deadlock, serialization, time-outs. */
export function isTransient(error: unknown): boolean {
  return ['40P01', '40001', '55P03', '57014'].includes(errorCode(error) ?? '');
}

/** True when a document was no longer as its writer must find it (`expect_count` in 0002_ledger.sql). */
export function isDocumentConflict(error: unknown): boolean {
  return errorCode(error) === 'GJ001';
}

/** True when a batch was decided on accounts that somebody changed meanwhile (0006_lane_version.sql). */
export function isOutdated(error: unknown): boolean {
  return errorCode(error) === 'GJ002';
}

/**
 * Classes of SQLSTATE (PostgreSQL, appendix A) whose messages speak of tables, constraints, statements and the server,
 * and are what an operator needs; of ours (GJ) as well. Values of rows stand in the details of such errors. Those
 * about data (class 22) have them in the message itself: `invalid input syntax for type uuid: "…"`. Whatever is not
 * known here may have.
 */
const WITHOUT_VALUES = /^(?:08|0A|23|25|26|28|3D|3F|40|42|53|54|55|57|58|GJ|XX)/;

/** What a database error says in a log: its message, or its code alone where the message may hold what people sent. */
export function messageWithoutValues(error: Error): string {
  if (!(error instanceof pg.DatabaseError)) return error.message;
  const code = error.code ?? '';
  return WITHOUT_VALUES.test(code) ? error.message : `an error of the database, SQLSTATE ${code}`;
}

/** The constraint that a unique violation (23505) broke; undefined for any other error. */
export function brokenUnique(error: unknown): string | undefined {
  if (errorCode(error) !== '23505' || !(error instanceof pg.DatabaseError)) return undefined;
  return error.constraint;
}
