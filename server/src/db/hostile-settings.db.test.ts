// Goal: whatever a role or a database has set, what is answered is durable, and is read as it was written. Method:
// roles and databases with every setting against us, on the cluster of the run.
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { connectionTo } from './connection.ts';
import { openDatabase } from './database.ts';
import { migrate } from './migrate.ts';
import { UnfitDatabase } from './unfit-database.ts';

const migrated = await freshDatabase();
const admin = new pg.Client({ connectionString: migrated.adminUrl });
const suffix = randomBytes(6).toString('hex');
const role = `hostile_${suffix}`;
const dropped: string[] = [];

const HOSTILE = [
  ...['synchronous_commit = off', "DateStyle = 'German, DMY'", 'IntervalStyle = sql_standard'],
  ...['bytea_output = escape', "timezone = 'Asia/Tokyo'", 'array_nulls = off'],
  ...['standard_conforming_strings = off', 'extra_float_digits = -5', "search_path = 'nowhere'"],
  ...["default_transaction_isolation = 'serializable'", 'lock_timeout = 1'],
];

function urlOf(database: string, user?: string): string {
  const url = new URL(migrated.adminUrl);
  url.pathname = `/${database}`;
  if (user !== undefined) [url.username, url.password] = [user, 'secret'];
  return url.href;
}

beforeAll(async () => {
  await admin.connect();
  await admin.query(`create role ${role} login password 'secret' in role guanjia_app`);
  for (const setting of HOSTILE) await admin.query(`alter role ${role} set ${setting}`);
});
afterAll(async () => {
  for (const name of dropped) await admin.query(`drop database if exists ${name} with (force)`);
  await admin.query(`drop role ${role}`);
  await admin.end();
});

/** An empty database; with settings of its own. */
async function emptyDatabase(how = '', settings: readonly string[] = []): Promise<string> {
  const name = `hostile_${suffix}_${dropped.length}`;
  dropped.push(name);
  await admin.query(`create database ${name} ${how}`);
  for (const setting of settings) await admin.query(`alter database ${name} set ${setting}`);
  return name;
}

const SEEN = `
  select current_setting('synchronous_commit') as commit, date '2026-11-24'::text as date,
         '2026-11-24 10:00+08'::timestamptz::text as time, interval '1 day 2 hours'::text as span,
         '\\x41'::bytea::text as bytes, '{null}'::text[] as nulls, 0.1::float8 + 0.2 as sum,
         current_setting('transaction_isolation') as isolation, current_schema() as schema`;
const FRIENDLY = {
  ...{ commit: 'on', date: '2026-11-24', time: '2026-11-24 02:00:00+00', span: '1 day 02:00:00' },
  ...{ bytes: '\\x41', nulls: [null], sum: 0.30000000000000004, isolation: 'read committed' },
  schema: 'public',
};

test('every connection makes its own settings, whatever those of its role are', async () => {
  const database = await openDatabase({ url: urlOf(migrated.name, role) });
  const [ordinary] = (await sql.raw(SEEN).execute(database.db)).rows;
  const [batch] = (await database.batches.query(SEEN)).rows as unknown[];
  const [session] = (await database.sessions.query(SEEN)).rows as unknown[];
  await database.close();
  expect([ordinary, batch, session]).toEqual([FRIENDLY, FRIENDLY, FRIENDLY]);
});

test('options in the address do not replace them', async () => {
  const url = new URL(urlOf(migrated.name, role));
  url.searchParams.set('options', '-c role=guanjia_app -c synchronous_commit=off -c work_mem=5MB');
  const database = await openDatabase({ url: url.href });
  const { rows } = await database.batches.query(`
    select current_user as role, current_setting('synchronous_commit') as commit,
           current_setting('work_mem') as memory, current_setting('lock_timeout') as lock`);
  await database.close();
  expect(rows).toEqual([{ role: 'guanjia_app', commit: 'on', memory: '5MB', lock: '5s' }]);
});

test('a commit that waits for more than we ask is left as it is; a weaker one is not', async () => {
  for (const [set, got] of [
    ['remote_apply', 'remote_apply'],
    ['local', 'on'],
  ] as const) {
    const name = await emptyDatabase('', [`synchronous_commit = ${set}`]);
    const database = await openDatabase({ url: urlOf(name) });
    const { rows } = await database.batches.query('show synchronous_commit');
    await database.close();
    expect(rows).toEqual([{ synchronous_commit: got }]);
  }
});

test('what is set while the server runs changes nothing for new connections', async () => {
  const name = await emptyDatabase();
  const database = await openDatabase({ url: urlOf(name) });
  await admin.query(`alter database ${name} set synchronous_commit = off`);
  const { rows } = await database.batches.query('show synchronous_commit');
  await database.close();
  expect(rows).toEqual([{ synchronous_commit: 'on' }]);
});

test('a database with hostile settings is migrated as any other', async () => {
  const name = await emptyDatabase('', HOSTILE);
  expect((await migrate(urlOf(name))).length).toBeGreaterThan(0);
  expect(await left(name)).toContain('public.account');
});

/** The tables and schemas in a database. */
async function left(name: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: urlOf(name) });
  await client.connect();
  const { rows } = await client.query<{ what: string }>(`
    select nspname || coalesce('.' || relname, '') as what
      from pg_namespace n left join pg_class c on c.relnamespace = n.oid and relkind = 'r'
     where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1`);
  await client.end();
  return rows.map(({ what }) => what);
}

test('an encoding that cannot hold every character is refused before anything is made', async () => {
  const how = "encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0";
  const name = await emptyDatabase(how);
  const refused = migrate(urlOf(name));
  await expect(refused).rejects.toBeInstanceOf(UnfitDatabase);
  await expect(refused).rejects.toThrow(/encoding LATIN1.*encoding 'UTF8'.*\n.*UTF8/);
  expect(await left(name)).toEqual(['public']);
});

async function run(name: string, statement: string): Promise<void> {
  const client = new pg.Client(connectionTo(urlOf(name)));
  await client.connect();
  await client.query(statement);
  await client.end();
}

test('a database of another program is refused, and nothing is left in it', async () => {
  const name = await emptyDatabase();
  await run(name, 'create table account (id integer)');
  const refused = migrate(urlOf(name));
  await expect(refused).rejects.toBeInstanceOf(UnfitDatabase);
  await expect(refused).rejects.toThrow(/relation "account" already exists.*empty database.*\n/);
  expect(await left(name)).toEqual(['public.account']);
});

test('a database without the schema that the tables stand in is refused', async () => {
  const name = await emptyDatabase();
  await run(name, 'drop schema public');
  const refused = migrate(urlOf(name));
  await expect(refused).rejects.toBeInstanceOf(UnfitDatabase);
  await expect(refused).rejects.toThrow(/create schema if not exists public.*\n/);
  expect(await left(name)).toEqual([]);
});
