import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../../kernel/error.ts';
import type { Random } from '../../kernel/random.ts';
import { type Binaries, SHARED_PLACE } from './binaries.ts';
import { errorCode } from './error-code.ts';
import { embeddedDatabaseFailed, embeddedDatabaseUnusable } from './errors.ts';
import { chooseRunAs, isReachable, isRoot, type RunAs } from './run-as.ts';

/** Where a data folder keeps what belongs to its PostgreSQL. */
export interface Places {
  readonly dataDir: string;
  /** The cluster, or a link to it when PostgreSQL's user cannot reach the data folder. */
  readonly cluster: string;
  readonly passwordFile: string;
  readonly log: string;
  /** What another program may want to know of the running server. */
  readonly state: string;
}

/** The names inside a data folder. */
export function placesIn(dataDir: string): Places {
  return {
    dataDir,
    cluster: join(dataDir, 'postgres'),
    passwordFile: join(dataDir, 'postgres.password'),
    log: join(dataDir, 'postgres.log'),
    state: join(dataDir, 'postgres.json'),
  };
}

/** A PostgreSQL cluster on disk, ready to be started. */
export interface Cluster {
  readonly places: Places;
  /** Its folder, without links. */
  readonly folder: string;
  readonly password: string;
}

/** Makes the data folder when it lacks: only its owner may list it, and PostgreSQL's user pass through. */
export async function prepareDataDir(dataDir: string): Promise<string> {
  try {
    const made = await mkdir(dataDir, { recursive: true });
    if (made !== undefined) await chmod(dataDir, isRoot() ? 0o711 : 0o700);
    return await realpath(dataDir);
  } catch (cause) {
    const reason = `The data folder cannot be made or read (${errorCode(cause)}).`;
    throw new AppError(embeddedDatabaseUnusable, { reason, path: dataDir }, { cause });
  }
}

/** Whom to run as: the owner of the cluster when there is one, so that nothing has to be handed over. */
export async function runAsFor(places: Places): Promise<RunAs | undefined> {
  const owner = await stat(places.cluster).catch(() => undefined);
  if (owner === undefined) return chooseRunAs();
  if (isRoot()) return owner.uid > 0 ? { uid: owner.uid, gid: owner.gid } : chooseRunAs();
  if (process.getuid === undefined || owner.uid === process.getuid()) return undefined;
  const reason = `The data folder was made by another user (uid ${owner.uid}; this is uid ${process.getuid()}). Run as that user or as root, or choose another data folder.`;
  throw new AppError(embeddedDatabaseUnusable, { reason, path: places.cluster });
}

/**
 * Opens the cluster of a data folder, and makes it when there is none. It is made under another name and
 * published by one rename (or link), so a first start that was killed half way leaves nothing that the
 * next could take for a cluster; of two first starts at once one wins and both use it.
 */
export async function openCluster(options: {
  places: Places;
  binaries: Binaries;
  runAs: RunAs | undefined;
  random: Random;
  /** False in tests only: initdb then does not wait for the disk. */
  durable: boolean;
  say: (line: string) => void;
}): Promise<Cluster> {
  const { places, runAs } = options;
  const password = await keepPassword(places, options.random);
  if (!existsSync(places.cluster)) {
    const away = runAs !== undefined && !isReachable(places.dataDir, runAs);
    if (away) await makeClusterAway({ ...options, password, runAs });
    else await makeClusterInside({ ...options, password });
  }
  return { places, folder: await realpath(places.cluster), password };
}

type Making = Parameters<typeof openCluster>[0] & { password: string };

async function makeClusterInside(making: Making): Promise<void> {
  const { places } = making;
  const attempt = `${places.cluster}.new-${process.pid}-${randomName(making.random)}`;
  await removeAttempts(places.dataDir, `${basename(places.cluster)}.new-`);
  await initialise(making, attempt);
  await rename(attempt, places.cluster).catch(unlessPublished(places, attempt));
}

