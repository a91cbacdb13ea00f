// Goal: what must hold for every table, now and for those that are added. Sharding by platform_id works only
// while every key carries it: Citus would refuse such a table on the day it is distributed; this refuses it in
// the change that adds it. Method: ask PostgreSQL's catalogue. Lists that all platforms share (bank codes,
// holidays) live in the schema `reference`, and are not looked at here.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { renderSchema } from '../../../scripts/generate/schema-sql.ts';
import { freshDatabase } from '../../test/support/database.ts';

const database = await freshDatabase();
const admin = new pg.Client({ connectionString: database.adminUrl });
await admin.connect();
afterAll(() => admin.end());

/** Rows that say what happened: added, never changed. */
const APPEND_ONLY = [
  ...['transfer', 'hold_event', 'ledger_request', 'bank_entry'],
  ...['audit_entry', 'audit_link', 'freeze_step', 'card_probe', 'scheduled_transfer_run', 'event'],
  ...['fee_rule', 'rail_rule'],
  ...['member_review', 'member_document'],
  'approval_decision',
  'bank_notification',
  ...['escrow_action', 'escrow_movement'],
];

const TENANT = `
  with tenant as (
    select oid, relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  )`;

async function offenders(statement: string, values: unknown[] = []): Promise<string[]> {
  const { rows } = await admin.query<{ offender: string }>(statement, values);
  return rows.map(({ offender }) => offender);
}

test('there are tables to look at', async () => {
  const tables = await offenders(`${TENANT} select relname as offender from tenant`);
  expect(tables).toEqual(expect.arrayContaining(['platform', 'account', ...APPEND_ONLY]));
});

test('every table has a primary key, and every index leads with platform_id', async () => {
  const found = await offenders(`${TENANT}
    select format('%s on %s', i.indexrelid::regclass, t.relname) as offender
      from tenant t join pg_index i on i.indrelid = t.oid
      left join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
     where a.attname is distinct from 'platform_id'
    union all
    select format('no primary key on %s', relname)
      from tenant where not exists (select from pg_index where indrelid = tenant.oid and indisprimary)`);
  expect(found).toEqual([]);
});

test('every foreign key leads with platform_id, on both sides', async () => {
  const found = await offenders(`${TENANT}
    select format('%s on %s', c.conname, t.relname) as offender
      from tenant t join pg_constraint c on c.conrelid = t.oid and c.contype = 'f'
      join pg_attribute own on own.attrelid = t.oid and own.attnum = c.conkey[1]
      join pg_attribute other on other.attrelid = c.confrelid and other.attnum = c.confkey[1]
     where own.attname <> 'platform_id' or other.attname <> 'platform_id'`);
  expect(found).toEqual([]);
});

test('platform_id is the first column, a bigint that is never null', async () => {
  const found = await offenders(`${TENANT}
    select relname as offender from tenant
     where not exists (select from pg_attribute where attrelid = tenant.oid and attnum = 1
                        and attname = 'platform_id' and atttypid = 'bigint'::regtype and attnotnull)`);
  expect(found).toEqual([]);
});

test('no column holds a float, or a time without its zone', async () => {
  const found = await offenders(`${TENANT}
    select format('%s.%s %s', relname, attname, format_type(atttypid, atttypmod)) as offender
      from tenant join pg_attribute on attrelid = tenant.oid and attnum > 0
     where atttypid in ('real'::regtype, 'double precision'::regtype, 'money'::regtype, 'timestamp'::regtype)`);
  expect(found).toEqual([]);
});

test('the server may add to the record, and not change it', async () => {
  const granted = await offenders(
    `select format('%s on %s', privilege, relation) as offender
       from unnest(array['update', 'delete', 'truncate']) as privilege, unnest($1::text[]) as relation
      where has_table_privilege('guanjia_app', relation, privilege)`,
    [APPEND_ONLY],
  );
  expect(granted).toEqual([]);
  const missing = await offenders(
    `select format('%s on %s', privilege, relation) as offender
       from unnest(array['select', 'insert']) as privilege, unnest($1::text[]) as relation
      where not has_table_privilege('guanjia_app', relation, privilege)`,
    [APPEND_ONLY],
  );
  expect(missing).toEqual([]);
});

// The triggers stand where grants do not reach: the owner of the tables, and a superuser who is in a hurry.
test.each(APPEND_ONLY)(
  '%s cannot be updated, deleted or truncated, by its owner either',
  async (table) => {
    for (const statement of [
      `update ${table} set platform_id = platform_id`,
      `delete from ${table}`,
      `truncate ${table}`,
    ]) {
      await expect(admin.query(statement), statement).rejects.toThrow('append-only');
    }
  },
);

test('the server owns no table, so that it cannot give itself rights', async () => {
  const found = await offenders(`${TENANT}
    select relname as offender from tenant join pg_class using (oid, relname)
     where pg_has_role('guanjia_app', relowner, 'member')`);
  expect(found).toEqual([]);
});

test('schema.sql is what the migrations add up to', async () => {
  const committed = await readFile(join(import.meta.dirname, '../../schema.sql'), 'utf8');
  // Run `npm run generate` when this fails, and look at the difference: it is what a reviewer reads.
  expect(committed).toBe(await renderSchema(database.adminUrl));
});
