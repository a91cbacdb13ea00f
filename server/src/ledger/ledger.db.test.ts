import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { ledgerBench, nextRequest } from '../../test/support/ledger.ts';
import { isDocumentConflict } from '../db/database.ts';
import { amount } from '../kernel/amount.ts';
import { businessDate } from '../kernel/business-date.ts';
import {
  type AccountId,
  type Answer,
  boundAfterDate,
  boundAtInstant,
  changeAccount,
  type DocumentWriter,
  documentOf,
  expireHolds,
  foldInternal,
  type Move,
  readAccounts,
  readBalanceAt,
  rollDay,
  verifyLedger,
} from './index.ts';

const { url } = await freshDatabase();
const bench = await ledgerBench(url);
const { ledger, platformId, database, clock, bank } = bench;
const { db } = database;
afterAll(() => bench.close());

const pay = (debit: AccountId, credit: AccountId, sum: bigint): Move => ({
  ...{ kind: 'transfer', code: 'payment', debit, credit, amount: amount(sum) },
});
const submit = (...moves: Move[]) => ledger.submit({ platformId, requestId: nextRequest(), moves });
const balanceOf = async (id: AccountId) =>
  (await readAccounts(db, platformId, [id])).get(id)?.balance;
const codes = (answers: readonly Answer[]) =>
  answers.map((answer) => (answer.accepted ? 'ok' : answer.refusal.code));
const findings = async () => (await verifyLedger(db, platformId)).flatMap((each) => each.findings);

// Goal: invariant 2, under real concurrency. Method: two ledgers stand for two server processes on one
// database; both spend from one account at the same time, and only as many may pass as there is money for.
test('two servers cannot overdraw one account between them', async () => {
  const payer = await bench.open({ available: 100_00n });
  const payee = await bench.open();
  const servers = [ledger, bench.another()];
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      servers[i % 2]!.submit({
        ...{ platformId, requestId: nextRequest() },
        moves: [pay(payer, payee, 10_00n)],
      }),
    ),
  );
  expect(codes(answers).filter((code) => code === 'insufficient_funds')).toHaveLength(30);
  expect(await balanceOf(payer)).toBe(0n);
  expect(await balanceOf(payee)).toBe(100_00n);
});

// Goal: invariant 3. Method: the same request reaches two servers many times at once, and once more later;
// one posting, and every answer is the same but for the mark that it is a repeat.
test('one request sent to two servers at once is done once', async () => {
  const [payer, payee] = [await bench.open({ available: 10_00n }), await bench.open()];
  const servers = [ledger, bench.another(), bench.another()];
  const request = { platformId, requestId: nextRequest(), moves: [pay(payer, payee, 4_00n)] };
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, i) => servers[i % 3]!.submit(request)),
  );
  const later = await ledger.submit(request);
  expect(await balanceOf(payee)).toBe(4_00n);
  expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
  for (const answer of answers) expect({ ...answer, repeated: true }).toEqual(later);
  expect(await ledger.answered(request)).toEqual(later);
});

test('a refusal is an answer: it is kept, though the money has come since', async () => {
  const [payer, payee] = [await bench.open(), await bench.open()];
  const request = { platformId, requestId: nextRequest(), moves: [pay(payer, payee, 5_00n)] };
  const refused = await ledger.submit(request);
  expect(refused).toMatchObject({
    ...{ accepted: false, repeated: false, moveIndex: 0 },
    refusal: { code: 'insufficient_funds', account: payer, shortfall: 5_00n },
  });
  await submit(pay(bank, payer, 50_00n));
  expect(await ledger.submit(request)).toEqual({ ...refused, repeated: true });
});

test('other content under a used request id is refused, and the first answer stays', async () => {
  const [payer, payee] = [await bench.open({ available: 10_00n }), await bench.open()];
  const requestId = nextRequest();
  const first = await ledger.submit({ platformId, requestId, moves: [pay(payer, payee, 1_00n)] });
  const other = await ledger.submit({ platformId, requestId, moves: [pay(payer, payee, 2_00n)] });
  expect(other).toMatchObject({ refusal: { code: 'request_id_reused' } });
  const again = await ledger.submit({ platformId, requestId, moves: [pay(payer, payee, 1_00n)] });
  expect(again).toEqual({ ...first, repeated: true });
});