async function makeClusterAway(making: Making & { runAs: RunAs }): Promise<void> {
  const { places, random, say } = making;
  const home = join(SHARED_PLACE, 'clusters');
  const hash = createHash('sha256').update(places.dataDir).digest('hex').slice(0, 16);
  const folder = join(home, `${hash}-${randomName(random)}`);
  say(`PostgreSQL's user cannot reach ${places.dataDir}, so the database is kept in ${folder}.`);
  await mkdir(home, { recursive: true, mode: 0o755 });
  await removeAttempts(home, `${hash}.new-`);
  const attempt = join(home, `${hash}.new-${process.pid}-${randomName(random)}`);
  await initialise(making, attempt);
  await rename(attempt, folder);
  await symlink(folder, places.cluster).catch(unlessPublished(places, folder));
}

/** Another process may have published its cluster first: then ours goes, and that one is used. */
function unlessPublished(places: Places, ours: string) {
  return async (error: unknown) => {
    if (!existsSync(places.cluster)) throw error;
    await rm(ours, { recursive: true, force: true });
  };
}

async function initialise(making: Making, attempt: string): Promise<void> {
  const { binaries, runAs, places, durable, password } = making;
  const passwordFile = `${attempt}.password`;
  try {
    await mkdir(attempt, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (runAs) await chown(attempt, runAs.uid, runAs.gid);
    if (runAs) await chown(passwordFile, runAs.uid, runAs.gid);
    const args = ['--pgdata', attempt, '--username', 'postgres', '--pwfile', passwordFile];
    args.push('--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--data-checksums');
    if (!durable) args.push('--no-sync');
    await run({ program: binaries.initdb, args, runAs, folder: attempt, log: places.log });
  } catch (error) {
    await rm(attempt, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Removes what first starts left behind that were killed: `<prefix><pid>-…` of processes that are gone. */
async function removeAttempts(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (!existsProcess(pid)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function existsProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/**
 * The superuser's password: kept in the data folder, readable by its owner only, and made once. It is
 * published by a link, so of two first starts at once both read the same.
 */
async function keepPassword(places: Places, random: Random): Promise<string> {
  if (!existsSync(places.passwordFile)) {
    if (existsSync(places.cluster)) {
      const reason =
        'The file with the password of the database is gone. Put it back (a backup has it).';
      throw new AppError(embeddedDatabaseUnusable, { reason, path: places.passwordFile });
    }
    const password = Buffer.from(random.bytes(24)).toString('base64url');
    const draft = `${places.passwordFile}.${process.pid}-${randomName(random)}`;
    try {
      await writeFile(draft, password, { mode: 0o600, flush: true });
      await link(draft, places.passwordFile);
    } catch (error) {
      if (!existsSync(places.passwordFile)) throw unwritable(places, error);
    } finally {
      await rm(draft, { force: true });
    }
  }
  try {
    return readFileSync(places.passwordFile, 'utf8').trim();
  } catch (error) {
    throw unwritable(places, error);
  }
}

function unwritable(places: Places, cause: unknown): AppError {
  const code = errorCode(cause);
  const what = code === 'ENOSPC' ? 'The disk is full' : `The data folder cannot be used (${code})`;
  const reason = `${what}.`;
  return new AppError(embeddedDatabaseUnusable, { reason, path: places.dataDir }, { cause });
}

function randomName(random: Random): string {
  return Buffer.from(random.bytes(6)).toString('hex');
}

/** Runs one of PostgreSQL's programs to its end. Throws `embedded_database_failed` with what it said. */
async function run(options: {
  program: string;
  args: string[];
  runAs: RunAs | undefined;
  folder: string;
  log: string;
}): Promise<void> {
  const { program, args, runAs, folder, log } = options;
  const output: Buffer[] = [];
  const code = await new Promise<number | null>((resolve, reject) => {
    const env = programEnvironment();
    const child = spawn(program, args, {
      cwd: folder,
      env,
      ...runAs,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', reject);
    child.on('close', resolve);
  });
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
