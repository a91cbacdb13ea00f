import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import { AppError } from '../../kernel/error.ts';
import { errorCode } from '../../kernel/error-code.ts';
import {
  type Checksums,
  type Entry,
  endOfArchive,
  folderEntry,
  packEntry,
  textEntry,
} from './archive.ts';
import { backupRefused } from './errors.ts';
import type { EmbeddedDatabase } from './start.ts';

/** The form of the archive: raised when an older version could not read it. */
export const BACKUP_FORMAT = 1;
/** Entries of the archive beside the cluster's files, which are below `cluster/`. */
export const HEADER = 'backup.json';
export const PASSWORD = 'postgres.password';
export const MANIFEST = 'manifest.json';
export const CLUSTER = 'cluster';

const READ_BYTES = 256 * 1024;
/** Quick rather than small: the server needs the processor too. */
const GZIP_LEVEL = 1;

/** Folders whose content belongs to the running server, or is copied apart (the WAL). */
const EMPTIED = new Set(
  ['pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_notify', 'pg_serial', 'pg_snapshots'].concat(
    'pg_stat_tmp',
    'pg_subtrans',
  ),
);
/** Files of the running server; backup_label and tablespace_map are written as PostgreSQL gives them. */
const LEFT_OUT =
  /^(postmaster\.(pid|opts)|backup_label(\.old)?|tablespace_map(\.old)?|current_logfiles|pgsql_tmp.*|pg_internal\.init.*|.*\.tmp)$/;
/** Copied last, so that it knows of every checkpoint that the files know of. */
const CONTROL_FILE = 'global/pg_control';

/** How far a backup is, in bytes before compression. */
export interface BackupProgress {
  readonly copiedBytes: number;
  /** Of the cluster when the backup began: an estimate. */
  readonly totalBytes: number;
}

/** What a backup came to. */
export interface BackupSummary {
  readonly file: string;
  readonly sizeBytes: number;
  readonly files: number;
}

/**
 * Backs the running database up, whole, into one file; the server goes on meanwhile. Everything that was
 * committed before the call is in it. PostgreSQL's low-level API (documentation, 25.3.4): the files are
 * copied as they are, torn or not, and the WAL of the same time makes them consistent when restored.
 *
 * `files` are names of further files in the data folder that belong with it (keys). The backup holds the
 * password of the database: it is readable by its owner only. It appears under its name when it is whole
 * and on the disk. Throws `backup_refused`.
 */
export async function backup(
  options: {
    database: Pick<EmbeddedDatabase, 'adminUrl' | 'folder' | 'passwordFile'>;
    files?: readonly string[];
    clock?: Clock;
    onProgress?: (progress: BackupProgress) => void;
  },
  file: string,
): Promise<BackupSummary> {
  if (file === '') throw refusal('It needs a name.', file);
  if (existsSync(file)) throw refusal('There is a file of that name already.', file);
  if (!isFolder(dirname(file))) throw refusal('There is no such folder to write it into.', file);
  const { database } = options;
  const draft = `${file}.${randomUUID()}.part`;
  const client = new pg.Client({ connectionString: database.adminUrl });
  client.on('error', () => undefined); // the statement that is under way fails, and says so
  try {
    await client.connect();
    const checksums: Checksums = new Map();
    const bytes = Readable.from(archive(client, options, checksums), { objectMode: false });
    const target = createWriteStream(draft, { mode: 0o600, flags: 'wx', flush: true });
    await pipeline(bytes, createGzip({ level: GZIP_LEVEL }), target);
    await rename(draft, file);
    await syncFolder(dirname(file));
    return { file, sizeBytes: (await stat(file)).size, files: checksums.size };
  } catch (error) {
    if (error instanceof AppError) throw error;
    const what = error instanceof Error ? error.message : String(error);
    const reason = errorCode(error) === 'ENOSPC' ? 'The disk is full.' : `It failed: ${what}.`;
    throw new AppError(backupRefused, { reason, path: file }, { cause: error });
  } finally {
    await client.end().catch(() => undefined); // ends the backup and drops the slot, if still there
    await rm(draft, { force: true });
  }
}

