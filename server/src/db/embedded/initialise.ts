import { spawn } from 'node:child_process';
import { chown, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '../../kernel/error.ts';
import type { Binaries } from './binaries.ts';
import { embeddedDatabaseFailed } from './errors.ts';
import type { RunAs } from './run-as.ts';

/**
 * Runs initdb in an empty folder that belongs to PostgreSQL's user: locale C, so that order and case do not
 * depend on the machine; page checksums; a password for every connection.
 */
export async function initialise(options: {
  folder: string;
  binaries: Binaries;
  runAs: RunAs | undefined;
  password: string;
  durable: boolean;
  log: string;
  /** Ends it half way. */
  signal?: AbortSignal | undefined;
}): Promise<void> {
  const { folder, binaries, runAs, password, durable, log, signal } = options;
  const passwordFile = `${folder}.password`;
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (runAs) await chown(passwordFile, runAs.uid, runAs.gid);
    const args = ['--pgdata', folder, '--username', 'postgres', '--pwfile', passwordFile];
    args.push('--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--data-checksums');
    // A new segment is filled with zeros and synced while all commits wait: 1 ms for 1 MB, up to 100 ms for 16.
    args.push('--wal-segsize', '1');
    if (!durable) args.push('--no-sync');
    await run({ program: binaries.initdb, args, runAs, folder, log, signal });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Runs one of PostgreSQL's programs to its end. Throws `embedded_database_failed` with what it said. */
async function run(options: {
  program: string;
  args: string[];
  runAs: RunAs | undefined;
  folder: string;
  log: string;
  signal: AbortSignal | undefined;
}): Promise<void> {
  const { program, args, runAs, folder, log, signal } = options;
  const output: Buffer[] = [];
  let end = () => {};
  signal?.throwIfAborted();
  const code = await new Promise<number | null>((resolve, reject) => {
    const env = programEnvironment();
    const child = spawn(program, args, {
      cwd: folder,
      env,
      ...runAs,
      // Ctrl-C in a terminal reaches us and not it: we end it, and know why it ended.
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', reject);
    child.on('close', resolve);
    end = () => void child.kill();
    signal?.addEventListener('abort', end, { once: true });
  });
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (code === 0) return;
  const lastLines = Buffer.concat(output).toString('utf8').trim().split('\n').slice(-10);
  const full = lastLines.some((line) => line.includes('No space left'));
  const reason = full ? 'The disk is full.' : `${basename(program)} ended with ${code}.`;
  throw new AppError(embeddedDatabaseFailed, { reason, logFile: log, lastLines });
}

/** The environment of PostgreSQL's programs: nothing of ours that could change what they do (PGDATA …). */
export function programEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { PATH, SystemRoot, TEMP, LC_ALL: 'C', TZ: 'UTC' };
}
