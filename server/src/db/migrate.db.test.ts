// Goal: a server whose role owns nothing starts on a database that is up to date, and says what to do on one
// that is not. Method: the roles of the embedded cluster, on databases of its own.
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { MayNotMigrate, migrate } from './migrate.ts';

const database = await freshDatabase();
const other = await freshDatabase();
const admin = new pg.Client({ connectionString: other.adminUrl });
await admin.connect();
afterAll(() => admin.end());

test('where nothing is missing any role of the server will do', async () => {
  expect(await migrate(database.url)).toEqual([]);
  expect(await migrate(database.adminUrl)).toEqual([]);
});

test('what is missing is named, with the setting that names the owner', async () => {
  await admin.query(`create table kept as select * from migration.kysely_migration;
    delete from migration.kysely_migration where name like '0005%'`);
  const refused = migrate(other.url);
  await expect(refused).rejects.toBeInstanceOf(MayNotMigrate);
  await expect(refused).rejects.toThrow(/lacks 0005_grants.*GUANJIA_DATABASE_ADMIN_URL/);
});

test('a list that the role may not read is no empty list', async () => {
  await admin.query(`delete from migration.kysely_migration;
    insert into migration.kysely_migration select * from kept;
    revoke select on migration.kysely_migration from guanjia_app`);
  await expect(migrate(other.url)).rejects.toThrow(/up to date cannot be seen/);
  expect(await migrate(other.adminUrl)).toEqual([]);
});

test('a database that is not there, or a wrong password, is the first error of PostgreSQL', async () => {
  const nowhere = new URL(database.adminUrl);
  nowhere.pathname = '/nowhere';
  await expect(migrate(nowhere.href)).rejects.toMatchObject({ code: '3D000' });
  const wrong = new URL(database.adminUrl);
  wrong.password = 'wrong';
  await expect(migrate(wrong.href)).rejects.toMatchObject({ code: '28P01' });
});