async function* archive(
  client: pg.Client,
  options: Parameters<typeof backup>[0],
  checksums: Checksums,
): AsyncGenerator<Buffer> {
  const { database, files = [], clock = systemClock } = options;
  const report = await progressReporter(client, options.onProgress);
  const pack = (entry: Entry) => report(packEntry(entry, checksums));

  await refuseTablespaces(database.folder);
  const server = await row<{ version: string }>(
    client,
    `select current_setting('server_version') as version`,
  );
  const header = { format: BACKUP_FORMAT, postgres: server.version, at: clock.now().toISOString() };
  yield* pack(textEntry(HEADER, JSON.stringify(header)));
  yield* pack(textEntry(PASSWORD, await readFile(database.passwordFile, 'utf8')));
  const dataDir = dirname(database.passwordFile);
  for (const name of files) {
    for await (const entry of fileEntries(join(dataDir, name), `files/${name}`)) yield* pack(entry);
  }

  // The slot keeps the WAL from here on until the connection ends, however long the copying takes.
  const slot = `guanjia_backup_${randomUUID().replaceAll('-', '')}`;
  await client.query('select pg_create_physical_replication_slot($1, true, true)', [slot]);
  await client.query(`select pg_backup_start('guanjia', true)`);
  for await (const entry of clusterEntries(database.folder, '')) yield* pack(entry);
  const control = join(database.folder, CONTROL_FILE);
  for await (const entry of fileEntries(control, `${CLUSTER}/${CONTROL_FILE}`)) yield* pack(entry);

  const stopped = await row<{ label: string; map: string; last: string }>(
    client,
    `select labelfile as label, spcmapfile as map, pg_walfile_name(lsn) as last from pg_backup_stop(false)`,
  );
  yield* pack(textEntry(`${CLUSTER}/backup_label`, stopped.label));
  if (stopped.map !== '') yield* pack(textEntry(`${CLUSTER}/tablespace_map`, stopped.map));
  const first = /START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/.exec(stopped.label)?.[1];
  if (first === undefined)
    throw new Error('PostgreSQL did not say where the WAL of the backup begins');
  yield* pack(folderEntry(`${CLUSTER}/pg_wal`));
  for (const name of await walSegments(database.folder, { first, last: stopped.last })) {
    const path = `${CLUSTER}/pg_wal/${name}`;
    for await (const entry of fileEntries(join(database.folder, 'pg_wal', name), path))
      yield* pack(entry);
  }
  const manifest = JSON.stringify(Object.fromEntries(checksums));
  yield* packEntry(textEntry(MANIFEST, manifest), new Map());
  yield endOfArchive();
}

/** Counts what goes by and tells it on. */
async function progressReporter(
  client: pg.Client,
  onProgress: ((progress: BackupProgress) => void) | undefined,
) {
  const sum = 'select sum(pg_database_size(oid))::text as total from pg_database';
  const totalBytes = Number((await row<{ total: string }>(client, sum)).total);
  let copiedBytes = 0;
  return async function* report(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      copiedBytes += chunk.length;
      yield chunk;
    }
    onProgress?.({ copiedBytes, totalBytes });
  };
}

async function* clusterEntries(folder: string, below: string): AsyncGenerator<Entry> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(unlessGone);
  for (const found of entries ?? []) {
    const path = below === '' ? found.name : `${below}/${found.name}`;
    if (LEFT_OUT.test(found.name) || path === CONTROL_FILE || path === 'pg_wal') continue;
    if (found.isDirectory()) {
      yield folderEntry(`${CLUSTER}/${path}`);
      if (!EMPTIED.has(path)) yield* clusterEntries(folder, path);
    } else if (found.isFile()) yield* fileEntries(join(folder, path), `${CLUSTER}/${path}`);
  }
}

/** The file as an entry, or nothing when it has vanished meanwhile. */
async function* fileEntries(from: string, path: string): AsyncGenerator<Entry> {
  const handle = await open(from, 'r').catch(unlessGone);
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    yield { path, size, folder: false, body: contents(handle) };
  } finally {
    await handle.close();
  }
}

async function* contents(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The segments between two names, both included. Names of one timeline sort as their content does. */
async function walSegments(
  folder: string,
  range: { first: string; last: string },
): Promise<string[]> {
  const names = (await readdir(join(folder, 'pg_wal'))).sort();
  const wanted = names.filter((name) => /^[0-9A-F]{24}$/.test(name));
  const found = wanted.filter((name) => name >= range.first && name <= range.last);
  if (found[0] !== range.first) throw new Error(`the WAL segment ${range.first} is gone`);
  return found;
}

async function refuseTablespaces(folder: string): Promise<void> {
  if ((await readdir(join(folder, 'pg_tblspc'))).length === 0) return;
  throw refusal(
    'The database has tablespaces outside its folder; use pg_basebackup for it.',
    folder,
  );
}

async function row<T extends pg.QueryResultRow>(client: pg.Client, text: string): Promise<T> {
  const { rows } = await client.query<T>(text);
  if (rows[0] === undefined) throw new Error(`no row: ${text}`);
  return rows[0];
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // it cannot open folders, and does not need to
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function unlessGone(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function refusal(reason: string, path: string): AppError {
  return new AppError(backupRefused, { reason, path });
}
