import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { errorCode } from '../../kernel/error-code.ts';
import { inTime } from '../../kernel/in-time.ts';
import { type Random, systemRandom } from '../../kernel/random.ts';
import {
  type Attached,
  type Attaching,
  attach,
  failed,
  stopPostgres,
  writeState,
} from './attach.ts';
import { prepareBinaries, SHARED_PLACE } from './binaries.ts';
import { type Cluster, openCluster, placesIn, prepareDataDir, runAsFor } from './cluster.ts';
import { type Lease, takeLease } from './lease.ts';
import { keepLogShort } from './log-file.ts';
import { runningPostmaster } from './postmaster.ts';
import { isRoot } from './run-as.ts';
import type { Settings } from './settings.ts';
import { keepWriteBackShort, syncFileSystem, waitingKiB, walBytes } from './write-back.ts';

/** The database of the product, and the role that its server works as. */
const DATABASE = 'guanjia';
const SERVER_ROLE = 'guanjia';
/** The rights are given to this role by the migrations; the server's login is a member of it. */
const RIGHTS_ROLE = 'guanjia_app';
/** Restarts in a row before the supervisor gives up. */
const MAX_RESTARTS = 10;
const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 5_000;
/** So long up and the restarts before it no longer count. */
const STABLE_MS = 60_000;
/** One that does not answer a word by then is not asked to stop. */
const ANSWER_LIMIT_MS = 5_000;

/** What the embedded database has to say, a line at a time. */
export interface EmbeddedLog {
  info(line: string): void;
  error(line: string): void;
}

/** How to run the embedded database. */
export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly log?: EmbeddedLog;
  readonly random?: Random;
  /** Settings of PostgreSQL that replace ours. */
  readonly settings?: Settings;
  /** False for databases that are thrown away: nothing then waits for the disk. */
  readonly durable?: boolean;
  /** Restarts in a row before it is given up. */
  readonly maxRestarts?: number;
  /** Told once when PostgreSQL went down and could not be brought back. */
  readonly onFailure?: (error: unknown) => void;
  /** Aborts the start: what was started is stopped again, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** A running embedded database. */
export interface EmbeddedDatabase {
  /** As its superuser: for migrations and backups. */
  readonly adminUrl: string;
  /** As the role that the server works as. It has no rights before the migrations have given it some. */
  readonly url: string;
  readonly port: number;
  /** The folder of the cluster, and the file with the superuser's password. */
  readonly folder: string;
  readonly passwordFile: string;
  /** Of PostgreSQL, now. Another one after a restart. */
  pid(): number;
  /** Gives it back: PostgreSQL is stopped when no other process uses it. May be called again. */
  stop(): Promise<void>;
}

// Commits still reach the system, so they survive a kill -9, only not a power cut.
const NO_DURABILITY: Settings = { fsync: 'off', full_page_writes: 'off' };
const SILENT: EmbeddedLog = { info: () => undefined, error: () => undefined };

