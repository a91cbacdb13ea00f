import { afterAll, expect, type MockInstance, onTestFinished, test, vi } from 'vitest';
import { freshDatabase } from '../../../test/support/database.ts';
import { ledgerBench, nextRequest } from '../../../test/support/ledger.ts';
import { amount } from '../../kernel/amount.ts';
import { businessDate } from '../../kernel/business-date.ts';
import {
  type AccountId,
  changeAccount,
  type Ledger,
  type Move,
  openLedger,
  readAccounts,
  rollDay,
  verifyLedger,
} from '../index.ts';

const { url } = await freshDatabase();
const bench = await ledgerBench(url);
const { ledger, platformId, database, clock, bank } = bench;
const { db } = database;
afterAll(() => bench.close());

const pay = (debit: AccountId, credit: AccountId, sum: bigint): Move => ({
  ...{ kind: 'transfer', code: 'payment', debit, credit, amount: amount(sum) },
});
const submit = (server: Ledger, ...moves: Move[]) =>
  server.submit({ platformId, requestId: nextRequest(), moves });
const balanceOf = async (id: AccountId) =>
  (await readAccounts(db, platformId, [id])).get(id)?.balance;
const findings = async () => (await verifyLedger(db, platformId)).flatMap((each) => each.findings);

/** The statements that `work` sends on the connection that it takes for batches, by name. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const taken = Promise.withResolvers<MockInstance>();
  database.batches.once('acquire', (client) => taken.resolve(vi.spyOn(client, 'query')));
  await work();
  const spy = await taken.promise;
  const sent = spy.mock.calls.map(([statement]: unknown[]) => statement);
  spy.mockRestore();
  return sent.map((statement) =>
    typeof statement === 'object' && statement !== null && 'name' in statement
      ? String(statement.name)
      : String(statement),
  );
}

// Goal: what makes small batches cheap. Method: the statements are counted.
test('a transfer between accounts that are remembered is one statement, its commit included', async () => {
  const [payer, payee] = [await bench.open({ available: 10_00n }), await bench.open()];
  const server = bench.another();
  const first = await statementsOf(() => submit(server, pay(payer, payee, 1_00n)));
  expect(first).toEqual(['batch_day', 'batch_accounts', 'day+transfer+account+request']);
  const second = await statementsOf(() => submit(server, pay(payer, payee, 1_00n)));
  expect(second).toEqual(['day+transfer+account+request']);
  expect(await balanceOf(payee)).toBe(2_00n);
});

// Goal: memory is never older than what anybody was told. Method: servers take turns, each knows the accounts
// from its last turn, and what it answers must follow from what the other has done since.
test('what another server did is seen at once', async () => {
  const [payer, payee] = [await bench.open({ available: 20n }), await bench.open()];
  const servers = [ledger, bench.another()];
  for (let turn = 1n; turn <= 20n; turn += 1n) {
    const answer = await submit(servers[Number(turn) % 2]!, pay(payer, payee, 1n));
    const [posting] = answer.accepted ? answer.postings : [];
    expect(posting?.transfer?.debit.after?.balance).toBe(20n - turn);
  }
  expect(await submit(servers[0]!, pay(payer, payee, 1n))).toMatchObject({ accepted: false });
  await submit(servers[1]!, pay(bank, payer, 5n));
  expect(await submit(servers[0]!, pay(payer, payee, 5n))).toMatchObject({ accepted: true });
});

test('an account that was stopped, and a day that was turned, count from then on', async () => {
  const [payer, payee] = [await bench.open({ available: 10n }), await bench.open()];
  await submit(ledger, pay(payer, payee, 1n));
  await changeAccount(db, platformId, payer, { state: 'debit_stopped', at: clock.now() });
  expect(await submit(ledger, pay(payer, payee, 1n))).toMatchObject({ accepted: false });
  await changeAccount(db, platformId, payer, { state: 'open', at: clock.now() });
  expect(await submit(ledger, pay(payer, payee, 1n))).toMatchObject({
    accepted: true,
    businessDate: '2026-03-02',
  });
  await rollDay(db, platformId, { next: businessDate('2026-03-03'), at: clock.now() });
  expect(await submit(ledger, pay(payer, payee, 1n))).toMatchObject({
    accepted: true,
    businessDate: '2026-03-03',
  });
});

// Goal: who is overtaken once is soon as fast as before, and who is overtaken again and again does not try in vain.
// Method: somebody changes an account; then the batches that take the lock first are counted.
test('the lock is taken for a few batches, and for more each time that memory does not hold', async () => {
  const [payer, payee] = [await bench.open({ available: 1_000n }), await bench.open()];
  const server = bench.another();
  const isLocked = async () => {
    const sent = await statementsOf(() => submit(server, pay(payer, payee, 1n)));
    return sent.includes('batch_day_locked');
  };
  const lockedAfterChange = async () => {
    await changeAccount(db, platformId, payee, { state: 'open', at: clock.now() });
    await submit(server, pay(payer, payee, 1n));
    let locked = 0;
    while (await isLocked()) locked += 1;
    return locked;
  };
  await submit(server, pay(payer, payee, 1n));
  expect(await lockedAfterChange()).toBe(4);
  expect(await lockedAfterChange()).toBe(8);
  expect(await lockedAfterChange()).toBe(16);
  for (let held = 0; held < 16; held += 1) expect(await isLocked()).toBe(false);
  expect(await lockedAfterChange()).toBe(4);
});

// Goal: batches that were decided on one that failed do not count. Method: so much waits that batches are sent
// behind one another; among the requests are some that were answered before, which break their batches.
test('what was decided on a batch that failed is decided again', async () => {
  const [payer, payee] = [await bench.open({ available: 1_000n }), await bench.open()];
  const server = openLedger({
    ...{ database, clock },
    limits: { movesPerBatch: 300, waitingMoves: 10_000 },
  });
  const request = () => ({
    platformId,
    requestId: nextRequest(),
    moves: [pay(payer, payee, 1n)],
  });
  const known = Array.from({ length: 4 }, request);
  for (const each of known) await ledger.submit(each);
  const requests = Array.from({ length: 1_200 }, (_, i) =>
    i % 300 === 150 ? known[(i - 150) / 300]! : request(),
  );
  const answers = await Promise.all(requests.map((each) => server.submit(each)));
  expect(answers.filter(({ repeated }) => repeated)).toHaveLength(4);
  expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1_000);
  expect([await balanceOf(payer), await balanceOf(payee)]).toEqual([0n, 1_000n]);
  expect(await findings()).toEqual([]);
});

// Goal: PostgreSQL need not wait for us under load, and batches do not become small. Method: the commit of a batch
// is held up by a lock; batches are counted as they are decided, each of which asks the clock twice.
test('the next batch is decided before the last one has committed, when half as much waits', async () => {
  const [payer, payee] = [await bench.open({ available: 1_000n }), await bench.open()];
  let asked = 0;
  const decided = () => asked / 2;
  const counting = {
    now: () => {
      asked += 1;
      return clock.now();
    },
  };
  const server = openLedger({ database, clock: counting });
  await submit(server, pay(payer, payee, 1n));
  const inOneBatch = 200;
  const blocker = await holdUpCommits();
  asked = 0;
  const send = (count: number) =>
    Array.from({ length: count }, () => submit(server, pay(payer, payee, 1n)));
  const first = send(inOneBatch);
  await vi.waitUntil(() => decided() === 1);
  const waiting = send(inOneBatch / 2 - 1);
  await turnsOfTheLoop();
  expect(decided()).toBe(1);
  waiting.push(...send(1));
  await vi.waitUntil(() => decided() === 2);
  await blocker.query('rollback');
  const answers = await Promise.all([...first, ...waiting]);
  expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1.5 * inOneBatch);
  expect(decided()).toBe(2);
});

/** Takes the lane, and gives the connection that has it: with the end of its transaction batches go on. */
async function holdUpCommits() {
  const blocker = await database.sessions.connect();
  onTestFinished(() => blocker.release(true)); // whose lock goes with its connection
  await blocker.query('begin');
  await blocker.query(
    'select from business_day where platform_id = $1 and closed_at is null for update',
    [platformId],
  );
  return blocker;
}

