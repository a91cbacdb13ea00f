import pg from 'pg';
import { expect, test } from 'vitest';
import { freshDatabase } from './database.ts';

const database = await freshDatabase();

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

test('a fresh database is migrated, and the server has fewer rights in it than the administrator', async () => {
  const tables = `select count(*)::int as n from information_schema.tables where table_schema = 'public'`;
  expect(await query(database.adminUrl, tables)).not.toEqual([{ n: 0 }]);
  const rights = `select current_database() as name, rolsuper from pg_roles where rolname = current_user`;
  expect(await query(database.url, rights)).toEqual([{ name: database.name, rolsuper: false }]);
  await expect(query(database.url, 'delete from transfer')).rejects.toThrow(/permission denied/);
});
