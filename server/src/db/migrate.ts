import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely, type Migration, Migrator, PostgresDialect, sql } from 'kysely';
import { errorCode } from '../kernel/error-code.ts';
import { connectionTo } from './connection.ts';
import { openPool } from './lost-connections.ts';
import { refuseEncoding, unfitFor } from './unfit-database.ts';

const FOLDER = join(import.meta.dirname, '../../migrations');
/** Outside `public`, so that the rules for tenant tables need no exception for it. */
const BOOKKEEPING_SCHEMA = 'migration';
const BOOKKEEPING_TABLE = `${BOOKKEEPING_SCHEMA}.kysely_migration`;
/** SQLSTATEs. */
const INSUFFICIENT_PRIVILEGE = '42501';
const UNDEFINED_TABLE = '42P01';
const INVALID_SCHEMA_NAME = '3F000';

/** What reads it may know of what was applied: the role that the server works as (0005_grants.sql). */
const APP_ROLE = 'guanjia_app';
/** A database that does not answer by then is away. */
const CONNECT_TIMEOUT_MS = 5_000;

/** One migration that was applied now. */
export interface Applied {
  readonly name: string;
}

/** There is something to migrate, and the role may not. The message says what is missing and who may. */
export class MayNotMigrate extends Error {
  override readonly name = 'MayNotMigrate';
}

/** The database is that of a newer version than this one. The message names what is unknown, and what to do. */
export class DatabaseIsNewer extends Error {
  override readonly name = 'DatabaseIsNewer';
}

/**
 * Brings the database up to date: applies the numbered files of `server/migrations` that are missing, in
 * order, in one transaction, under a lock, so that two processes may start at once. Forward only; a file,
 * once landed, is never edited. When nothing is missing nothing is changed, so that any role of the server
 * will do. Throws DatabaseIsNewer, MayNotMigrate, UnfitDatabase, or the first error of PostgreSQL, and then nothing was
 * applied.
 */
export async function migrate(url: string): Promise<readonly Applied[]> {
  const migrations = await readMigrations();
  const pool = openPool({
    ...{ ...connectionTo(url), max: 2, connectionTimeoutMillis: CONNECT_TIMEOUT_MS },
  });
  pool.on('error', () => {}); // the statement that it breaks says so
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    refuseEncoding(await readEncoding(db));
    const applied = await readApplied(db);
    const names = Object.keys(migrations);
    const unknown = applied?.filter((name) => !names.includes(name)) ?? [];
    if (unknown.length > 0) throw newer(unknown);
    const missing = applied && names.filter((name) => !applied.includes(name));
    if (missing?.length === 0) return [];
    return await apply(db, migrations).catch(async (error: unknown) => {
      const isFirst = applied?.length === 0;
      if (isFirst) await removeEmptyBookkeeping(db).catch(() => undefined); // what came first is said
      if (errorCode(error) === INSUFFICIENT_PRIVILEGE) throw mayNot(missing, error);
      throw (isFirst ? unfitFor(error) : undefined) ?? error;
    });
  } finally {
    await db.destroy();
  }
}

async function apply(
  db: Kysely<unknown>,
  migrations: Record<string, Migration>,
): Promise<readonly Applied[]> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableSchema: BOOKKEEPING_SCHEMA,
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error instanceof Error ? error : new Error('migration failed', { cause: error });
  await letServerRead(db);
  return (results ?? []).map(({ migrationName }) => ({ name: migrationName }));
}

/** The names of what was applied; undefined when this role may not read them. */
async function readApplied(db: Kysely<unknown>): Promise<readonly string[] | undefined> {
  const table = sql.raw(BOOKKEEPING_TABLE);
  try {
    const { rows } = await sql<{ name: string }>`select name from ${table}`.execute(db);
    return rows.map(({ name }) => name);
  } catch (error) {
    const code = errorCode(error);
    if (code === INSUFFICIENT_PRIVILEGE) return undefined;
    if (code === UNDEFINED_TABLE || code === INVALID_SCHEMA_NAME) return [];
    throw error;
  }
}

async function readEncoding(db: Kysely<unknown>): Promise<string> {
  const query = sql<{ encoding: string }>`select current_setting('server_encoding') as encoding`;
  return (await query.execute(db)).rows[0]?.encoding ?? '';
}

/** The migrator makes its tables before it begins, and leaves them when it fails. */
async function removeEmptyBookkeeping(db: Kysely<unknown>): Promise<void> {
  const table = sql.raw(BOOKKEEPING_TABLE);
  await db.transaction().execute(async (trx) => {
    await sql`lock table ${table}`.execute(trx);
    const { rows } = await sql`select from ${table}`.execute(trx);
    if (rows.length > 0) return; // another process has got further
    await sql`drop table ${table}, ${sql.raw(`${BOOKKEEPING_TABLE}_lock`)}`.execute(trx);
    await sql`drop schema ${sql.raw(BOOKKEEPING_SCHEMA)}`.execute(trx);
  });
}

/** So that a server whose role owns nothing sees that there is nothing to do. */
async function letServerRead(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql`select from pg_roles where rolname = ${APP_ROLE}`.execute(db);
  if (rows.length === 0) return;
  const role = sql.raw(APP_ROLE);
  await sql`grant usage on schema ${sql.raw(BOOKKEEPING_SCHEMA)} to ${role}`.execute(db);
  await sql`grant select on ${sql.raw(BOOKKEEPING_TABLE)} to ${role}`.execute(db);
}

function newer(unknown: readonly string[]): DatabaseIsNewer {
  const list = unknown.join(', ');
  const message =
    `The database is newer than this version of Guanjia, which does not know ${list}. Start the version that migrated it, or a later one; to go back, restore a backup from before the update. Nothing was changed.\n` +
    `数据库比当前程序版本新：当前版本不认识 ${list}。请启动执行过该迁移的版本或更新的版本；如需退回，请恢复升级前的备份。未更改任何内容。`;
  return new DatabaseIsNewer(message);
}

function mayNot(missing: readonly string[] | undefined, cause: unknown): MayNotMigrate {
  const list = missing?.join(', ');
  const [en, zh] = list
    ? [`The database lacks ${list}`, `数据库缺少 ${list}`]
    : ['Whether the database is up to date cannot be seen', '无法查看数据库是否为最新'];
  const message =
    `${en}, and this role may not make changes there. Set GUANJIA_DATABASE_ADMIN_URL to the owner of its tables, or run \`guanjia migrate\` as that role once.\n` +
    `${zh}，且当前角色无权更改：请将 GUANJIA_DATABASE_ADMIN_URL 设为表所有者，或以该角色执行一次 guanjia migrate。`;
  return new MayNotMigrate(message, { cause });
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
  const entries = files.map(async (file): Promise<[string, Migration]> => {
    const text = await readFile(join(FOLDER, file), 'utf8');
    return [file.replace('.sql', ''), { up: async (db) => void (await sql.raw(text).execute(db)) }];
  });
  return Object.fromEntries(await Promise.all(entries));
}
