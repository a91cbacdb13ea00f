// Goal: whatever way a database goes, what it does to a statement is known for that; and what is wrong with a
// statement is not. Method: a PostgreSQL of its own is refused, killed, and halted (SIGSTOP), under each kind of
// connection.
import { rm } from 'node:fs/promises';
import { sql } from 'kysely';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../test/support/postgres.ts';
import { type Database, isUnavailable, openDatabase } from './database.ts';
import { type EmbeddedDatabase, startEmbedded } from './embedded/index.ts';

const dataDir = await temporaryFolder();
let embedded: EmbeddedDatabase;
let database: Database;
const open = () =>
  openDatabase({ url: embedded.adminUrl, connections: 2, batchConnections: 2, asOwner: true });

beforeAll(async () => {
  embedded = await startEmbedded({ dataDir, durable: false });
  database = await open();
});
afterAll(async () => {
  await database.close();
  await embedded.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

/** The error that the work ends with. */
async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const ask = () => errorOf(sql`select 1`.execute(database.db));
const askEach = () =>
  Promise.all([
    ask(),
    errorOf(database.batches.query('select 1')),
    errorOf(database.sessions.connect().then((client) => client.release())),
  ]);
const backUp = () => vi.waitUntil(async () => (await ask()) === undefined, { timeout: 30_000 });

test('what is wrong with a statement is no outage', async () => {
  const errors = [
    await errorOf(sql`select 1 / 0`.execute(database.db)),
    await errorOf(database.batches.query('selec')),
    new Error('the connection of ideas: timeout exceeded when trying to connect'),
    new TypeError('connection'),
  ];
  expect(errors.map(isUnavailable)).toEqual([false, false, false, false]);
});

test('killed: statements under way and the next ones on the same connection', async () => {
  const holder = await database.sessions.connect();
  await holder.query('select pg_advisory_lock(1)');
  const clients: pg.PoolClient[] = [
    await database.batches.connect(),
    await database.sessions.connect(),
  ];
  const pids = await Promise.all(clients.map(backendOf));
  const underWay = clients.map((client) => errorOf(client.query('select pg_advisory_lock(1)')));
  const before = embedded.pid();
  // Nobody is left to say a word: the connections end without a code.
  for (const pid of [...pids, before]) process.kill(pid, 'SIGKILL');
  const broken = await Promise.all(underWay);
  const after = await Promise.all(clients.map((client) => errorOf(client.query('select 1'))));
  for (const client of [holder, ...clients]) client.release(true);
  expect([...broken, ...after].map(isUnavailable)).toEqual([true, true, true, true]);
  expect(after.every((error) => error instanceof Error && !('code' in error))).toBe(true);
  await vi.waitUntil(() => embedded.pid() !== before, { timeout: 30_000 });
  await backUp();
});

async function backendOf(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

test('refused', async () => {
  const [port, address] = ['1', new URL(embedded.adminUrl)];
  address.port = port;
  expect(isUnavailable(await errorOf(openDatabase({ url: address.href })))).toBe(true);
  const nowhere = await openDatabase({ url: address.href, asOwner: true });
  expect(isUnavailable(await errorOf(sql`select 1`.execute(nowhere.db)))).toBe(true);
  await nowhere.close();
});

test('halted: connections that are not to be had in time', async () => {
  const fresh = await open();
  const pid = embedded.pid();
  process.kill(pid, 'SIGSTOP');
  try {
    const errors = await Promise.all([
      errorOf(sql`select 1`.execute(fresh.db)),
      errorOf(fresh.batches.query('select 1')),
      errorOf(fresh.sessions.connect()),
      errorOf(openDatabase({ url: embedded.url })),
    ]);
    expect(errors.map(isUnavailable)).toEqual([true, true, true, true]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await fresh.close();
  await backUp();
});

test('halted: answers that do not come', async () => {
  const fresh = await openDatabase({
    ...{ url: embedded.adminUrl, connections: 1, batchConnections: 1, asOwner: true },
    answerTimeoutMs: 300,
  });
  const batch = await fresh.batches.connect();
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(fresh.db);
  const batchPid = await batch.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pids = [rows[0]!.pid, batchPid.rows[0]!.pid];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    const errors = await Promise.all([
      errorOf(sql`select 1`.execute(fresh.db)),
      errorOf(batch.query('select 1')),
      errorOf(batch.query('select 2')),
    ]);
    expect(errors.map(isUnavailable)).toEqual([true, true, true]);
    batch.release(true);
    // Others are made in their stead.
    await vi.waitFor(() => sql`select 1`.execute(fresh.db));
    await vi.waitFor(() => fresh.batches.query('select 1'));
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  await fresh.close();
});

test('all connections in use for too long', async () => {
  const taken = [await database.batches.connect(), await database.batches.connect()];
  expect(isUnavailable(await errorOf(database.batches.query('select 1')))).toBe(true);
  for (const client of taken) client.release();
});

test('after the end', async () => {
  const closed = await open();
  await closed.close();
  expect(isUnavailable(await errorOf(closed.batches.query('select 1')))).toBe(true);
  expect((await askEach()).map(isUnavailable)).toEqual([false, false, false]);
});
