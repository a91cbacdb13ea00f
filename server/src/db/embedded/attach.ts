import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../kernel/error.ts';
import type { Binaries } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import { embeddedDatabaseFailed } from './errors.ts';
import { type Lease, takeLease } from './lease.ts';
import {
  freePort,
  isPostmasterOf,
  leftoverProcesses,
  type Postmaster,
  type Process,
  removeStalePidFile,
  runningPostmaster,
  signalPostgres,
  spawnPostgres,
} from './postmaster.ts';
import type { RunAs } from './run-as.ts';
import { type Settings, settingsFor } from './settings.ts';

/** How often what is going on is looked at again. */
const POLL_MS = 20;
/** Recovery after a crash reads up to 4 GB of WAL: minutes on a slow disk, but not for ever. */
const START_LIMIT_MS = 10 * 60_000;
/** Starts that end at once, for reasons that another try may cure (a port just taken, leftovers). */
const MAX_STARTS = 8;
const LEFTOVER_LIMIT_MS = 10_000;
const LEFTOVER_PAUSE_MS = 200;
/** Long enough for a checkpoint of all shared buffers on a slow disk. */
const FAST_STOP_LIMIT_MS = 60_000;
const IMMEDIATE_STOP_LIMIT_MS = 10_000;
/** First in order, then at once: what was committed is found again by the next start's recovery. */
const STOP_PHASES = [
  { signal: 'SIGINT', limitMs: FAST_STOP_LIMIT_MS },
  { signal: 'SIGQUIT', limitMs: IMMEDIATE_STOP_LIMIT_MS },
] as const;

/** All that is needed to start PostgreSQL on a cluster, or to find it running. */
export interface Attaching {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly runAs: RunAs | undefined;
  readonly overrides: Settings;
  /** `only` after a crash: whoever uses the server knows it by that port. */
  readonly port: { readonly wished?: number | undefined; readonly only?: number };
  /** Aborted when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

/** A share in a running PostgreSQL. */
export interface Attached {
  readonly lease: Lease;
  readonly postmaster: Postmaster;
}

/**
 * Takes a share in the cluster's PostgreSQL, starting it when it does not run. One that an earlier process
 * left behind, or that another process uses, is taken as it is. PostgreSQL itself lets only one server run
 * on a folder, so of two processes that start at once one finds the other's.
 *
 * Throws `embedded_database_failed` with the end of the log when it does not come up. When it is aborted it
 * throws what the signal says. A PostgreSQL that it started and may not use is stopped again.
 */
export async function attach(attaching: Attaching): Promise<Attached> {
  const { cluster, signal } = attaching;
  let last = 'it never answered';
  let starts = 0;
  let started: Spawned | undefined;
  for (let waitedMs = 0; waitedMs < START_LIMIT_MS; waitedMs += POLL_MS) {
    const postmaster = runningPostmaster(cluster.folder);
    if (postmaster === undefined) {
      starts += 1;
      if (starts > MAX_STARTS) throw failed(cluster, last);
      started = await spawn(attaching);
      last = (await untilReady(attaching, started)) ?? last;
      if (signal?.aborted) break;
      continue;
    }
    if (postmaster.status.startsWith('ready')) {
      const { password, folder } = cluster;
      const answer = await takeLease({ port: postmaster.port, password }, folder);
      if ('lease' in answer) return { lease: answer.lease, postmaster };
      if ('refused' in answer) {
        if (started) await endStarted(started, attaching);
        const { passwordFile } = cluster.places;
        throw failed(cluster, `it refuses the password in ${passwordFile} (${answer.refused})`);
      }
      last = answer.away;
    }
    if (signal?.aborted) break;
    await pause(POLL_MS);
  }
  if (started && signal?.aborted) await endStarted(started, attaching);
  signal?.throwIfAborted();
  throw failed(cluster, last);
}

interface Spawned extends Process {
  /** Where its part of the log begins. */
  readonly logFrom: number;
}

async function spawn(attaching: Attaching): Promise<Spawned> {
  const { cluster, binaries, runAs, overrides } = attaching;
  const { folder, places } = cluster;
  removeStalePidFile(folder);
  const port = attaching.port.only ?? (await freePort(attaching.port.wished));
  const settings = settingsFor({ binaries, runAs, folder, port, overrides });
  const logFrom = sizeOf(places.log);
  const logFile = places.log;
  return { ...spawnPostgres({ binaries, folder, runAs, settings, logFile }), logFrom };
}

/** Waits until its pid file shows that it is ready, or it ended. Answers why another try is due. */
async function untilReady(
  { cluster, signal }: Attaching,
  child: Spawned,
): Promise<string | undefined> {
  for (let waitedMs = 0; waitedMs < START_LIMIT_MS; waitedMs += POLL_MS) {
    // Its port is only in the pid file once it listens, so a pid alone is not enough.
    const postmaster = runningPostmaster(cluster.folder);
    if (postmaster && postmaster.port > 0 && postmaster.status.startsWith('ready'))
      return undefined;
    if (signal?.aborted) return undefined;
    if (child.ended()) break;
    await pause(POLL_MS);
  }
  return whyEnded(cluster, readTail(cluster.places.log, child.logFrom));
}

/** Ends a PostgreSQL that was started and is not wanted any more, in the midst of its recovery too. */
async function endStarted({ pid, ended }: Spawned, { binaries }: Attaching): Promise<void> {
  for (const { signal, limitMs } of STOP_PHASES) {
    if (pid !== undefined && !ended()) signalPostgres(pid, signal, binaries);
    for (let waitedMs = 0; waitedMs < limitMs && !ended(); waitedMs += POLL_MS)
      await pause(POLL_MS);
  }
}

/** Throws unless another try may help. The words are PostgreSQL's own, in English because LC_ALL=C. */
async function whyEnded(cluster: Cluster, said: string): Promise<string> {
  if (said.includes('could not bind')) return 'its port was taken by another program';
  if (said.includes('lock file "postmaster.pid" already exists'))
    return 'another process started it';
  if (/pre-existing shared memory block|is still in use/.test(said)) {
    await endLeftovers(cluster.folder);
    return 'processes of a killed PostgreSQL still run';
  }
  const version = /initialized by PostgreSQL version ([\d.]+)/.exec(said)?.[1];
  if (version !== undefined)
    throw failed(cluster, `its files are of PostgreSQL ${version}, which this one cannot read`);
  if (said.includes('No space left on device')) throw failed(cluster, 'the disk is full');
  if (said.includes('Permission denied'))
    throw failed(cluster, 'a file may not be read or written');
  throw failed(cluster, 'it ended while starting');
}

/** Ends what a killed PostgreSQL left behind: without their parent these can do no more harm nor good. */
async function endLeftovers(folder: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < LEFTOVER_LIMIT_MS; waitedMs += POLL_MS) {
    const pids = runningPostmaster(folder) ? [] : leftoverProcesses(folder);
    if (pids.length === 0) break;
    const patience = waitedMs < LEFTOVER_LIMIT_MS / 2;
    for (const pid of pids) killLeftover(pid, patience ? 'SIGQUIT' : 'SIGKILL');
    await pause(POLL_MS);
  }
  // Those that we may not see end by themselves, as soon as their statement does.
  await pause(LEFTOVER_PAUSE_MS);
}