test('a group with holds, captures and a reversal is read again word for word', async () => {
  const [payer, payee] = [await bench.open({ available: 100_00n }), await bench.open()];
  const paid = await submit(pay(payer, payee, 10_00n));
  const held = await submit({
    kind: 'hold',
    account: payer,
    amount: amount(50_00n),
    reason: 'order',
  });
  const hold = held.accepted ? held.postings[0]!.moveId : 0n;
  const original = paid.accepted ? paid.postings[0]!.moveId : 0n;
  const moves: Move[] = [
    { kind: 'capture', code: 'payment', hold, credit: payee, amount: amount(20_00n), memo: 'part' },
    { kind: 'release', hold, amount: amount(5_00n) },
    { kind: 'reversal', code: 'reversal', transfer: original },
    { kind: 'hold', account: payee, amount: amount(1_00n), reason: 'dispute', owner: 'case-1' },
    { kind: 'capture', code: 'payment', hold, credit: bank },
  ];
  const request = { platformId, requestId: nextRequest(), moves };
  const answer = await ledger.submit(request);
  expect(answer).toMatchObject({ accepted: true });
  expect(await ledger.submit(request)).toEqual({ ...answer, repeated: true });
  expect((await readAccounts(db, platformId, [payer])).get(payer)).toMatchObject({
    ...{ balance: 55_00n, held: 0n },
  });
});

test('a group is all or nothing', async () => {
  const [payer, payee] = [await bench.open({ available: 10_00n }), await bench.open()];
  const answer = await submit(
    pay(payer, payee, 6_00n),
    { kind: 'hold', account: payee, amount: amount(1_00n), reason: 'test' },
    pay(payer, payee, 6_00n),
  );
  expect(answer).toMatchObject({
    ...{ accepted: false, moveIndex: 2 },
    refusal: { code: 'insufficient_funds', shortfall: 2_00n },
  });
  expect(await balanceOf(payer)).toBe(10_00n);
  expect((await readAccounts(db, platformId, [payee])).get(payee)).toMatchObject({
    balance: 0n,
    held: 0n,
  });
});

// Goal: a hold that is spent in the batch that places it is stored as spent. Its number can be foretold:
// the clock stands still, so the next number is the last one and one more.
test('a hold can be released and captured by the group that places it', async () => {
  const [payer, payee] = [await bench.open({ available: 10_00n }), await bench.open()];
  const before = await submit(pay(payer, payee, 1_00n));
  const hold = before.accepted ? before.postings[0]!.moveId + 1n : 0n;
  const answer = await submit(
    { kind: 'hold', account: payer, amount: amount(5_00n), reason: 'order' },
    { kind: 'release', hold, amount: amount(2_00n) },
    { kind: 'capture', code: 'payment', hold, credit: payee, amount: amount(1_00n) },
  );
  expect(codes([answer])).toEqual(['ok']);
  expect(codes([await submit({ kind: 'release', hold, amount: amount(2_01n) })])).toEqual([
    'hold_insufficient',
  ]);
  expect(await findings()).toEqual([]);
});

test('an internal account may go below zero, and its balance is exact before and after folding', async () => {
  const payee = await bench.open();
  const before = (await balanceOf(bank)) ?? 0n;
  await Promise.all(Array.from({ length: 20 }, () => submit(pay(bank, payee, 7n))));
  expect(await balanceOf(bank)).toBe(before - 140n);
  while ((await foldInternal(db, platformId)) > 0);
  expect(await balanceOf(bank)).toBe(before - 140n);
});

