import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { programEnvironment } from './initialise.ts';
import { isRoot, type RunAs } from './run-as.ts';
import { type Settings, settingArguments } from './settings.ts';

/** What `postmaster.pid` says about a PostgreSQL that runs. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** `starting`, `stopping` or `ready`, as PostgreSQL writes it. */
  readonly status: string;
}

/**
 * The PostgreSQL that runs on this cluster folder, if any. Its pid file is believed only when the process
 * is alive and serves that folder: after a crash the number may belong to anybody.
 */
export function runningPostmaster(folder: string): Postmaster | undefined {
  const lines = readLines(join(folder, 'postmaster.pid'));
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!(pid > 0) || !isPostmasterOf(folder, pid)) return undefined;
  // Its file is written a line at a time, so what is not there yet is not known yet.
  return { pid, port: Number.isNaN(port) ? 0 : port, status: lines[7]?.trim() ?? 'starting' };
}

/** Removes the pid file of a PostgreSQL that is gone: a reused number would keep the next from starting. */
export function removeStalePidFile(folder: string): void {
  const stale = readLines(join(folder, 'postmaster.pid')).length > 0;
  if (stale && !runningPostmaster(folder)) rmSync(join(folder, 'postmaster.pid'), { force: true });
}

/**
 * True while that process is the PostgreSQL server of that cluster folder: told by its command line, which
 * even a root without the right to look into other users' processes (in a container) may read.
 */
export function isPostmasterOf(folder: string, pid: number): boolean {
  if (process.platform === 'linux') {
    // A zombie has no command line left, as it should be: it is gone.
    const args = readLines(`/proc/${pid}/cmdline`).join('\n').split('\0');
    return args.includes('-D') && args[args.indexOf('-D') + 1] === folder;
  }
  try {
    process.kill(pid, 0);
    if (process.platform === 'win32') return true;
    const args = ['-ww', '-o', 'command=', '-p', String(pid)];
    return execFileSync('ps', args, { encoding: 'utf8' }).includes(folder);
  } catch {
    return false;
  }
}

/** Processes of PostgreSQL that work in the folder, whatever became of their postmaster (Linux only). */
export function leftoverProcesses(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  const all = readdirSync('/proc').map(Number);
  const pids = all.filter((pid) => pid > 0 && isProgram(pid, 'postgres'));
  return pids.length === 0 ? [] : workingIn(folder, pids);
}

/** Asked as the folder's owner, whose processes they are: in a container even root may not look. */
function workingIn(folder: string, pids: number[]): number[] {
  const script = 'for pid do echo "$pid $(readlink /proc/$pid/cwd)"; done';
  const { uid, gid } = statSync(folder);
  try {
    const args = ['-c', script, 'sh', ...pids.map(String)];
    const asOwner = isRoot() ? { uid, gid } : {};
    const said = execFileSync('sh', args, {
      encoding: 'utf8',
      cwd: '/',
      stdio: 'pipe',
      ...asOwner,
    });
    const lines = new Set(said.split('\n'));
    return pids.filter((pid) => lines.has(`${pid} ${folder}`));
  } catch {
    return []; // no shell here: they end by themselves as soon as their statement does
  }
}

function isProgram(pid: number, name: string): boolean {
  return readLines(`/proc/${pid}/comm`)[0] === name;
}

/** Sends a signal to PostgreSQL: SIGINT is a fast shutdown, SIGQUIT an immediate one. */
export function signalPostgres(
  pid: number,
  signal: 'SIGINT' | 'SIGQUIT',
  binaries: Binaries,
): void {
  try {
    if (process.platform !== 'win32') process.kill(pid, signal);
    else execFileSync(binaries.pgCtl, ['kill', signal.slice(3), String(pid)], { stdio: 'ignore' });
  } catch {
    // It is gone already, which is what was wanted.
  }
}

/** A PostgreSQL that was just started, and how it ended if it did. */
export interface Process {
  readonly pid: number | undefined;
  readonly ended: () => boolean;
}

/**
 * Starts PostgreSQL as a process of its own session, so that Ctrl-C in a terminal reaches us and not it:
 * it is stopped when we have drained. Its log is a file that it holds itself, so it outlives us unharmed.
 */
export function spawnPostgres(options: {
  binaries: Binaries;
  folder: string;
  runAs: RunAs | undefined;
  settings: Settings;
  logFile: string;
}): Process {
  const { binaries, folder, runAs, settings, logFile } = options;
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(binaries.postgres, ['-D', folder, ...settingArguments(settings)], {
      cwd: folder,
      env: programEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
      ...runAs,
    });
    let ended = false;
    child.on('error', () => {
      ended = true;
    });
    child.on('exit', () => {
      ended = true;
    });
    child.unref();
    return { pid: child.pid, ended: () => ended };
  } finally {
    closeSync(log);
  }
}

/** A port of 127.0.0.1 that is free now: the wished one if it is, else one that the system picks. */
export async function freePort(wished: number | undefined): Promise<number> {
  if (wished !== undefined && (await canListen(wished)) === wished) return wished;
  const port = await canListen(0);
  if (port === undefined) throw new Error('The system has no free port.');
  return port;
}

function canListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(found));
    });
  });
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
