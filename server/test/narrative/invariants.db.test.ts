// Goal: the checker that every story ends with can fail. Method: a platform with a bit of everything, on which the
// superuser then breaks one thing at a time, past every trigger and constraint; the checker names the invariant. What
// was broken is put right again, and nothing is found any more.
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { sandboxConnector } from '../../src/banking/index.ts';
import { claimEntry, listBankEntries } from '../../src/deposits/index.ts';
import { payOrder } from '../../src/escrow/pay.ts';
import {
  freeze,
  payFreeze,
  placeHold,
  reverseTransfer,
  transfer,
  unfreeze,
} from '../../src/transfers/index.ts';
import { listMainAccounts } from '../../src/virtual-accounts/index.ts';
import { INVARIANTS, type Invariant, violationsOf } from '../support/invariants.ts';
import { fen, tellStories } from './story.ts';

const tell = await tellStories();
const story = await tell(['买家小王', '卖家老李']);
const other = await tell(['甲', '乙', '丙', '丁']);
const { app, platformId, number, ask } = story;
const [buyer, seller] = [number('买家小王'), number('卖家老李')];

await story.arrives({ to: '买家小王', amount: '500.00' });
await story.arrives({ amount: '7.00' });
await story.arrives({ amount: '8.00' });
await story.statement();
const paid = { debitAccount: buyer, creditAccount: seller, amount: fen('100.00') };
const { result } = await transfer(app, platformId, paid, ask());
await reverseTransfer(app, platformId, result.id ?? '', { mode: ask() });
await transfer(app, platformId, paid, ask());
await story.later(24);
const aside = { account: buyer, amount: fen('10.00'), reason: '押金' };
await placeHold(app, platformId, aside, ask());
const frozen = await freeze(app, platformId, aside, ask());
await unfreeze(app, platformId, { freeze: frozen.result.id ?? '', amount: fen('4.00') }, ask());
await payFreeze(app, platformId, { ...paid, reason: '货到付款' }, ask());
const share = { kind: 'remainder', weight: 1 } as const;
const order = { reference: '订单-1', buyer, sellers: [seller], amount: fen('50.00') };
const split = [{ role: 'seller', account: seller, share }] as const;
await payOrder(app, platformId, { ...order, split, maxSharePpm: 0 }, ask());
const { entries } = await listBankEntries(app, platformId, { state: 'suspended', limit: 10 });
const claim = { bankEntry: entries[0]?.id ?? '', account: seller, ...ask() };
await claimEntry(app, platformId, claim);
await other.arrives({ to: '丁', amount: '1.00' });
await other.statement();
await story.background();

const admin = await superuser();