test('a preview predicts and changes nothing', async () => {
  const [payer, payee] = [await bench.open({ available: 10_00n }), await bench.open()];
  const moves = [pay(payer, payee, 4_00n)];
  const preview = await ledger.preview({ platformId, moves });
  expect(preview).toMatchObject({ accepted: true });
  expect(await balanceOf(payer)).toBe(10_00n);
  const real = await ledger.submit({ platformId, requestId: nextRequest(), moves });
  const sides = (answer: Answer) =>
    answer.accepted && answer.postings.map(({ transfer }) => [transfer?.debit, transfer?.credit]);
  expect(sides(preview)).toEqual(sides(real));
});

// Goal: a document that may not be written undoes its own submission and no other. Method: its writer asks
// for one row more than it finds, in a batch with ninety-nine neighbours.
test('a bad document harms only its own submission', async () => {
  const [payer, payee] = [await bench.open({ available: 100_00n }), await bench.open()];
  const writer: DocumentWriter<{ expected: bigint }> = {
    write: (_platform, items) => ({
      name: 'test_document',
      text: 'select expect_count($1::bigint, $2::bigint)',
      values: [items.length, items.reduce((sum, { row }) => sum + row.expected, 0n)],
    }),
  };
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) =>
      ledger.submit({
        ...{ platformId, requestId: nextRequest(), moves: [pay(payer, payee, 1_00n)] },
        document: documentOf(writer, { expected: i === 42 ? 2n : 1n }),
      }),
    ),
  );
  const failed = results.flatMap((result, i) =>
    result.status === 'rejected' ? [{ i, result }] : [],
  );
  expect(failed.map(({ i }) => i)).toEqual([42]);
  expect(isDocumentConflict(failed[0]!.result.reason)).toBe(true);
  expect(await balanceOf(payee)).toBe(99_00n);
});

// Goal: a crisp cut. Method: load runs while the day is rolled again and again; afterwards dates are ranges of
// numbers, which `verifyLedger` checks, and the balance at the end of each date is what it was.
test('nothing posted after the cut carries the closed date', async () => {
  const [payer, payee] = [await bench.open({ available: 1000_00n }), await bench.open()];
  const servers = [ledger, bench.another()];
  const dates = ['2026-03-03', '2026-03-04', '2026-03-07'].map(businessDate);
  const load = Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      servers[i % 2]!.submit({
        platformId,
        requestId: nextRequest(),
        moves: [pay(payer, payee, 1n)],
      }),
    ),
  );
  for (const next of dates) await rollDay(db, platformId, { next, at: clock.advance(1000) });
  expect(await rollDay(db, platformId, { next: businessDate('2026-03-05'), at: clock.now() })).toBe(
    false,
  );
  expect(codes(await load)).toEqual(Array(300).fill('ok'));
  await submit(pay(payer, payee, 5n));
  const { rows } = await sql<{ date: string; amount: bigint }>`
    select business_date as date, sum(amount)::bigint as amount from transfer
     where platform_id = ${platformId} and credit_account_id = ${payee} group by 1 order by 1`.execute(
    db,
  );
  expect(rows.reduce((sum, row) => sum + row.amount, 0n)).toBe(305n);
  let running = 0n;
  for (const row of rows) {
    running += row.amount;
    const bound = await boundAfterDate(db, platformId, businessDate(row.date));
    if (bound === undefined) continue;
    const account = { accountId: payee, guarded: true };
    expect((await readBalanceAt(db, platformId, { account, bound })).balance).toBe(running);
  }
  expect(await findings()).toEqual([]);
});