/**
 * Runs PostgreSQL on `<dataDir>/postgres`, making the cluster the first time, and keeps it running: when it
 * is killed it is started again on the same port. A server that runs there already (another process's, or
 * an orphan's) is shared; the last process to stop stops it.
 *
 * Throws `embedded_database_unusable` or `embedded_database_failed`; both say what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { log = SILENT, random = systemRandom, durable = true, signal } = options;
  const say = (line: string) => log.info(line);
  const places = placesIn(await prepareDataDir(options.dataDir));
  const runAs = await runAsFor(places);
  const copyTo = isRoot() ? SHARED_PLACE : places.dataDir;
  const binaries = await prepareBinaries({ runAs, copyTo, say });
  const cluster = await openCluster({ places, binaries, runAs, random, durable, say, signal });
  signal?.throwIfAborted();
  const overrides = { ...(durable ? {} : NO_DURABILITY), ...options.settings };
  const wished = rememberedPort(places.state);
  const attaching = { cluster, binaries, runAs, overrides, port: { wished } };
  const attached = await attach({ ...attaching, signal });
  const { onFailure, maxRestarts = MAX_RESTARTS } = options;
  const supervisor = supervise(attached, { attaching, durable, log, onFailure, maxRestarts });
  try {
    await writeState(cluster, attached.postmaster);
    await createDatabase(attached.lease, cluster.password);
    signal?.throwIfAborted();
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return describe(cluster, attached, supervisor);
}

function describe(cluster: Cluster, attached: Attached, supervisor: Supervisor): EmbeddedDatabase {
  const { port } = attached.postmaster;
  const urlOf = (role: string) =>
    `postgresql://${role}:${encodeURIComponent(cluster.password)}@127.0.0.1:${port}/${DATABASE}`;
  return {
    adminUrl: urlOf('postgres'),
    url: urlOf(SERVER_ROLE),
    port,
    folder: cluster.folder,
    passwordFile: cluster.places.passwordFile,
    pid: supervisor.pid,
    stop: supervisor.stop,
  };
}

interface Supervisor {
  pid(): number;
  stop(): Promise<void>;
}

/** Watches the lease, and takes a new one (starting PostgreSQL again if need be) whenever it is lost. */
function supervise(
  first: Attached,
  options: {
    attaching: Attaching;
    durable: boolean;
    log: EmbeddedLog;
    onFailure: ((error: unknown) => void) | undefined;
    maxRestarts: number;
  },
): Supervisor {
  const { attaching, durable, log, onFailure, maxRestarts } = options;
  const { cluster } = attaching;
  const { port } = first.postmaster;
  let current = first;
  let restarts = 0;
  let stopping: Promise<void> | undefined;
  let recovering: Promise<void> = Promise.resolve();
  const stopped = new AbortController();
  const endUpkeep = startUpkeep(cluster, { durable, log, client: () => current.lease.client });
  let stable: NodeJS.Timeout | undefined;

  const recover = async () => {
    log.error(
      'The connection to the embedded PostgreSQL is lost. It is started again if it is down.',
    );
    for (;;) {
      restarts += 1;
      if (restarts > maxRestarts) throw failed(cluster, `it went down ${maxRestarts} times`);
      const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (restarts - 1));
      await pause(backoffMs, undefined, { signal: stopped.signal });
      try {
        current = await attach({ ...attaching, port: { only: port }, signal: stopped.signal });
        break;
      } catch (error) {
        if (restarts >= maxRestarts || stopped.signal.aborted) throw error;
      }
    }
    await writeState(cluster, current.postmaster);
    log.info(`The embedded PostgreSQL is back (process ${current.postmaster.pid}).`);
    watch();
  };
  const watch = () => {
    clearTimeout(stable);
    stable = setTimeout(() => {
      restarts = 0;
    }, STABLE_MS).unref();
    current.lease.onLost(() => {
      if (stopping) return;
      recovering = recover().catch((error: unknown) => {
        if (!stopping) onFailure?.(error);
      });
    });
  };
  watch();

  const stop = async () => {
    clearTimeout(stable);
    endUpkeep();
    stopped.abort();
    await recovering;
    await leave(current, attaching, log);
  };
  return {
    pid: () => current.postmaster.pid,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** What PostgreSQL needs now and then: a short log, and no pile of unwritten files. Gives how to end it. */
function startUpkeep(
  { places, folder }: Cluster,
  options: { durable: boolean; log: EmbeddedLog; client: () => pg.Client },
): () => void {
  const { durable, log, client } = options;
  const trimming = keepLogShort(places.log);
  const warn = (error: unknown) =>
    log.error(`Commits may stall now and then: files cannot be written out early (${error}).`);
  const writing = durable
    ? keepWriteBackShort(
        {
          waitingKiB,
          walBytes: () => walBytes(client()),
          write: () => syncFileSystem(folder),
        },
        warn,
      )
    : undefined;
  return () => {
    clearInterval(trimming);
    clearInterval(writing);
  };
}

/**
 * Gives the lease back and, as the last, stops PostgreSQL. One that is down already is left so, and one that
 * does not answer too: others may use it, and whoever starts next takes it over.
 */
async function leave(attached: Attached, attaching: Attaching, log: EmbeddedLog): Promise<void> {
  const { cluster } = attaching;
  const state = await stateOf(attached);
  const { lease, postmaster } = state === 'lost' ? await again(attached, cluster) : attached;
  const last = state === 'silent' ? undefined : await lease.giveBack().catch(() => false);
  if (last === undefined)
    log.error(
      `The embedded PostgreSQL does not answer: process ${postmaster.pid} is left as it is.`,
    );
  if (last) {
    await stopPostgres(postmaster, attaching);
    await writeState(cluster, { port: postmaster.port, pid: null });
  }
  await lease.close();
}

async function stateOf({ lease }: Attached): Promise<'whole' | 'lost' | 'silent'> {
  const answer = lease.client.query('select 1').then(
    () => 'whole' as const,
    () => 'lost' as const,
  );
  return inTime(answer, ANSWER_LIMIT_MS, () => 'silent');
}

/** A lease that was lost while PostgreSQL goes on is taken anew: else nobody would stop it. */
async function again(lost: Attached, cluster: Cluster): Promise<Attached> {
  const postmaster = runningPostmaster(cluster.folder);
  if (postmaster === undefined) return lost;
  const address = { port: postmaster.port, password: cluster.password };
  const answer = await takeLease(address, cluster.folder);
  return 'lease' in answer ? { lease: answer.lease, postmaster } : lost;
}

/** Makes the database and the roles that lack. Two processes at once do no harm. */
async function createDatabase({ client }: Lease, password: string): Promise<void> {
  const found = await client.query('select from pg_database where datname = $1', [DATABASE]);
  if (found.rowCount === 0) await tolerant(client, `create database ${DATABASE}`);
  const roles = await client.query('select from pg_roles where rolname = $1', [SERVER_ROLE]);
  if (roles.rowCount === 1) return;
  await tolerant(client, `create role ${RIGHTS_ROLE} nologin`);
  const login = `login password ${pg.escapeLiteral(password)}`;
  await tolerant(client, `create role ${SERVER_ROLE} ${login} in role ${RIGHTS_ROLE}`);
}

/** What another process made in the meantime is as good: 42P04 a database, 42710 a role, 23505 either. */
async function tolerant(client: pg.Client, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if (!['42P04', '42710', '23505'].includes(errorCode(error) ?? '')) throw error;
  }
}

function rememberedPort(state: string): number | undefined {
  try {
    const port = Number(/"port":(\d+)/.exec(readFileSync(state, 'utf8'))?.[1]);
    return port > 0 ? port : undefined;
  } catch {
    return undefined;
  }
}
