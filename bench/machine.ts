import {
  closeSync,
  fdatasyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';

/** What was measured on. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryMiB: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  readonly settings: Readonly<Record<string, string>>;
  /** 8 kB writes made durable one after another, a second, in the system's temporary folder. */
  readonly syncsPerSecond: number;
}

const SETTINGS = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_compression',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
];

/** Looks at the machine and at the database on it. */
export async function describeMachine(admin: pg.Client): Promise<Machine> {
  const version = await admin.query<{ server_version: string }>('show server_version');
  const settings = await admin.query<{ name: string; setting: string }>(
    'select name, current_setting(name) as setting from pg_settings where name = any ($1)',
    [SETTINGS],
  );
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    system: `${process.platform} ${release()}`,
    node: process.version,
    postgres: version.rows[0]?.server_version ?? 'unknown',
    settings: Object.fromEntries(settings.rows.map(({ name, setting }) => [name, setting])),
    syncsPerSecond: syncsPerSecond(),
  };
}

const SYNCS = 500;

function syncsPerSecond(): number {
  const path = join(tmpdir(), `guanjia-bench-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const page = Buffer.alloc(8192, 1);
    const started = performance.now();
    for (let i = 0; i < SYNCS; i += 1) {
      writeSync(file, page, 0, page.length, 0);
      fdatasyncSync(file);
    }
    return Math.round((SYNCS * 1000) / (performance.now() - started));
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

/** Seconds of CPU used so far. */
export interface CpuUse {
  readonly node: number;
  /** All processes of PostgreSQL together; undefined when they are not to be seen from here. */
  readonly postgres: number | undefined;
}

const TICKS_PER_SECOND = 100;

/**
 * What Node and PostgreSQL have used. `pid` is a process of PostgreSQL, such as a backend; `server` a server of
 * ours in another process, instead of this one.
 */
export function cpuUse(pid: number | undefined, server?: number): CpuUse {
  const { user, system } = process.cpuUsage();
  const ticks = server === undefined ? undefined : (statOf(server)?.ticks ?? Number.NaN);
  return {
    node: ticks === undefined ? (user + system) / 1e6 : ticks / TICKS_PER_SECOND,
    postgres: pid === undefined ? undefined : postgresCpu(pid),
  };
}

/** What was used between two looks. */
export function cpuBetween(from: CpuUse, to: CpuUse): CpuUse {
  const postgres =
    from.postgres === undefined || to.postgres === undefined
      ? undefined
      : to.postgres - from.postgres;
  return { node: to.node - from.node, postgres };
}

/** A backend of this machine's PostgreSQL; undefined when the database is elsewhere. */
export async function backendPid(admin: pg.Client): Promise<number | undefined> {
  const { rows } = await admin.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pid = rows[0]?.pid;
  return pid !== undefined && statOf(pid)?.name === 'postgres' ? pid : undefined;
}

/** The postmaster has in its own account what its children had used that have ended. */
function postgresCpu(backend: number): number | undefined {
  const postmaster = statOf(backend)?.parent;
  if (postmaster === undefined) return undefined;
  let ticks = statOf(postmaster)?.ticksWithEnded ?? 0;
  for (const pid of readdirSync('/proc').map(Number)) {
    const stat = pid > 0 ? statOf(pid) : undefined;
    if (stat?.parent === postmaster) ticks += stat.ticks;
  }
  return ticks / TICKS_PER_SECOND;
}

function statOf(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    // proc_pid_stat(5), counted from the state, which is the third field.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
    const ticks = user + system;
    return { name, parent: fields[1] ?? 0, ticks, ticksWithEnded: ticks + endedUser + endedSystem };
  } catch {
    return undefined;
  }
}
