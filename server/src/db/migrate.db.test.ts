// Goal: a server whose role owns nothing starts on a database that is up to date, and says what to do on one
// that is not. Method: the roles of the embedded cluster, on databases of its own.
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { DatabaseIsNewer, MayNotMigrate, migrate } from './migrate.ts';

const database = await freshDatabase();
const other = await freshDatabase();
const admin = new pg.Client({ connectionString: other.adminUrl });
await admin.connect();
afterAll(() => admin.end());

test('where nothing is missing any role of the server will do', async () => {
  expect(await migrate(database.url)).toEqual([]);
  expect(await migrate(database.adminUrl)).toEqual([]);
});

test('a database that a newer version has migrated is named so, to any role, and is left as it is', async () => {
  const applied = () =>
    admin.query('select name from migration.kysely_migration').then(({ rowCount }) => rowCount);
  const before = await applied();
  await admin.query(`create temp table ours as select * from migration.kysely_migration;
    insert into migration.kysely_migration
    values ('9998_later', '2030-01-01'), ('9999_last', '2030-01-01')`);
  for (const url of [other.url, other.adminUrl]) {
    const refused = migrate(url);
    await expect(refused).rejects.toBeInstanceOf(DatabaseIsNewer);
    await expect(refused).rejects.toThrow(/newer than this version.*9998_later, 9999_last.*backup/);
  }
  // One of ours is missing too: still nothing is applied to what is not ours.
  await admin.query("delete from migration.kysely_migration where name like '0007%'");
  await expect(migrate(other.adminUrl)).rejects.toBeInstanceOf(DatabaseIsNewer);
  expect(await applied()).toBe((before ?? 0) + 1);
  await admin.query(`delete from migration.kysely_migration;
    insert into migration.kysely_migration select * from ours`);
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
