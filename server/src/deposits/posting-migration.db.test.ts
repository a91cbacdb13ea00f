import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';

const MIGRATIONS = join(import.meta.dirname, '../../migrations');
const database = await freshDatabase();
const owner = new pg.Client({ connectionString: database.adminUrl });
await owner.connect();
afterAll(() => owner.end());

const IMPORT = '01900000-0000-7000-8000-00000000abcd';
const entryId = (serial: number) =>
  `01900000-0000-7000-8000-0000${String(serial).padStart(8, '0')}`;

// Goal: entries that were recorded by an earlier release keep their state, claims included, and what waited is
// found. Method: a schema of the migrations before 0007, one entry in each state, then 0007.
test('entries of an earlier release keep what was done with them', async () => {
  const files = (await readdir(MIGRATIONS)).sort();
  await owner.query('drop schema public cascade; create schema public');
  const run = async (name: string) => owner.query(await readFile(join(MIGRATIONS, name), 'utf8'));
  for (const name of files.filter((each) => each < '0007')) await run(name);
  await owner.query('set session_replication_role = replica');
  await owner.query(`insert into statement_import values (1, '${IMPORT}', 'csv', null, decode(repeat('00', 32), 'hex'),
                       1, 5, 5, '{}', now())`);
  const states = ['credited', 'suspended', 'claimed', 'debited', 'recorded'];
  for (const [i, state] of states.entries()) {
    const isPosted = state !== 'recorded';
    await owner.query(
      `insert into bank_entry (platform_id, bank_entry_id, main_account_id, import_id, position, kind, direction,
           reversal, amount, booking_date, reference, reference_source, remittance, reference_texts, state,
           match_reason, account_id, transfer_id, claim_count)
         values (1, $1, 7, $2, $3, 'line', 'credit', false, 5, '2026-03-02', $4, 'bank', '', '{}', $5, $6, $7, $8, $9)`,
      [
        ...[entryId(i + 1), IMPORT, i, `R${i}`, state],
        ...[isPosted ? `why ${i}` : null, isPosted ? i + 10 : null, isPosted ? i + 20 : null],
        state === 'claimed' ? 1 : 0,
      ],
    );
  }
  await owner.query(`insert into claim values (1, '${entryId(3)}', 1, 12, 30, null)`);
  await owner.query('set session_replication_role = origin');

  await run(files.find((each) => each.startsWith('0007')) ?? '');

  const { rows } = await owner.query<unknown[]>({
    text: `select e.reference, p.state, p.match_reason, p.account_id::integer, p.transfer_id::integer, p.claim_count
             from bank_entry e left join bank_entry_posting p using (platform_id, bank_entry_id) order by 1`,
    rowMode: 'array',
  });
  expect(rows).toEqual([
    ['R0', 'credited', 'why 0', 10, 20, 0],
    ['R1', 'suspended', 'why 1', 11, 21, 0],
    ['R2', 'claimed', 'why 2', 12, 22, 1],
    ['R3', 'debited', 'why 3', 13, 23, 0],
    ['R4', null, null, null, null, null],
  ]);
  const waiting = await owner.query('select import_id from waiting_import');
  expect(waiting.rows).toEqual([{ import_id: IMPORT }]);
});