test('balances at past instants are exact, for both kinds of account', async () => {
  const payee = await bench.open();
  const seen: { at: Date; balance: bigint; held: bigint; bank: bigint }[] = [];
  for (const step of [3n, 5n, 7n]) {
    await submit(pay(bank, payee, step));
    await submit({ kind: 'hold', account: payee, amount: amount(1n), reason: 'test' });
    const now = (await readAccounts(db, platformId, [payee, bank])).get(payee)!;
    seen.push({
      at: clock.now(),
      balance: now.balance,
      held: now.held,
      bank: (await balanceOf(bank))!,
    });
    clock.advance(1000);
  }
  for (const { at, balance, held, bank: bankBalance } of seen) {
    const bound = boundAtInstant(at);
    const guarded = { accountId: payee, guarded: true };
    expect(await readBalanceAt(db, platformId, { account: guarded, bound })).toEqual({
      balance,
      held,
    });
    const internal = { accountId: bank, guarded: false };
    const past = await readBalanceAt(db, platformId, { account: internal, bound });
    expect(past.balance).toBe(bankBalance);
  }
});

test('an expired hold is released by the sweep, once, and cannot be captured', async () => {
  const [payer, payee] = [await bench.open({ available: 10_00n }), await bench.open()];
  const expiresAt = new Date(clock.now().getTime() + 1000);
  const owner = 'order-1';
  const held = await submit({
    ...{ kind: 'hold', account: payer, amount: amount(4_00n), reason: 'order', owner, expiresAt },
  });
  const hold = held.accepted ? held.postings[0]!.moveId : 0n;
  expect(await expireHolds({ db, ledger, clock }, platformId)).toBe(0);
  clock.advance(1000);
  expect(
    codes([await submit({ kind: 'capture', code: 'payment', hold, credit: payee, owner })]),
  ).toEqual(['hold_expired']);
  const sweeps = await Promise.all([
    expireHolds({ db, ledger, clock }, platformId),
    expireHolds({ db, ledger: bench.another(), clock }, platformId),
  ]);
  expect(Math.max(...sweeps)).toBe(1);
  expect((await readAccounts(db, platformId, [payer])).get(payer)).toMatchObject({ held: 0n });
  expect(await expireHolds({ db, ledger, clock }, platformId)).toBe(0);
});

test('states and limits change under the same lock as money moves', async () => {
  const account = await bench.open({ available: 5_00n, overdraftLimit: 3_00n });
  const other = await bench.open();
  const at = clock.now();
  const change = (to: { state?: 'open' | 'stopped' | 'closed'; overdraftLimit?: bigint }) =>
    changeAccount(db, platformId, account, { ...to, at });
  expect(await change({ state: 'closed' })).toEqual({
    refusal: { code: 'account_not_empty', balance: 5_00n, held: 0n },
  });
  await submit(pay(account, other, 7_00n));
  expect(await change({ overdraftLimit: 1_99n })).toEqual({
    refusal: { code: 'overdraft_in_use', needed: 2_00n },
  });
  expect(await change({ overdraftLimit: 2_00n })).toMatchObject({
    ...{ before: { overdraftLimit: 3_00n }, after: { overdraftLimit: 2_00n } },
  });
  expect(await change({ state: 'stopped' })).toMatchObject({ after: { state: 'stopped' } });
  expect(codes([await submit(pay(other, account, 2_00n))])).toEqual(['account_stopped']);
  await change({ state: 'open' });
  await submit(pay(other, account, 2_00n));
  expect(await change({ state: 'closed' })).toMatchObject({ after: { state: 'closed' } });
  expect(await change({ state: 'open' })).toEqual({ refusal: { code: 'account_closed' } });
  expect(codes([await submit(pay(other, account, 1n))])).toEqual(['account_closed']);
});

test('a full lane refuses before anything happens', async () => {
  const [payer, payee] = [await bench.open({ available: 10_00n }), await bench.open()];
  const moves = Array.from({ length: 1000 }, () => pay(payer, payee, 1n));
  const requests = Array.from({ length: 60 }, () => ({
    platformId,
    requestId: nextRequest(),
    moves,
  }));
  const results = await Promise.allSettled(requests.map((request) => ledger.submit(request)));
  const busy = results.filter(({ status }) => status === 'rejected');
  expect(busy.length).toBe(10);
  expect(busy[0]).toMatchObject({ reason: { definition: { code: 'busy' } } });
});

test('after all of this nothing disagrees', async () => {
  expect(await findings()).toEqual([]);
});
