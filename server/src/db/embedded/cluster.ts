import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../../kernel/error.ts';
import { errorCode } from '../../kernel/error-code.ts';
import type { Random } from '../../kernel/random.ts';
import { type Binaries, SHARED_PLACE } from './binaries.ts';
import { embeddedDatabaseUnusable } from './errors.ts';
import { initialise } from './initialise.ts';
import { makeFolder } from './make-folder.ts';
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
    if (await makeFolder(dataDir)) await chmod(dataDir, isRoot() ? 0o711 : 0o700);
    return await realpath(dataDir);
  } catch (cause) {
    throw unusableFolder(dataDir, cause);
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
  /** Ends the making of a cluster half way. */
  signal?: AbortSignal | undefined;
}): Promise<Cluster> {
  const { places, runAs, signal } = options;
  if (existsSync(places.cluster) && !existsSync(join(places.cluster, 'PG_VERSION')))
    throw noDatabase(places);
  const password = await keepPassword(places, options.random);
  if (!existsSync(places.cluster)) {
    await refuseDanglingLink(places);
    const { binaries, durable } = options;
    const { log } = places;
    const fill = (folder: string) =>
      initialise({ folder, binaries, runAs, password, durable, log, signal });
    await publishCluster({ ...options, fill });
  }
  return { places, folder: await realpath(places.cluster), password };
}

/** How a cluster is published: what fills its folder, and where it goes. */
interface Publishing {
  readonly places: Places;
  readonly runAs: RunAs | undefined;
  readonly random: Random;
  readonly say: (line: string) => void;
  /** Fills the empty folder, which belongs to PostgreSQL's user. When it throws, nothing is published. */
  readonly fill: (folder: string) => Promise<void>;
}

/**
 * Makes a cluster under another name and publishes it as `places.cluster` by one rename. When PostgreSQL's
 * user cannot reach the data folder, the cluster is made below /var/lib and published by a link to it.
 */
export async function publishCluster(publishing: Publishing): Promise<void> {
  const { places, runAs, random, say, fill } = publishing;
  const inside = runAs === undefined || isReachable(places.dataDir, runAs);
  const hash = createHash('sha256').update(places.dataDir).digest('hex').slice(0, 16);
  const home = inside ? places.dataDir : join(SHARED_PLACE, 'clusters');
  const prefix = inside ? `${basename(places.cluster)}.new-` : `${hash}.new-`;
  await mkdir(home, { recursive: true, mode: 0o755 });
  await removeAttempts(home, prefix);
  const attempt = join(home, `${prefix}${process.pid}-${randomName(random)}`);
  try {
    await mkdir(attempt, { mode: 0o700 });
    if (runAs) await chown(attempt, runAs.uid, runAs.gid);
    await fill(attempt);
    if (inside) await rename(attempt, places.cluster).catch(unlessPublished(places, attempt));
    else {
      const folder = join(home, `${hash}-${randomName(random)}`);
      say(`PostgreSQL's user cannot reach ${places.dataDir}: the database is kept in ${folder}.`);
      await rename(attempt, folder);
      await symlink(folder, places.cluster).catch(unlessPublished(places, folder));
    }
  } catch (error) {
    await rm(attempt, { recursive: true, force: true, maxRetries: 5 });
    throw error instanceof AppError || isAbort(error)
      ? error
      : unusableFolder(places.dataDir, error);
  }
}

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError';

/** Something else of that name is there: it is not ours to fill or to remove. */
function noDatabase({ cluster: path }: Places): AppError {
  const reason =
    'There is a folder of this name that holds no database. Move it away, or choose another GUANJIA_DATA_DIR.';
  return new AppError(embeddedDatabaseUnusable, { reason, path });
}

async function refuseDanglingLink({ cluster }: Places): Promise<void> {
  const target = await readlink(cluster).catch(() => undefined);
  if (target === undefined) return;
  const reason = `The database is kept in ${target}, and that is gone. Put it back, or restore a backup.`;
  throw new AppError(embeddedDatabaseUnusable, { reason, path: cluster });
}

/** Another process may have published its cluster first: then ours goes, and that one is used. */
function unlessPublished(places: Places, ours: string) {
  return async (error: unknown) => {
    if (!existsSync(places.cluster)) throw error;
    await rm(ours, { recursive: true, force: true });
  };
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
      if (!existsSync(places.passwordFile)) throw unusableFolder(places.dataDir, error);
    } finally {
      await rm(draft, { force: true });
    }
  }
  try {
    return readFileSync(places.passwordFile, 'utf8').trim();
  } catch (error) {
    throw unusableFolder(places.dataDir, error);
  }
}

/** What the system's codes say of a folder. */
const TROUBLES: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it is on a read-only file system',
  EEXIST: 'a file is where a folder should be',
  ENOTDIR: 'a file is where a folder should be',
  ENOENT: 'no folder can be made there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

function unusableFolder(path: string, cause: unknown): AppError {
  const code = errorCode(cause) ?? 'unknown';
  const trouble = TROUBLES[code];
  const reason = `The data folder (GUANJIA_DATA_DIR) cannot be used: ${trouble ? `${trouble} (${code})` : code}.`;
  return new AppError(embeddedDatabaseUnusable, { reason, path }, { cause });
}

function randomName(random: Random): string {
  return Buffer.from(random.bytes(6)).toString('hex');
}
