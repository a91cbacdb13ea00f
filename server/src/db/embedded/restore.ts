import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import { AppError } from '../../kernel/error.ts';
import { errorCode } from '../../kernel/error-code.ts';
import { systemRandom } from '../../kernel/random.ts';
import { type Checksums, type Entry, readArchive, readText } from './archive.ts';
import { BACKUP_FORMAT, CLUSTER, HEADER, MANIFEST, PASSWORD } from './backup.ts';
import { prepareBinaries, SHARED_PLACE } from './binaries.ts';
import { type Places, placesIn, prepareDataDir, publishCluster } from './cluster.ts';
import { backupRefused } from './errors.ts';
import { runningPostmaster } from './postmaster.ts';
import { chooseRunAs, isRoot, type RunAs } from './run-as.ts';

/** Of the backup itself. */
export interface Restored {
  /** When the backup was begun, ISO 8601. */
  readonly at: string;
  readonly postgres: string;
  /** Where what was there before has gone, when it was moved aside. */
  readonly movedAside: string | undefined;
}

/** Small files that go beside the cluster: the password, and what the backup was told to take along. */
type SideFiles = Map<string, string>;

/**
 * Restores a backup into a data folder; the next start recovers it. The whole file is read, checked against
 * its checksums, and on the disk before anything that is there is touched.
 *
 * Refuses (`backup_refused`) a damaged or cut off file, one of another major version of PostgreSQL, and a
 * data folder that has a database, unless `force`: that is then moved aside, never deleted. A database that
 * runs is always refused.
 */
export async function restore(
  file: string,
  dataDir: string,
  options: {
    force?: boolean;
    clock?: Clock;
    say?: (line: string) => void;
    /** False for databases that are thrown away: nothing then waits for the disk. */
    durable?: boolean;
  } = {},
): Promise<Restored> {
  const { force = false, clock = systemClock, say = () => undefined, durable = true } = options;
  if (!existsSync(file)) throw refusal('There is no such file.', file);
  const places = placesIn(await prepareDataDir(dataDir));
  const occupied = existsSync(places.cluster) || existsSync(places.passwordFile);
  if (occupied && !force) throw refusal('There is a database already.', dataDir);
  await refuseRunning(places);
  const runAs = chooseRunAs();
  const copyTo = isRoot() ? SHARED_PLACE : places.dataDir;
  const { version } = await prepareBinaries({ runAs, copyTo, say });

  let movedAside: string | undefined;
  const side: SideFiles = new Map();
  let header = { at: '', postgres: '' };
  const fill = async (folder: string) => {
    header = await extract(file, { folder, runAs, side, version, durable }).catch(
      (error: unknown) => {
        if (error instanceof AppError) throw error;
        const what = error instanceof Error ? error.message : String(error);
        throw new AppError(
          backupRefused,
          { reason: `It is damaged: ${what}.`, path: file },
          { cause: error },
        );
      },
    );
    // From here on the backup is known to be whole: only now the old database makes room.
    if (occupied) movedAside = await moveAside(places, { clock, replaced: [...side.keys()] });
    for (const [name, text] of side) await writeDurably(join(places.dataDir, name), text);
  };
  await publishCluster({ places, runAs, random: systemRandom, say, fill });
  return { ...header, movedAside };
}

async function extract(
  file: string,
  target: {
    folder: string;
    runAs: RunAs | undefined;
    side: SideFiles;
    version: string;
    durable: boolean;
  },
): Promise<{ at: string; postgres: string }> {
  const found: Checksums = new Map();
  let header: { at: string; postgres: string } | undefined;
  let manifest: string | undefined;
  for await (const entry of readArchive(file)) {
    if (manifest !== undefined) throw new Error('there is something behind its end');
    const { path } = entry;
    if (path === MANIFEST) manifest = await readText(entry);
    else if (path === HEADER)
      header = checkHeader(await hashed(entry, found), target.version, file);
    else if (path === PASSWORD) target.side.set(PASSWORD, await hashed(entry, found));
    else if (path.startsWith('files/')) {
      target.side.set(basename(path), await hashed(entry, found));
    } else await extractOne(entry, target, found);
  }
  if (header === undefined || manifest === undefined) throw new Error('it is cut off');
  checkManifest(manifest, found);
  if (target.durable) await syncFolders(target.folder);
  return header;
}