function killLeftover(pid: number, signal: 'SIGQUIT' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in the meantime.
  }
}

/** Stops PostgreSQL: open work is rolled back, all is written. After a minute it is cut off (and recovers). */
export async function stopPostgres(
  postmaster: Postmaster,
  options: { cluster: Cluster; binaries: Binaries },
): Promise<void> {
  const { folder } = options.cluster;
  const { pid } = postmaster;
  for (const { signal, limitMs } of STOP_PHASES) {
    if (isPostmasterOf(folder, pid)) signalPostgres(pid, signal, options.binaries);
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += POLL_MS) {
      if (!isPostmasterOf(folder, pid)) return;
      await pause(POLL_MS);
    }
  }
  throw failed(options.cluster, `process ${pid} does not stop`);
}

/** Writes down where the server is, for people and for other programs; no pid when it is stopped. */
export async function writeState(
  cluster: Cluster,
  postmaster: { port: number; pid: number | null },
): Promise<void> {
  const { places, folder } = cluster;
  const { pid, port } = postmaster;
  const text = JSON.stringify({ port, pid, cluster: folder, passwordFile: places.passwordFile });
  await writeFile(places.state, `${text}\n`, { mode: 0o600 });
}

/** The error that PostgreSQL does not run, with the last lines of its log. */
export function failed(cluster: Cluster, reason: string): AppError {
  const logFile = cluster.places.log;
  const lastLines = readTail(logFile, 0).trim().split('\n').slice(-10);
  return new AppError(embeddedDatabaseFailed, { reason, logFile, lastLines });
}

const TAIL_BYTES = 16_384;

function sizeOf(path: string): number {
  return withFile(path, (file) => fstatSync(file).size) ?? 0;
}

/** The end of a log, from that offset on and 16 kB at most. */
function readTail(path: string, from: number): string {
  const tail = withFile(path, (file) => {
    const { size } = fstatSync(file);
    const start = Math.max(from, size - TAIL_BYTES, 0);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, start));
  });
  return tail ?? '';
}

function withFile<T>(path: string, use: (file: number) => T): T | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}
