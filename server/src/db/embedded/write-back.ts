import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type pg from 'pg';
import { errorCode } from '../../kernel/error-code.ts';

const run = promisify(execFile);

const LOOK_EVERY_MS = 500;
/** What the disk writes in some milliseconds. */
const MOST_WAITING_KIB = 16 * 1024;
/** After so long it is ended and begun anew: a disk that is that slow is not helped by it. */
const SYNC_LIMIT_MS = 60_000;
/** What PostgreSQL writes by itself while nobody uses it stays below this. */
const LEAST_WAL_BYTES = 1024n * 1024n;

/** What is looked at, and what is done. */
export interface WriteBack {
  /** How much waits in the kernel's memory to be written to any disk, in KiB. */
  waitingKiB(): Promise<number>;
  /** How much WAL there ever was, in bytes; undefined while PostgreSQL does not answer. */
  walBytes(): Promise<bigint | undefined>;
  /** Has all that waits for the data folder's disk written now. */
  write(): Promise<void>;
}

/**
 * Has what PostgreSQL wrote sent to the disk in small pieces. Linux keeps it in memory for 30 s and sends all of it at once
 * then: tables grow by 10 MB/s under load, and the syncs of the WAL, for which every answer waits, stood behind
 * 300 MB for 70 to 150 ms (docs/performance.md). `checkpoint_flush_after` and its like do not cover the pages that are added
 * to a table.
 *
 * The whole file system is synced, not the files: an fsync takes note of a failed write in place of PostgreSQL, whose
 * next checkpoint would not be told of it and would drop the WAL.
 *
 * Where there is no such program, or no Linux, it ends by itself: then the kernel writes when it likes. What fails otherwise is told
 * once, and tried again.
 */
export function keepWriteBackShort(
  writeBack: WriteBack,
  warn: (error: unknown) => void,
): NodeJS.Timeout {
  let walSeen: bigint | undefined;
  let warned = false;
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    try {
      walSeen = await writeIfMuchWaits(writeBack, walSeen);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') clearInterval(timer);
      if (!warned && errorCode(error) !== 'ENOENT') warn(error);
      warned = true;
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return timer;
}

/**
 * Writes when much waits and PostgreSQL was at work: what other programs left on the same disk is no reason.
 * Gives the WAL's bytes that were taken into account.
 */
export async function writeIfMuchWaits(
  writeBack: WriteBack,
  walSeen: bigint | undefined,
): Promise<bigint | undefined> {
  const waiting = await writeBack.waitingKiB();
  if (waiting < MOST_WAITING_KIB) return walSeen;
  const walBytes = await writeBack.walBytes();
  // The first look only learns where the WAL is.
  if (walBytes === undefined || walSeen === undefined) return walBytes;
  if (walBytes - walSeen < LEAST_WAL_BYTES) return walSeen;
  await writeBack.write();
  return walBytes;
}

/** What Linux says. Fails elsewhere. */
export async function waitingKiB(): Promise<number> {
  const meminfo = await readFile('/proc/meminfo', 'latin1');
  const kib = /^Dirty:\s*(\d+) kB$/m.exec(meminfo)?.[1];
  if (kib === undefined) throw new Error('/proc/meminfo does not tell what waits to be written');
  return Number(kib);
}

/** What PostgreSQL says. */
export async function walBytes(client: pg.Client): Promise<bigint | undefined> {
  const sql = "select (pg_current_wal_insert_lsn() - '0/0')::text as bytes";
  const answer = await client.query<{ bytes: string }>(sql).catch(() => undefined);
  const bytes = answer?.rows[0]?.bytes;
  return bytes === undefined ? undefined : BigInt(bytes);
}

/** syncfs(2) of the file system that holds the folder, by the program that every Linux has. */
export async function syncFileSystem(folder: string): Promise<void> {
  await run('sync', ['-f', folder], { timeout: SYNC_LIMIT_MS });
}