async function hashed(entry: Entry, found: Checksums): Promise<string> {
  const text = await readText(entry);
  found.set(entry.path, createHash('sha256').update(text).digest('hex'));
  return text;
}

function checkHeader(
  text: string,
  version: string,
  file: string,
): { at: string; postgres: string } {
  const header: unknown = JSON.parse(text);
  if (typeof header !== 'object' || header === null) throw new Error('its header is not one');
  const { format, postgres, at } = { format: 0, postgres: '', at: '', ...header };
  if (format !== BACKUP_FORMAT)
    throw refusal(`It has form ${format}; ${BACKUP_FORMAT} can be read.`, file);
  const [major] = postgres.split('.');
  if (major === version.split('.')[0]) return { at, postgres };
  throw refusal(`It is of PostgreSQL ${postgres}, and this is ${version}.`, file);
}

async function extractOne(
  entry: Entry,
  target: { folder: string; runAs: RunAs | undefined; durable: boolean },
  found: Checksums,
): Promise<void> {
  const inside = entry.path.slice(CLUSTER.length + 1);
  const safe = entry.path.startsWith(`${CLUSTER}/`) && !normalize(inside).startsWith('..');
  if (!safe) throw new Error(`it has a strange entry: ${entry.path}`);
  const path = join(target.folder, inside);
  if (entry.folder) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (target.runAs) await chown(path, target.runAs.uid, target.runAs.gid);
    return;
  }
  const hash = createHash('sha256');
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of entry.body) {
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    if (target.runAs) await handle.chown(target.runAs.uid, target.runAs.gid);
    if (target.durable) await handle.sync();
  } finally {
    await handle.close();
  }
  found.set(entry.path, hash.digest('hex'));
}

/** Every file as it was written, none missing, none added. */
function checkManifest(text: string, found: Checksums): void {
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== 'object' || manifest === null) throw new Error('its manifest is not one');
  const wanted = new Map<string, unknown>(Object.entries(manifest));
  for (const [path, sum] of wanted) {
    if (found.get(path) !== sum) throw new Error(`${path} is not as it was written`);
  }
  if (wanted.size !== found.size) throw new Error('it has files that its manifest does not name');
}

/**
 * Moves the database that is there to a folder beside it, with the files that the backup replaces: the key that
 * opens what is sealed in it is one. Refuses while it runs.
 */
async function moveAside(
  places: Places,
  { clock, replaced }: { clock: Clock; replaced: readonly string[] },
): Promise<string> {
  await refuseRunning(places); // it may have been started while the backup was read
  const stamp = clock.now().toISOString().replaceAll(/[:.]/g, '-');
  const aside = join(places.dataDir, `before-restore-${stamp}`);
  await mkdir(aside, { mode: 0o711 });
  await chmod(aside, 0o711);
  const files = replaced.map((name) => join(places.dataDir, name));
  const { cluster, passwordFile, state, log } = places;
  for (const path of new Set([cluster, passwordFile, state, log, ...files])) {
    await rename(path, join(aside, basename(path))).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
    });
  }
  return aside;
}

async function refuseRunning(places: Places): Promise<void> {
  if (!existsSync(places.cluster) || !runningPostmaster(await realpath(places.cluster))) return;
  throw refusal('The database runs. Stop the server first.', places.dataDir);
}

async function writeDurably(path: string, text: string): Promise<void> {
  await rm(path, { force: true }); // a link would be written through
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: 0o600, flag: 'wx', flush: true });
}

/** The names of new files are on the disk only when their folders are. */
async function syncFolders(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  for (const found of await readdir(folder, { withFileTypes: true })) {
    if (found.isDirectory()) await syncFolders(join(folder, found.name));
  }
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function refusal(reason: string, path: string): AppError {
  return new AppError(backupRefused, { reason, path });
}
