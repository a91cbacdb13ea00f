import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely, type Migration, Migrator, PostgresDialect, sql } from 'kysely';
import pg from 'pg';

const FOLDER = join(import.meta.dirname, '../../migrations');
/** Outside `public`, so that the rules for tenant tables need no exception for it. */
const BOOKKEEPING_SCHEMA = 'migration';

/** One migration that was applied now. */
export interface Applied {
  readonly name: string;
}

/**
 * Brings the database up to date: applies the numbered files of `server/migrations` that are missing, in
 * order, in one transaction, under a lock, so that two processes may start at once. Forward only; a file,
 * once landed, is never edited. Throws the first error of PostgreSQL, and then nothing was applied.
 */
export async function migrate(url: string): Promise<readonly Applied[]> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: readMigrations },
      migrationTableSchema: BOOKKEEPING_SCHEMA,
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error)
      throw error instanceof Error ? error : new Error('migration failed', { cause: error });
    return (results ?? []).map(({ migrationName }) => ({ name: migrationName }));
  } finally {
    await db.destroy();
  }
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
  const entries = files.map(async (file): Promise<[string, Migration]> => {
    const text = await readFile(join(FOLDER, file), 'utf8');
    return [file.replace('.sql', ''), { up: async (db) => void (await sql.raw(text).execute(db)) }];
  });
  return Object.fromEntries(await Promise.all(entries));
}
