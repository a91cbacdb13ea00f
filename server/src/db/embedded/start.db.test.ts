// Goal: PostgreSQL comes up by itself after whatever happened before, and goes when nobody uses it.
// Method: real servers in folders of their own; processes are killed for good (SIGKILL), and conditions are
// waited for, never times.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readlink, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import pg from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../../test/support/postgres.ts';
import { AppError } from '../../kernel/error.ts';
import { isPostmasterOf, runningPostmaster } from './postmaster.ts';
import { isRoot } from './run-as.ts';
import { type EmbeddedDatabase, startEmbedded } from './start.ts';

const PATIENCE = { timeout: 30_000, interval: 20 };
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function newDataDir(): Promise<string> {
  const dataDir = await temporaryFolder();
  cleanups.push(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  return dataDir;
}

async function startIn(dataDir: string): Promise<EmbeddedDatabase> {
  const database = await startEmbedded({ dataDir, durable: false });
  cleanups.push(() => database.stop());
  return database;
}

const clustersIn = (dataDir: string) =>
  readdirSync(dataDir).filter((name) => /^postgres($|\.new)/.test(name));

/** Another node process that uses the data folder. */
async function startElsewhere(dataDir: string) {
  const program = join(import.meta.dirname, 'child.fixture.ts');
  const child = spawn(process.execPath, [program, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = await lines.next();
  const { pid, port } = JSON.parse(String(line.value)) as { pid: number; port: number };
  const end = async () => {
    child.stdin.end();
    await gone;
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return { pid, port, end, kill };
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the server is killed under it in some tests
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const keep = (database: EmbeddedDatabase, note: string) =>
  query(database.adminUrl, `create table kept as select '${note}' as note`);
const kept = (database: EmbeddedDatabase) => query(database.adminUrl, 'select note from kept');

test('the first start makes a cluster that only we can enter; the second finds the data', async () => {
  const dataDir = await newDataDir();
  const first = await startIn(dataDir);
  const asked = `select current_setting('data_checksums') as checksums, current_setting('listen_addresses') as
    listens, current_setting('TimeZone') as zone, datcollate as collate from pg_database where datname = 'guanjia'`;
  expect(await query(first.adminUrl, asked)).toEqual([
    { checksums: 'on', listens: '127.0.0.1', zone: 'UTC', collate: 'C' },
  ]);
  expect((await stat(first.passwordFile)).mode & 0o777).toBe(0o600);
  const wrong = new URL(first.adminUrl);
  wrong.password = 'password';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  expect(await query(first.url, 'select current_user as me')).toEqual([{ me: 'guanjia' }]);
  await keep(first, 'one');
  await first.stop();
  expect(runningPostmaster(first.folder)).toBeUndefined();

  const second = await startIn(dataDir);
  expect(await kept(second)).toEqual([{ note: 'one' }]);
  expect(second.port).toBe(first.port);
});

test('durable settings are the default', async () => {
  const dataDir = await newDataDir();
  const database = await startEmbedded({ dataDir });
  cleanups.push(() => database.stop());
  const asked = `select name, setting from pg_settings
    where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name`;
  expect(await query(database.adminUrl, asked)).toEqual([
    { name: 'fsync', setting: 'on' },
    { name: 'full_page_writes', setting: 'on' },
    { name: 'synchronous_commit', setting: 'on' },
  ]);
});

test('a server orphaned by kill -9 is taken over, and stopped by the one who took it', async () => {
  const dataDir = await newDataDir();
  const child = await startElsewhere(dataDir);
  await child.kill();
  const database = await startIn(dataDir);
  expect(database.pid()).toBe(child.pid);
  await database.stop();
  expect(isPostmasterOf(database.folder, child.pid)).toBe(false);
});

test('of two processes on one data folder the last to stop stops the server', async () => {
  const dataDir = await newDataDir();
  const database = await startIn(dataDir);
  const child = await startElsewhere(dataDir);
  expect(child.pid).toBe(database.pid());
  await child.end();
  expect(await query(database.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);

  const other = await startElsewhere(dataDir);
  await database.stop();
  expect(isPostmasterOf(database.folder, other.pid)).toBe(true);
  await other.end();
  expect(isPostmasterOf(database.folder, other.pid)).toBe(false);
});

test('two first starts at once end up with one cluster and one server', async () => {
  const dataDir = await newDataDir();
  const [one, two] = await Promise.all([startIn(dataDir), startElsewhere(dataDir)]);
  expect(one.pid()).toBe(two.pid);
  expect(readdirSync(dataDir).filter((name) => name.startsWith('postgres.new'))).toEqual([]);
});

test('a killed PostgreSQL is started again on its port, with what was committed', async () => {
  const database = await startIn(await newDataDir());
  await keep(database, 'before the kill');
  const before = database.pid();
  // A backend that is busy does not notice that its parent died: it holds the shared memory meanwhile.
  const busy = query(
    database.adminUrl,
    'select count(*) from generate_series(1, 1000000000)',
  ).catch(() => undefined);
  await vi.waitUntil(() => isBusy(database), PATIENCE);
  process.kill(before, 'SIGKILL');
  await vi.waitUntil(() => database.pid() !== before, PATIENCE);
  await busy;
  expect(await kept(database)).toEqual([{ note: 'before the kill' }]);
});

test('a server whose backend crashed is waited for, not restarted', async () => {
  const database = await startIn(await newDataDir());
  const before = database.pid();
  await query(
    database.adminUrl,
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
  );
  await vi.waitUntil(() => leases(database), PATIENCE);
  expect(database.pid()).toBe(before);
});

async function isBusy(database: EmbeddedDatabase): Promise<boolean> {
  const asked = `select from pg_stat_activity where state = 'active' and query like '%generate_series%'
    and pid <> pg_backend_pid()`;
  return (await query(database.adminUrl, asked)).length === 1;
}

async function leases(database: EmbeddedDatabase): Promise<boolean> {
  const asked = `select from pg_stat_activity where application_name = 'guanjia lease'`;
  return (await query(database.adminUrl, asked)).length === 1;
}

test('a server is stopped although the connection to it was lost just before', async () => {
  const database = await startIn(await newDataDir());
  const others =
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()';
  await query(database.adminUrl, others);
  await database.stop();
  expect(runningPostmaster(database.folder)).toBeUndefined();
});

test('a PostgreSQL that cannot come back is reported once, with its log', async () => {
  const dataDir = await newDataDir();
  const told: unknown[] = [];
  const onFailure = (error: unknown) => told.push(error);
  const database = await startEmbedded({ dataDir, durable: false, onFailure, maxRestarts: 3 });
  cleanups.push(() => database.stop());
  await rename(join(database.folder, 'global'), join(database.folder, 'global-away'));
  process.kill(database.pid(), 'SIGKILL');
  await vi.waitUntil(() => told.length > 0, { ...PATIENCE, timeout: 55_000 });
  expect(told).toHaveLength(1);
  const error = told[0];
  expect(error).toBeInstanceOf(AppError);
  expect((error as AppError).facts['lastLines']).not.toHaveLength(0);
});

test('a first start that is aborted leaves neither a cluster nor half of one', async () => {
  const dataDir = await newDataDir();
  const aborting = new AbortController();
  const starting = startEmbedded({ dataDir, durable: false, signal: aborting.signal });
  const refused = expect(starting).rejects.toThrow(/aborted/);
  await vi.waitUntil(() => clustersIn(dataDir).length > 0, { ...PATIENCE, interval: 1 });
  aborting.abort();
  await refused;
  expect(clustersIn(dataDir)).toEqual([]);
  const database = await startIn(dataDir);
  expect(await query(database.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
});

test('a start that is aborted stops the PostgreSQL that it started', async () => {
  const dataDir = await newDataDir();
  const { folder, stop } = await startIn(dataDir);
  await stop();
  const aborting = new AbortController();
  const starting = startEmbedded({ dataDir, durable: false, signal: aborting.signal });
  const refused = expect(starting).rejects.toThrow(/aborted/);
  const isStarting = () => runningPostmaster(folder) !== undefined;
  await vi.waitUntil(isStarting, { ...PATIENCE, interval: 1 });
  aborting.abort();
  await refused;
  expect(runningPostmaster(folder)).toBeUndefined();
});

// Goal: stopping ends, whatever the database does. Method: the process that answers us is halted (SIGSTOP).
test('a PostgreSQL that does not answer is not waited for', async () => {
  const said: string[] = [];
  const log = { info: () => undefined, error: (line: string) => said.push(line) };
  const dataDir = await newDataDir();
  const database = await startEmbedded({ dataDir, durable: false, log });
  const asked = `select pid from pg_stat_activity where application_name = 'guanjia lease'`;
  const [backend] = (await query(database.adminUrl, asked)) as { pid: number }[];
  if (!backend) throw new Error('there is a lease');
  process.kill(backend.pid, 'SIGSTOP');
  await database.stop();
  process.kill(backend.pid, 'SIGCONT');
  expect(said).toEqual([expect.stringContaining(`process ${database.pid()} is left as it is`)]);
  const next = await startIn(dataDir);
  expect(next.pid()).toBe(database.pid());
});

test('a pid file whose number belongs to another process now does not keep it from starting', async () => {
  const dataDir = await newDataDir();
  const database = await startIn(dataDir);
  const pidFile = join(database.folder, 'postmaster.pid');
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  await database.stop();
  writeFileSync(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));
  const again = await startIn(dataDir);
  expect(await query(again.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
});

test('what a killed first start left behind is removed', async () => {
  const dataDir = await newDataDir();
  const attempt = join(dataDir, 'postgres.new-999999999-abc');
  await mkdir(join(attempt, 'base'), { recursive: true });
  const database = await startIn(dataDir);
  expect(await query(database.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  expect(existsSync(attempt)).toBe(false);
});

test('a remembered port that another program has taken is given up for another', async () => {
  const dataDir = await newDataDir();
  const first = await startIn(dataDir);
  await first.stop();
  const squatter = createServer().listen({ port: first.port, host: '127.0.0.1' });
  cleanups.push(() => new Promise((resolve) => squatter.close(resolve)));
  await new Promise((resolve) => squatter.on('listening', resolve));
  const second = await startIn(dataDir);
  expect(second.port).not.toBe(first.port);
});

test('one that does not know our password is not left running', async () => {
  const dataDir = await newDataDir();
  const database = await startIn(dataDir);
  await database.stop();
  writeFileSync(database.passwordFile, 'wrong');
  const refused = startEmbedded({ dataDir, durable: false });
  const reason = expect.stringContaining(database.passwordFile) as unknown;
  await expect(refused).rejects.toMatchObject({ facts: { reason } });
  expect(runningPostmaster(database.folder)).toBeUndefined();
});

test('files of another version of PostgreSQL are said to be that', async () => {
  const dataDir = await newDataDir();
  const { folder, stop } = await startIn(dataDir);
  await stop();
  writeFileSync(join(folder, 'PG_VERSION'), '17\n');
  const reason = expect.stringContaining('of PostgreSQL 17') as unknown;
  await expect(startEmbedded({ dataDir })).rejects.toMatchObject({ facts: { reason } });
});

test("a folder of the cluster's name that is no cluster is left alone", async () => {
  const dataDir = await newDataDir();
  await mkdir(join(dataDir, 'postgres'));
  await expect(startEmbedded({ dataDir })).rejects.toMatchObject({
    definition: { code: 'embedded_database_unusable' },
    facts: { path: join(dataDir, 'postgres') },
  });
  expect(readdirSync(dataDir)).toEqual(['postgres']);
});

test('a data folder that cannot be made is refused with its path', async () => {
  const file = join(await newDataDir(), 'file');
  writeFileSync(file, '');
  await expect(startEmbedded({ dataDir: join(file, 'data') })).rejects.toMatchObject({
    definition: { code: 'embedded_database_unusable' },
    facts: { path: join(file, 'data') },
  });
});

test.runIf(isRoot())(
  'below a folder that only root may enter, the cluster is kept elsewhere',
  async () => {
    const closed = await newDataDir();
    await chmod(closed, 0o700);
    const dataDir = join(closed, 'data');
    const said: string[] = [];
    const log = { info: (line: string) => said.push(line), error: () => undefined };
    const database = await startEmbedded({ dataDir, durable: false, log });
    cleanups.push(() => rm(database.folder, { recursive: true, force: true }));
    cleanups.push(() => database.stop());
    expect(await query(database.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    expect(await readlink(join(dataDir, 'postgres'))).toBe(database.folder);
    expect(dirname(database.folder)).toBe('/var/lib/guanjia/clusters');
    expect(said).toEqual([expect.stringContaining(database.folder)]);
  },
);
