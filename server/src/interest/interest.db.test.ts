// Goal: interest is what the balances at the end of each business date have earned, paid once whoever settles, and
// what the bank has paid is divided to the last fen. Method: stories over HTTP on a real PostgreSQL, with business dates
// that are turned by hand; two servers are two apps on one database. After each story everything is recomputed.
import { sql } from 'kysely';
import { afterAll, afterEach, expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { fund, testPlatform } from '../../test/support/fixtures.ts';
import { openApp } from '../app.ts';
import { businessDate } from '../kernel/business-date.ts';
import { rollDay, verifyLedger } from '../ledger/index.ts';
import { openLog } from '../logging.ts';
import { runInterest, sweepAllocations, verifyInterest } from './index.ts';

const { app, http, clock, proxy, keyOf } = await testApp({ start: '2026-09-21T04:00:00.000Z' });
const other = await openApp({ url: proxy.url, log: openLog({ level: 'silent' }), clock });
afterAll(() => other.close());
let platforms = 20n;
let keys = 0;
const seen = new Set<bigint>();

afterEach(async () => {
  for (const platformId of seen) {
    const checks = [
      ...(await verifyLedger(app.db, platformId)),
      ...(await verifyInterest(app.db, platformId)),
    ];
    expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
  }
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** A platform on the open business date 2026-09-21, with `members` accounts and money to pay interest from. */
async function platformWith({ members = 1, reserve = 1_000_000n } = {}) {
  clock.set('2026-09-21T04:00:00.000Z');
  platforms += 1n;
  const platformId = platforms;
  seen.add(platformId);
  const { main, numbers, record } = await testPlatform(app, { platformId, members });
  const pay = (number: string, funds: bigint) => fund(app, platformId, { record, number, funds });
  if (reserve > 0n) await pay(main.accounts.interestAndFees, reserve);
  const authorization = `Bearer ${await keyOf({ platformId })}`;
  const ask = async (
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    body?: object,
    key?: string,
  ): Promise<Answer> => {
    keys += 1;
    const answer = await http.inject({
      ...{ method, url, ...(body ? { payload: body } : {}) },
      headers:
        method === 'POST'
          ? { authorization, 'idempotency-key': key ?? `k${keys}` }
          : { authorization },
    });
    return { status: answer.statusCode, body: answer.json(), text: answer.body };
  };
  const put = async (ratePpm: number, more: object = {}) => {
    const terms = { tiers: [{ upTo: null, ratePpm }] };
    const answer = await ask('PUT', '/v1/interest-rates/trading', { terms, ...more });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const turnTo = async (date: string) => {
    clock.set(`${date}T04:00:00.000Z`);
    expect(await rollDay(app.db, platformId, { next: businessDate(date), at: clock.now() })).toBe(
      true,
    );
  };
  const balance = async (number: string) =>
    (await ask('GET', `/v1/virtual-accounts/${number}`)).body['balance'];
  const settle = (body: object, key?: string) => ask('POST', '/v1/interest-settlements', body, key);
  return {
    platformId,
    main,
    record,
    numbers: numbers as [string, ...string[]],
    pay,
    ask,
    put,
    turnTo,
    balance,
    settle,
  };
}

test('the worked example of the docs: tried, settled once, paid from interest and fees', async () => {
  const { numbers, pay, ask, put, turnTo, balance, settle, main } = await platformWith();
  const [alice] = numbers;
  await put(3500, { validFrom: '2026-09-21' });
  await put(3000, { validFrom: '2026-11-01' });
  await pay(alice, 1_000_000n);
  // What is put aside earns too, and what moves within a day does not count but for its end.
  await ask('POST', '/v1/holds', { account: alice, amount: 900_000, reason: 'x' });
  await turnTo('2026-11-21');
  await ask('POST', '/v1/transfers', {
    debitAccount: alice,
    creditAccount: main.accounts.platform,
    amount: 100_000,
  });
  const [hold] = (await ask('GET', `/v1/holds?account=${alice}`)).body['data'] as { id: string }[];
  await ask('POST', `/v1/holds/${String(hold?.id)}/capture`, {
    creditAccount: main.accounts.platform,
    amount: 500_000,
  });
  await turnTo('2026-12-21');
  const trial = await ask('GET', `/v1/virtual-accounts/${alice}/interest`);
  expect(trial.body).toMatchObject({
    ...{
      from: '2026-09-21',
      to: '2026-12-20',
      days: 91,
      product: '73000000',
      interest: 665,
      dryRun: true,
    },
    exact: `${(41_000_000n * 3500n + 32_000_000n * 3000n) * 73n}/26280000000`,
    segments: [
      {
        from: '2026-09-21',
        to: '2026-10-31',
        days: 41,
        product: '41000000',
        dayCount: 360,
        rate: { version: 1 },
      },
      { from: '2026-11-01', to: '2026-12-20', days: 50, product: '32000000', rate: { version: 2 } },
    ],
  });
  const foretold = await ask('POST', '/v1/interest-settlements?dryRun=true', { account: alice });
  expect([foretold.status, foretold.body['interest'], foretold.body['id']]).toEqual([
    200,
    665,
    null,
  ]);
  expect(await balance(alice)).toBe(400_000);
  const settled = await settle({ account: alice }, 's');
  expect([settled.status, settled.body]).toMatchObject([
    201,
    { interest: 665, computed: 665, businessDate: '2026-12-21' },
  ]);
  expect(settled.body['segments']).toEqual(trial.body['segments']);
  expect((await settle({ account: alice }, 's')).text).toBe(settled.text);
  expect(await balance(alice)).toBe(400_665);
  expect(await balance(main.accounts.interestAndFees)).toBe(999_335);
  const again = await settle({ account: alice });
  expect([again.status, again.body]).toMatchObject([
    409,
    { code: 'interest_settled', settledTo: '2026-12-20' },
  ]);
  expect((await settle({ account: alice, to: '2026-12-21' })).body['code']).toBe(
    'interest_period_invalid',
  );
  const transfer = await ask('GET', `/v1/transfers/${String(settled.body['transfer'])}`);
  expect(transfer.body).toMatchObject({
    code: 'interest',
    amount: 665,
    reference: '2026-09-21/2026-12-20',
  });
});

test('parts of a period, settled one after another, add up but for their rounding; the last is taken back first', async () => {
  const { numbers, pay, ask, put, turnTo, balance, settle } = await platformWith();
  const [alice] = numbers;
  await put(3600);
  await pay(alice, 1_000_000n); // 10 fen a day
  await turnTo('2026-10-21');
  const first = await settle({ account: alice, to: '2026-10-10' });
  const second = await settle({ account: alice });
  expect([first.body['interest'], second.body['interest']]).toEqual([200, 100]);
  expect(second.body['from']).toBe('2026-10-11');
  const back = (answer: Answer, key?: string) =>
    ask(
      'POST',
      `/v1/interest-settlements/${String(answer.body['id'])}/reversals`,
      { reason: 'wrong rate' },
      key,
    );
  expect((await back(first)).body).toMatchObject({
    code: 'interest_not_reversible',
    problem: 'not_the_last',
  });
  const reversed = await back(second, 'b');
  expect(reversed.body['reversal']).toMatchObject({ reason: 'wrong rate' });
  expect((await back(second, 'b')).text).toBe(reversed.text);
  expect((await back(second)).body).toMatchObject({
    code: 'interest_not_reversible',
    problem: 'reversed',
  });
  expect((await back(first)).status).toBe(201);
  expect(await balance(alice)).toBe(1_000_000);
  expect((await settle({ account: alice })).body).toMatchObject({
    from: '2026-09-21',
    interest: 300,
  });
  const list = await ask('GET', `/v1/interest-settlements?account=${alice}&limit=2`);
  expect((list.body['data'] as unknown[]).length).toBe(2);
  const rest = await ask(
    'GET',
    `/v1/interest-settlements?account=${alice}&limit=2&cursor=${String(list.body['nextCursor'])}`,
  );
  expect(rest.body).toMatchObject({ data: [{ interest: 200 }], nextCursor: null });
});

test('tiers, an account’s own rate, an overdraft: nothing below zero counts', async () => {
  const { numbers, pay, ask, put, turnTo } = await platformWith({ members: 3 });
  const [alice, bob, carol] = numbers as [string, string, string];
  const tiers = [
    { upTo: 100_000, ratePpm: 0 },
    { upTo: null, ratePpm: 7300 },
  ];
  await put(0, { terms: { mode: 'marginal', dayCount: 365, tiers } });
  await put(3650, {
    account: bob,
    terms: { dayCount: 365, tiers: [{ upTo: null, ratePpm: 3650 }] },
  });
  await put(1, { account: carol });
  await put(1, { account: carol, terms: null });
  for (const each of [alice, bob]) await pay(each, 1_100_000n);
  await turnTo('2026-10-01');
  const interest = async (number: string) =>
    (await ask('GET', `/v1/virtual-accounts/${number}/interest`)).body['interest'];
  expect(await interest(alice)).toBe(200); // 1,000,000 × 0.73 % / 365 × 10
  expect(await interest(bob)).toBe(110); // 1,100,000 × 0.365 % / 365 × 10
  expect(await interest(carol)).toBe(0);
  const wrong = await ask('PUT', '/v1/interest-rates/trading', {
    ...{
      terms: {
        tiers: [
          { upTo: null, ratePpm: 1 },
          { upTo: 5, ratePpm: 1 },
        ],
      },
      validFrom: '2026-09-30',
    },
  });
  expect(wrong.body).toMatchObject({
    code: 'interest_rate_invalid',
    errors: [
      { pointer: '/validFrom' },
      { pointer: '/terms/tiers/0/upTo' },
      { pointer: '/terms/tiers/1/upTo' },
    ],
  });
});

test('of settlements at once, by hand and by schedule, on two servers, one is done', async () => {
  const { platformId, numbers, pay, put, ask, turnTo, balance, settle, main } = await platformWith({
    members: 4,
  });
  await put(3600);
  for (const number of numbers) await pay(number, 1_000_000n);
  await turnTo('2026-12-20');
  expect(await runInterest(app, platformId)).toBe(0); // up to 20 September, before the first rate: nothing is due
  expect((await ask('GET', '/v1/interest-settlements')).body['data']).toEqual([]);
  await turnTo('2026-12-21');
  await Promise.all([
    runInterest(app, platformId),
    runInterest(other, platformId),
    ...numbers.map((account) => settle({ account })),
  ]);
  for (const number of numbers) expect(await balance(number)).toBe(1_000_910);
  expect(await balance(main.accounts.interestAndFees)).toBe(1_000_000 - 4 * 910);
  expect(await runInterest(other, platformId)).toBe(0);
});

test('where the money for interest lacks, the account is named, and paid on the next business date', async () => {
  const { platformId, numbers, pay, put, ask, turnTo, balance, main } = await platformWith({
    members: 2,
    reserve: 910n,
  });
  await put(3600);
  for (const number of numbers) await pay(number, 1_000_000n);
  await ask('PUT', '/v1/interest-schedule', { months: [10, 12], day: 20 });
  await turnTo('2026-12-21');
  await runInterest(app, platformId);
  const problems = async () =>
    (await ask('GET', '/v1/interest-problems')).body['data'] as { account: string }[];
  const [unpaid, ...more] = await problems();
  expect([unpaid, more]).toMatchObject([{ problem: 'insufficient_funds', settledTo: null }, []]);
  await pay(main.accounts.interestAndFees, 5000n);
  expect(await runInterest(app, platformId)).toBe(0); // looked at today already
  await turnTo('2026-12-22');
  await Promise.all([runInterest(app, platformId), runInterest(other, platformId)]);
  expect(await problems()).toEqual([]);
  for (const number of numbers) expect(await balance(number)).toBe(1_000_910);
  await turnTo('2026-12-23');
  expect(await runInterest(app, platformId)).toBe(0);
});

test('what the bank has paid is divided by products to the last fen, and the difference is named', async () => {
  const { platformId, main, numbers, pay, put, ask, turnTo, balance } = await platformWith({
    members: 3,
    reserve: 0n,
  });
  const [alice, bob, carol] = numbers as [string, string, string];
  await put(3600);
  for (const [number, funds] of [
    [alice, 100_000n],
    [bob, 100_000n],
    [carol, 100_000n],
  ] as const)
    await pay(number, funds);
  await turnTo('2026-12-21');
  const body = {
    mainAccount: main.number,
    amount: 1000,
    from: '2026-09-21',
    to: '2026-12-20',
    reference: 'Q4',
  };
  const allocate = (key?: string) => ask('POST', '/v1/interest-allocations', body, key);
  expect((await allocate()).body).toMatchObject({ code: 'insufficient_funds', shortfall: 1000 });
  await pay(main.accounts.interestAndFees, 1000n);
  const foretold = await ask('POST', '/v1/interest-allocations?dryRun=true', body);
  expect(foretold.body).toMatchObject({
    ...{ id: null, amount: 1000, computed: 273, difference: 727, product: '27300000', paid: 0 },
    parts: [{ share: 334 }, { share: 333 }, { share: 333 }],
  });
  const done = await allocate('a');
  expect([done.status, done.body]).toMatchObject([
    201,
    { paid: 1000, outstanding: 0, accounts: 3 },
  ]);
  expect((await allocate('a')).text).toBe(done.text);
  expect(await Promise.all([alice, bob, carol].map(balance))).toEqual([100_334, 100_333, 100_333]);
  expect(await balance(main.accounts.interestAndFees)).toBe(0);
  // These days are settled: neither by the schedule nor by another allocation again.
  await runInterest(app, platformId);
  expect(await sweepAllocations(app, platformId)).toBe(0);
  expect((await allocate()).body['code']).toBe('interest_settled');
  const settlements = await ask(
    'GET',
    `/v1/interest-settlements?allocation=${String(done.body['id'])}`,
  );
  expect(settlements.body['data']).toMatchObject([
    { computed: 91 },
    { computed: 91 },
    { computed: 91 },
  ]);
  expect((await ask('GET', `/v1/interest-allocations/${String(done.body['id'])}`)).text).toBe(
    done.text,
  );
});

test('a share that cannot be paid is named, and paid by the sweep when it can', async () => {
  const { platformId, main, numbers, pay, put, ask, turnTo, balance } = await platformWith({
    members: 2,
    reserve: 100n,
  });
  const [alice, bob] = numbers as [string, string];
  await put(3600);
  await pay(alice, 100_000n);
  await pay(bob, 300_000n);
  await turnTo('2026-12-21');
  await ask('POST', `/v1/virtual-accounts/${bob}/stop`, { side: 'credit' });
  const body = { mainAccount: main.number, amount: 100, from: '2026-09-21', to: '2026-12-20' };
  const done = await ask('POST', '/v1/interest-allocations', body);
  expect(done.body).toMatchObject({
    ...{ paid: 25, outstanding: 75 },
    parts: [
      { account: alice, done: true },
      { account: bob, done: false, problem: 'account_stopped' },
    ],
  });
  await ask('POST', `/v1/virtual-accounts/${bob}/reopen`, { side: 'credit' });
  await turnTo('2026-12-22');
  await Promise.all([sweepAllocations(app, platformId), sweepAllocations(other, platformId)]);
  expect(await balance(bob)).toBe(300_075);
});

test('an allocation that would leave earned days out, or a share that is owed, is not passed over', async () => {
  const { platformId, main, numbers, pay, put, ask, turnTo, balance } = await platformWith({
    ...{ members: 2, reserve: 10_000n },
  });
  const [alice, bob] = numbers as [string, string];
  await put(3600);
  await pay(alice, 1_000_000n);
  await turnTo('2026-10-21');
  await pay(bob, 1_000_000n);
  await turnTo('2026-12-21');
  const allocate = (from: string) =>
    ask('POST', '/v1/interest-allocations', {
      ...{ mainAccount: main.number, amount: 1000, from, to: '2026-12-20' },
    });
  expect((await allocate('2026-10-21')).body).toMatchObject({
    ...{ code: 'interest_period_invalid', errors: [{ pointer: '/from' }] },
  });
  await ask('POST', `/v1/virtual-accounts/${bob}/stop`, { side: 'credit' });
  const done = await allocate('2026-09-21');
  expect(done.body).toMatchObject({ paid: 599, outstanding: 401 });
  await ask('POST', `/v1/virtual-accounts/${bob}/reopen`, { side: 'credit' });
  // The schedule leaves these days to the share.
  await runInterest(app, platformId);
  expect(await balance(bob)).toBe(1_000_000);
  await turnTo('2026-12-22');
  await runInterest(app, platformId);
  await sweepAllocations(app, platformId);
  expect([await balance(alice), await balance(bob)]).toEqual([1_000_599, 1_000_401]);
});

test('an account with interest to come is not closed until it is settled', async () => {
  const { main, numbers, pay, put, ask, turnTo, settle } = await platformWith();
  const [alice] = numbers;
  await put(3600);
  await pay(alice, 100_000n);
  await turnTo('2026-09-23');
  const empty = (amount: number) =>
    ask('POST', '/v1/transfers', {
      debitAccount: alice,
      creditAccount: main.accounts.platform,
      amount,
    });
  await empty(100_000);
  const close = () => ask('POST', `/v1/virtual-accounts/${alice}/close`);
  expect((await close()).body).toMatchObject({
    code: 'interest_due',
    interest: 2,
    from: '2026-09-21',
    to: '2026-09-22',
  });
  expect((await settle({ account: alice })).body['interest']).toBe(2);
  expect((await close()).body['code']).toBe('account_not_empty');
  await empty(2);
  expect((await close()).body['state']).toBe('closed');
});

test('verify names a settlement that the balances and rates do not give', async () => {
  const { platformId, numbers, pay, put, turnTo } = await platformWith();
  const [alice] = numbers;
  await put(3600);
  await pay(alice, 1_000_000n);
  await turnTo('2026-10-01');
  seen.delete(platformId);
  await sql`
    insert into interest_settlement (platform_id, settlement_id, request_id, account_id, period_from, period_to, product,
                                     exact, computed, interest, segments, business_date, at)
    select ${platformId}, ${app.newUuid()}, 'made up', account_id, '2026-09-21', '2026-09-30', 1, 0, 0, 0, '[]',
           '2026-10-01', ${clock.now()}
      from virtual_account where platform_id = ${platformId} and number = ${alice}`.execute(app.db);
  const findings = (await verifyInterest(app.db, platformId)).flatMap((each) => each.findings);
  expect(findings).toMatchObject([
    {
      check: 'interest is what the balances of its days have earned',
      detail: `expected 10000000/${10_000_000n * 3600n * 73n}, found 1/0`,
    },
    { check: 'interest is its product by its rates, rounded once' },
  ]);
});
