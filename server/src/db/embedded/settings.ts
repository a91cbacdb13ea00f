import { execFileSync } from 'node:child_process';
import { totalmem } from 'node:os';
import type { Binaries } from './binaries.ts';
import type { RunAs } from './run-as.ts';

/** Settings of PostgreSQL by name, as they would stand in postgresql.conf. */
export type Settings = Readonly<Record<string, string>>;

const MIB = 1024 * 1024;
const LEAST_BUFFERS_MIB = 128;
const MOST_BUFFERS_MIB = 4096;

/**
 * The settings that the embedded PostgreSQL runs with. Durability is on: what is acknowledged survives a
 * power cut. Memory is an eighth of what this process may have, 128 MB to 4 GB, and is taken only as data
 * needs it: request ids come in no order, so their index must fit, or each of them is a page read and another
 * written. WAL may grow to 4 GB between checkpoints, because a checkpoint makes the next minutes' index writes
 * twice as dear.
 */
export function settingsFor(options: {
  binaries: Binaries;
  runAs: RunAs | undefined;
  /** The cluster's folder. */
  folder: string;
  port: number;
  overrides: Settings;
}): Settings {
  const eighth = Math.floor(memory() / MIB / 8);
  const buffersMiB = Math.min(MOST_BUFFERS_MIB, Math.max(LEAST_BUFFERS_MIB, eighth));
  return {
    port: String(options.port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: `${buffersMiB}MB`,
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    wal_level: 'replica',
    wal_buffers: '64MB',
    // lz4 costs little and saves a third of the WAL; pglz costs more CPU than the bytes are worth.
    wal_compression: hasLz4(options) ? 'lz4' : 'off',
    max_wal_size: '4GB',
    min_wal_size: '256MB',
    checkpoint_timeout: '15min',
    // Tables grow from nothing to millions of rows at once here: statistics must not lag by a minute.
    autovacuum_naptime: '10s',
    // A sample of 6,000 rows: with 30,000 each of those looks took a core for a quarter of a second.
    default_statistics_target: '20',
    checkpoint_completion_target: '0.9',
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
    logging_collector: 'off',
    log_line_prefix: '%m [%p] ',
    log_checkpoints: 'off',
    password_encryption: 'scram-sha-256',
    ...options.overrides,
  };
}

/** Bytes that this process may have: in a container less than the machine has. */
function memory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** `-c name=value` for each setting. */
export function settingArguments(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Whether this build knows lz4: asked of the program itself, which refuses a value it does not know. */
function hasLz4(options: {
  binaries: Binaries;
  runAs: RunAs | undefined;
  folder: string;
}): boolean {
  const { binaries, runAs, folder } = options;
  const ask = ['-D', folder, '-C', 'wal_compression', '-c', 'wal_compression=lz4'];
  try {
    // Another configuration file than the cluster's, which may hold anything by now.
    execFileSync(binaries.postgres, [...ask, '-c', 'config_file=/dev/null'], {
      stdio: 'ignore',
      cwd: folder,
      ...runAs,
    });
    return true;
  } catch {
    return false;
  }
}