/**
 * A server with a batch whose commit is held up, and so much behind it that the next is begun: 100 payments, and one
 * of 10 from an account that is not remembered. `decided` counts batches: each asks the clock twice.
 */
async function withBatchesHeldUp() {
  const [payer, payee] = [await bench.open({ available: 1_000n }), await bench.open()];
  const other = await bench.open({ available: 10n });
  let asked = 0;
  const counting = {
    now: () => {
      asked += 1;
      return clock.now();
    },
  };
  const decided = () => asked / 2;
  const server = openLedger({ database, clock: counting });
  await submit(server, pay(payer, payee, 1n));
  const blocker = await holdUpCommits();
  asked = 0;
  const send = () => Array.from({ length: 100 }, () => submit(server, pay(payer, payee, 1n)));
  const first = send();
  await vi.waitUntil(() => decided() === 1);
  const sendMore = () => ({ more: send(), fromOther: submit(server, pay(other, payee, 10n)) });
  return { blocker, decided, first, sendMore, other };
}

// Goal: with accounts that are not remembered, PostgreSQL need not wait for us either; and what was read beside a
// batch on its way does not count when somebody changes it meanwhile. Method: whoever has held up the batches stops
// the account.
test.each([
  ['as it was', 'open', true],
  ['stopped meanwhile', 'debit_stopped', false],
])('an account that is read while the last batch commits is %s', async (_, state, accepted) => {
  const { blocker, decided, first, sendMore, other } = await withBatchesHeldUp();
  const { more, fromOther } = sendMore();
  await vi.waitUntil(() => decided() === 2);
  if (!accepted) {
    await blocker.query(
      `update business_day set version = version + 1 where platform_id = $1 and closed_at is null`,
      [platformId],
    );
    await blocker.query(
      'update account set state = $3 where platform_id = $1 and account_id = $2',
      [platformId, other, state],
    );
  }
  await blocker.query('commit');
  const answers = await Promise.all([...first, ...more]);
  expect(answers.every((answer) => answer.accepted)).toBe(true);
  expect((await fromOther).accepted).toBe(accepted);
  expect(await balanceOf(other)).toBe(accepted ? 0n : 10n);
  expect(await findings()).toEqual([]);
});

// Goal: a database that has no connection left for reading beside a batch harms nobody.
test('an account is read behind the last batch where there is no other connection', async () => {
  const { blocker, first, sendMore, other } = await withBatchesHeldUp();
  const full = new Error('sorry, too many clients already');
  const connect = vi.spyOn(database.batches, 'connect');
  onTestFinished(() => connect.mockRestore());
  connect.mockImplementation(() => {
    throw full;
  });
  const { more, fromOther } = sendMore();
  await vi.waitUntil(() => connect.mock.calls.length > 0);
  await blocker.query('rollback');
  const answers = await Promise.all([...first, ...more, fromOther]);
  expect(answers.every(({ accepted }) => accepted)).toBe(true);
  expect(connect).toHaveBeenCalledOnce();
  expect(await balanceOf(other)).toBe(0n);
});

/** So many that whatever was to follow at once would have. */
async function turnsOfTheLoop(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}
