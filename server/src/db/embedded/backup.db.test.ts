// Goal: a backup that is made under load restores to a consistent database with all that was committed before
// it began, and a damaged one is refused before anything is touched.
// Method: a writer commits pairs of rows all the while, so a torn pair shows a torn restore.
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/support/postgres.ts';
import { type BackupProgress, backup } from './backup.ts';
import { restore } from './restore.ts';
import { type EmbeddedDatabase, startEmbedded } from './start.ts';

const cleanups: (() => Promise<unknown>)[] = [];
let source: EmbeddedDatabase;
let file: string;
let committedBefore = 0;
const progress: BackupProgress[] = [];

async function newFolder(): Promise<string> {
  const folder = await temporaryFolder();
  cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

async function startIn(dataDir: string): Promise<EmbeddedDatabase> {
  const database = await startEmbedded({ dataDir, durable: false });
  cleanups.push(() => database.stop());
  return database;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function counts(url: string): Promise<{ pairs: number; torn: number }> {
  const client = await connect(url);
  const { rows } = await client.query<{ pairs: number; torn: number }>(`
    select count(*)::int as pairs, count(*) filter (where n <> 2)::int as torn
      from (select pair, count(*) as n from entry group by pair) as p`);
  await client.end();
  return rows[0]!;
}

beforeAll(async () => {
  const folder = await newFolder();
  source = await startIn(folder);
  file = join(await newFolder(), 'guanjia.backup');
  writeFileSync(join(folder, 'seal.key'), 'the key');
  const client = await connect(source.adminUrl);
  await client.query(
    'create table entry (pair int, side int, filler text, primary key (pair, side))',
  );
  const insert = `insert into entry select $1, side, repeat('x', 2000) from generate_series(1, 2) side`;
  let done = false;
  let backingUp = false;
  const begun = Promise.withResolvers<void>();
  const write = async () => {
    for (let pair = 0; !done; pair += 1) {
      await client.query('begin');
      await client.query(insert, [pair]);
      await client.query('commit');
      committedBefore += backingUp ? 0 : 1;
      if (pair === 300) begun.resolve();
    }
  };
  const writing = write();
  await begun.promise;
  backingUp = true;
  const onProgress = (step: BackupProgress) => progress.push(step);
  await backup({ database: source, files: ['seal.key'], onProgress }, file);
  done = true;
  await writing;
  await client.end();
});

afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('what was committed before the backup is in the restored database, and nothing is torn', async () => {
  const dataDir = await newFolder();
  await restore(file, dataDir, throwaway);
  const restored = await startIn(dataDir);
  const { pairs, torn } = await counts(restored.adminUrl);
  expect(torn).toBe(0);
  expect(pairs).toBeGreaterThanOrEqual(committedBefore);
  expect(pairs).toBeLessThanOrEqual((await counts(source.adminUrl)).pairs);
  expect(committedBefore).toBeGreaterThan(300);
  // Every page through both paths: checksums are verified on reading.
  const client = await connect(restored.adminUrl);
  const { rows } = await client.query<{ n: number }>('select count(filler)::int as n from entry');
  await client.query('set enable_seqscan = off');
  const indexed = await client.query('select count(*)::int as n from entry where pair >= 0');
  expect(indexed.rows).toEqual(rows);
  await client.end();
  expect(readFileSync(join(dataDir, 'seal.key'), 'utf8')).toBe('the key');
});

test('the backup is for its owner only, told how far it was, and left no draft', () => {
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const last = progress.at(-1);
  expect(last?.copiedBytes).toBeGreaterThan(1_000_000);
  expect(readdirSync(join(file, '..'))).toEqual(['guanjia.backup']);
});

function damagedCopy(folder: string, damage: (bytes: Buffer) => void): string {
  const copy = join(folder, 'damaged');
  const bytes = readFileSync(file);
  damage(bytes);
  writeFileSync(copy, bytes);
  return copy;
}

const throwaway = { durable: false };
const refused = (reason: RegExp) => ({
  definition: { code: 'backup_refused' },
  facts: { reason: expect.stringMatching(reason) as string },
});

test.each([0, 0.5, 0.999])(
  'a byte flipped at %d of it is refused, and nothing is left',
  async (at) => {
    const folder = await newFolder();
    const copy = damagedCopy(folder, (bytes) => {
      const place = Math.floor(bytes.length * at);
      bytes[place] = bytes[place]! ^ 0x40;
    });
    const dataDir = join(folder, 'data');
    await expect(restore(copy, dataDir, throwaway)).rejects.toMatchObject(refused(/damaged/));
    expect(readdirSync(dataDir)).toEqual([]);
  },
);

test.each([1, 5_000])('a backup without its last %d bytes is refused', async (missing) => {
  const folder = await newFolder();
  const copy = damagedCopy(folder, () => undefined);
  truncateSync(copy, statSync(copy).size - missing);
  await expect(restore(copy, join(folder, 'data'), throwaway)).rejects.toMatchObject(
    refused(/damaged/),
  );
});

test('a data folder with a database is refused; with force it is moved aside, not when it runs', async () => {
  const dataDir = await newFolder();
  const old = await startIn(dataDir);
  await expect(restore(file, dataDir)).rejects.toMatchObject(refused(/already/));
  await expect(restore(file, dataDir, { force: true, durable: false })).rejects.toMatchObject(
    refused(/runs/),
  );
  await old.stop();
  writeFileSync(join(dataDir, 'seal.key'), 'the old key');
  const { movedAside } = await restore(file, dataDir, { force: true, durable: false });
  expect(existsSync(join(movedAside!, 'postgres', 'PG_VERSION'))).toBe(true);
  // Whoever goes back to the old database needs its own key.
  expect(readFileSync(join(movedAside!, 'seal.key'), 'utf8')).toBe('the old key');
  expect(readFileSync(join(dataDir, 'seal.key'), 'utf8')).toBe('the key');
  const restored = await startIn(dataDir);
  expect((await counts(restored.adminUrl)).torn).toBe(0);
});

test('a file that is there is not written over', async () => {
  await expect(backup({ database: source }, file)).rejects.toMatchObject(refused(/already/));
});

test.each([
  ['a folder that does not exist', () => join(file, '..', 'none', 'a.backup'), /no such folder/],
  ['a file as the folder', () => join(file, 'a.backup'), /no such folder/],
  ['no name', () => '', /name/],
])('a backup is refused for %s', async (_, to, reason) => {
  await expect(backup({ database: source }, to())).rejects.toMatchObject(refused(reason));
});
