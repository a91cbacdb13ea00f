import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { type LedgerBench, ledgerBench, nextRequest } from '../../test/support/ledger.ts';
import { amount } from '../kernel/amount.ts';
import { businessDate } from '../kernel/business-date.ts';
import { type Move, rollDay, verifyLedger } from './index.ts';

const { adminUrl } = await freshDatabase();
const TAMPERED_TABLES = ['transfer', 'hold_event', 'ledger_request'];

/** A platform with a bit of everything: payments, a hold half captured, a reversal, two business days. */
async function ledgerWithHistory(): Promise<LedgerBench> {
  const bench = await ledgerBench(adminUrl, { asOwner: true });
  afterAll(() => bench.close());
  const { ledger, platformId } = bench;
  const [alice, bob] = [await bench.open({ available: 100n }), await bench.open({ available: 5n })];
  const submit = async (move: Move) => {
    const answer = await ledger.submit({ platformId, requestId: nextRequest(), moves: [move] });
    return answer.accepted ? answer.postings[0]!.moveId : 0n;
  };
  const paid = await submit({
    ...{ kind: 'transfer', code: 'payment', debit: alice, credit: bob, amount: amount(10n) },
  });
  const hold = await submit({ kind: 'hold', account: alice, amount: amount(50n), reason: 'order' });
  await rollDay(bench.database.db, platformId, {
    ...{ next: businessDate('2026-03-03'), at: bench.clock.advance(1000) },
  });
  await submit({ kind: 'capture', code: 'payment', hold, credit: bob, amount: amount(20n) });
  await submit({ kind: 'reversal', code: 'reversal', transfer: paid });
  return bench;
}

async function failedChecks({ database, platformId }: LedgerBench): Promise<string[]> {
  const results = await verifyLedger(database.db, platformId);
  return results.filter(({ findings }) => findings.length > 0).map(({ check }) => check);
}

/** Does what nobody may: changes the record by hand, as the owner, with the triggers off. */
async function tamper({ database, platformId }: LedgerBench, statement: string): Promise<void> {
  await database.db.transaction().execute(async (tx) => {
    for (const table of TAMPERED_TABLES) {
      await sql.raw(`alter table ${table} disable trigger user`).execute(tx);
    }
    await sql.raw(statement.replaceAll(':platform', String(platformId))).execute(tx);
    for (const table of TAMPERED_TABLES) {
      await sql.raw(`alter table ${table} enable trigger user`).execute(tx);
    }
  });
}

test('an untouched ledger agrees', async () => {
  expect(await failedChecks(await ledgerWithHistory())).toEqual([]);
});

const mine = 'platform_id = :platform';
test.each([
  [
    'balances equal the transfers',
    `update account set balance = balance + 1 where ${mine} and guarded and account_id = 2`,
  ],
  [
    'money is conserved',
    `update account_delta set delta = delta + 1 where ${mine} and move_id = (select max(move_id) from account_delta where ${mine})`,
  ],
  [
    'held money equals the holds',
    `update account set held = held + 1 where ${mine} and guarded and account_id = 2`,
  ],
  ['holds equal their events', `update hold set remaining = remaining - 1 where ${mine}`],
  [
    'every balance after a posting follows from the one before',
    `update transfer set credit_balance = credit_balance + 1 where ${mine} and code = 'payment' and credit_balance = 15`,
  ],
  [
    'the last posting says what the account has',
    `update account set last_move_id = last_move_id + 1 where ${mine} and account_id = 2`,
  ],
  [
    'both sides of a transfer belong together',
    `update account set main_account_id = 2 where ${mine} and account_id = 3`,
  ],
  [
    'reversals are the opposite of their originals',
    `update transfer set amount = amount + 1 where ${mine} and reverses_id is not null`,
  ],
  [
    'captures have their transfer',
    `update hold_event set amount = amount + 1 where ${mine} and kind = 'captured'`,
  ],
  [
    'every move was asked for once',
    `delete from ledger_request where ${mine} and request_id = (select max(request_id) from ledger_request where ${mine})`,
  ],
  [
    'every move was asked for once',
    `delete from transfer where ${mine} and reverses_id is not null`,
  ],
  [
    'moves carry the business date of their number',
    `update transfer set business_date = '2026-03-02' where ${mine} and reverses_id is not null`,
  ],
])('"%s" finds what was changed by hand: %s', async (check, statement) => {
  const bench = await ledgerWithHistory();
  await tamper(bench, statement);
  expect(await failedChecks(bench)).toContain(check);
});

test('the record cannot be changed, not even by its owner', async () => {
  const { database } = await ledgerWithHistory();
  for (const table of TAMPERED_TABLES) {
    for (const act of [
      `update ${table} set platform_id = 1`,
      `delete from ${table}`,
      `truncate ${table}`,
    ]) {
      await expect(sql.raw(act).execute(database.db), act).rejects.toThrow('append-only');
    }
  }
});

test('the constraints alone keep an account from being overdrawn, and a closed one empty', async () => {
  const { database, platformId } = await ledgerWithHistory();
  const change = (what: string) =>
    sql
      .raw(`update account set ${what} where platform_id = ${platformId} and account_id = 2`)
      .execute(database.db);
  await expect(change('balance = held - 1')).rejects.toThrow('account_not_overdrawn');
  await expect(change(`state = 'closed'`)).rejects.toThrow('account_closed_empty');
});