/** The superuser, whom no trigger and no foreign key stops. */
async function superuser(): Promise<pg.Client> {
  const url = new URL(inject('postgres').adminUrl);
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(app.db);
  url.pathname = `/${rows[0]?.name}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  afterAll(() => client.end());
  await client.query(`set session_replication_role = replica`);
  await client.query('alter table account drop constraint account_not_overdrawn');
  return client;
}

/** How something is broken, and mended again. */
interface Break {
  readonly breaks: string;
  readonly mends: string;
}

const P = `platform_id = ${platformId}`;

/** Adds to the numbers (or dates) of some rows, and takes it away again. */
const shifted = (table: string, column: string, where = 'true', by = '1'): Break => ({
  breaks: `update ${table} set ${column} = ${column} + ${by} where ${P} and ${where}`,
  mends: `update ${table} set ${column} = ${column} - ${by} where ${P} and ${where}`,
});

/** Takes rows away, and puts them back. */
const removed = (table: string, where = 'true'): Break => ({
  breaks: `create table broken as select * from ${table} where ${P} and ${where};
           delete from ${table} where ${P} and ${where}`,
  mends: `insert into ${table} select * from broken; drop table broken`,
});

const FIRST = `transfer_id = (select min(transfer_id) from transfer where ${P} and code = 'transfer')`;
const BUYER = `account_id = (select account_id from virtual_account where ${P} and number = '${buyer}')`;
const TRANSIENT = `insert into waiting_import select platform_id, import_id from bank_entry where ${P} limit 1`;
const RECORDED = `bank_entry_id in (select bank_entry_id from bank_entry where ${P} order by bank_entry_id limit 1)`;
const POSTED = removed('bank_entry_posting', RECORDED);
const STRANGER = `(select max(account_id) from account where platform_id = ${other.platformId})`;

/** What is broken, by the invariant that must be named. */
const BREAKS: readonly (readonly [Invariant, string, Break])[] = [
  [1, 'a transfer of another amount than both sides have', shifted('transfer', 'amount', FIRST)],
  [
    1,
    'a reversal that undoes something else',
    shifted('transfer', 'reverses_id', 'reverses_id is not null'),
  ],
  [2, 'an account that is overdrawn', shifted('account', 'balance', BUYER, '-1000000')],
  [2, 'more put aside than the holds say', shifted('account', 'held', BUYER)],
  [
    2,
    'a freeze that has less than its hold',
    shifted('freeze_document', 'unfrozen', `kind = 'freeze'`),
  ],
  [2, 'an order that has less than its hold', shifted('escrow_order', 'split_amount')],
  [
    3,
    'a request that was answered and is forgotten',
    removed('ledger_request', `request_id = 'story-1/1'`),
  ],
  [3, 'a transfer that is gone', removed('transfer', FIRST)],
  [3, 'a step of a freeze that is gone', removed('freeze_step')],
  [3, 'a claim whose transfer is another', shifted('claim', 'transfer_id')],
  [4, 'a line of the bank of another amount', shifted('bank_entry', 'amount', RECORDED)],
  [
    4,
    'money in suspense that no line explains',
    shifted('account', 'balance', `purpose = 'suspense'`),
  ],
  [5, 'a transfer under the date of another day', shifted('transfer', 'business_date', FIRST)],
  [6, 'a past balance that was not', shifted('transfer', 'credit_balance', FIRST)],
  [
    6,
    'an audit entry that says otherwise',
    {
      breaks: `update audit_entry set origin_name = origin_name || '?' where ${P}`,
      mends: `update audit_entry set origin_name = left(origin_name, -1) where ${P}`,
    },
  ],
  [
    7,
    'a line that is taken for settled and is not',
    {
      breaks: `${POSTED.breaks}; ${TRANSIENT}`,
      mends: `${POSTED.mends}; delete from waiting_import where ${P}`,
    },
  ],
  [
    8,
    'a member that has the account of another platform',
    {
      breaks: `insert into account_delta select ${platformId}, ${STRANGER}, 1, 0`,
      mends: `delete from account_delta where ${P} and delta = 0`,
    },
  ],
];

test('nothing is found before anything is broken, and by the bank neither', async () => {
  expect(await violationsOf(app.db, platformId)).toEqual([]);
  expect(await violationsOf(app.db, other.platformId)).toEqual([]);
  await story.end();
});

test.each(BREAKS)('%i is named: %s', async (invariant, _what, { breaks, mends }) => {
  await admin.query(breaks);
  const found = await violationsOf(app.db, platformId);
  await admin.query(mends);
  expect(found.map((each) => each.invariant)).toContain(invariant);
  expect(await violationsOf(app.db, platformId)).toEqual([]);
});

test('each of the eight can be seen to be broken', () => {
  const named = new Set(BREAKS.map(([invariant]) => String(invariant)));
  expect([...named]).toEqual(Object.keys(INVARIANTS));
});

test('a bank whose books are others is seen: a line that we have not, and the balance', async () => {
  await story.arrives({ to: '买家小王', amount: '3.00' });
  const { mainAccounts } = await listMainAccounts(app, platformId, { limit: 1 });
  const mainAccount = mainAccounts[0]?.number ?? '';
  const connector = sandboxConnector({ url: story.bank.url, timeoutMs: 10_000 });
  const bank = { connector, accounts: [mainAccount] };
  const found = await violationsOf(app.db, platformId, { bank });
  expect(found.map(({ invariant, check }) => [invariant, check])).toEqual([
    [4, 'the bank has the same lines'],
    [4, 'the bank has the same balance'],
  ]);
  await story.statement();
  expect(await violationsOf(app.db, platformId, { bank })).toEqual([]);
});
