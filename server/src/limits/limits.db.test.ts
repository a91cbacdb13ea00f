// Goal: no more leaves than limits allow and nobody on a list is paid, whoever races; what is refused says why, and is
// refused again. Method: the whole app over HTTP on a real PostgreSQL; two servers are two apps on one database.
import { sql } from 'kysely';
import { afterAll, afterEach, expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';
import { openApp } from '../app.ts';
import { businessDate } from '../kernel/business-date.ts';
import { rollDay, verifyLedger } from '../ledger/index.ts';
import { openLog } from '../logging.ts';
import {
  captureHold,
  placeHold,
  readSchedule,
  runSchedules,
  scheduleTransfer,
  submitBatch,
  type TransferDeps,
  transfer,
} from '../transfers/index.ts';
import { readLimitUsage } from './index.ts';

const { app, http, clock, proxy, keyOf } = await testApp();
const other = await openApp({ url: proxy.url, log: openLog({ level: 'silent' }), clock });
afterAll(() => other.close());
let platforms = 40n;
let requests = 0;
const nextKey = () => `lim-${++requests}`;

afterEach(async () => {
  const checks = await verifyLedger(app.db, platforms);
  expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
});

/** Three members with 1,000.00 each. */
async function begin() {
  platforms += 1n;
  const platformId = platforms;
  const { numbers, accounts } = await testPlatform(app, {
    ...{ platformId, members: 3, funds: 100_000n },
  });
  const [payer, payee, third] = numbers as [string, string, string];
  const secret = await keyOf({ platformId, scopes: ['read', 'money:write', 'accounts:write'] });
  type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
  const ask = async (method: Method, url: string, body?: object, key = nextKey()) => {
    const answer = await http.inject({
      ...{ method, url, ...(body ? { payload: body } : {}) },
      headers: { authorization: `Bearer ${secret}`, 'idempotency-key': key },
    });
    const json = answer.body === '' ? {} : answer.json<Record<string, unknown>>();
    return { status: answer.statusCode, body: json };
  };
  const limit = async (rule: object) => {
    const about = { direction: 'out', act: 'any', currency: 'CNY' };
    const put = await ask('PUT', '/v1/limit-rules', { ...about, ...rule });
    expect(put).toMatchObject({ status: 200 });
    return put.body;
  };
  const payment = (amount: number, to = payee, from = payer) => ({
    ...{ debitAccount: from, creditAccount: to, amount },
  });
  const pay = (amount: number, to = payee, from = payer, key = nextKey()) =>
    ask('POST', '/v1/transfers', payment(amount, to, from), key);
  const member = (i: number) => accounts[i]?.memberId ?? '';
  return { platformId, payer, payee, third, ask, limit, pay, payment, member };
}

test('a single amount, a day, a month: what is refused names the limit, what is used and what remains', async () => {
  const { platformId, payer, limit, pay, ask } = await begin();
  const rule = await limit({
    account: payer,
    singleAmount: 5_000,
    dayAmount: 8_000,
    monthCount: 3,
  });
  expect(await pay(5_001)).toMatchObject({
    status: 422,
    body: {
      ...{ code: 'limit_exceeded', account: payer, field: '/debitAccount', rule: rule['id'] },
      ...{ limit: 'single_amount', direction: 'out', most: 5_000, used: 0, remaining: 5_000 },
    },
  });
  expect(await pay(5_000)).toMatchObject({ status: 201 });
  const refused = await pay(3_001, undefined, undefined, 'kept');
  expect(refused.body).toMatchObject({ limit: 'day_amount', used: 5_000, remaining: 3_000 });
  expect((await pay(3_000)).status).toBe(201);
  const usage = (await ask('GET', `/v1/limit-usage?account=${payer}`)).body['data'];
  expect(usage).toMatchObject([
    { period: 'single', most: 5_000, remaining: 5_000 },
    { period: 'day', measure: 'amount', most: 8_000, used: 8_000, remaining: 0 },
    { period: 'month', measure: 'count', most: 3, used: 2, remaining: 1 },
  ]);
  await rollDay(app.db, platformId, { next: businessDate('2026-11-24'), at: clock.now() });
  expect((await pay(1)).status).toBe(201);
  expect((await pay(1)).body).toMatchObject({ limit: 'month_count', used: 3, remaining: 0 });
  // The answer of before stays the answer, like any of the ledger's.
  expect((await pay(3_001, undefined, undefined, 'kept')).body).toMatchObject({
    ...{ limit: 'day_amount', used: 5_000 },
  });
});

// Goal: a limit holds for two servers that pay at once. Method: one of them remembers that there are no limits when the
// limit is put; then forty payments of 1.00 on both, of which ten fit.
test('two servers cannot use a limit up twice, nor miss one that was put on the other', async () => {
  const { platformId, payer, payee, limit } = await begin();
  const pay = (on: TransferDeps, amount = 100n) =>
    transfer(
      on,
      platformId,
      { debitAccount: payer, creditAccount: payee, amount },
      { requestId: nextKey() },
    ).then(
      () => 'ok',
      (error: { definition?: { code: string } }) => error.definition?.code,
    );
  expect(await Promise.all([pay(app), pay(other)])).toEqual(['ok', 'ok']);
  await limit({ account: payer, dayAmount: 1_000 });
  expect(await pay(other, 1_001n)).toBe('limit_exceeded');
  const servers = [app, other];
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => pay(servers[i % 2] ?? app)),
  );
  expect(results.filter((code) => code === 'ok')).toHaveLength(10);
  expect(results.filter((code) => code === 'limit_exceeded')).toHaveLength(30);
  expect(await readLimitUsage(app, platformId, payer)).toMatchObject([{ used: 1_000n }]);
});

test('a sliding time counts what was paid within it, and forgets what is older', async () => {
  const { limit, pay } = await begin();
  await limit({ windowSeconds: 60, windowCount: 2, windowAmount: 1_000 });
  expect((await pay(900)).status).toBe(201);
  expect((await pay(101)).body).toMatchObject({
    limit: 'window_amount',
    used: 900,
    remaining: 100,
  });
  clock.advance(30_000);
  expect((await pay(1)).status).toBe(201);
  expect((await pay(1)).body).toMatchObject({ limit: 'window_count', most: 2, used: 2 });
  clock.advance(31_000);
  expect((await pay(999)).status).toBe(201);
  expect((await pay(1)).body).toMatchObject({ code: 'limit_exceeded' });
});

test("the platform's default gives way to an account's own; a member's is for all accounts together, and what comes in counts too", async () => {
  const { payer, payee, third, limit, pay, member } = await begin();
  await limit({ dayAmount: 100 });
  expect((await pay(101)).body).toMatchObject({ limit: 'day_amount', most: 100 });
  await limit({ account: payer, dayAmount: 5_000 });
  expect((await pay(101)).status).toBe(201);
  await limit({ memberId: member(0), act: 'transfer', dayAmount: 200 });
  expect((await pay(100)).body).toMatchObject({ most: 200, used: 101, remaining: 99 });
  await limit({ account: payee, direction: 'in', act: 'transfer', dayCount: 2 });
  expect((await pay(1)).status).toBe(201);
  expect((await pay(1, payee, third)).body).toMatchObject({
    ...{ limit: 'day_count', account: payee, direction: 'in', field: '/creditAccount' },
  });
});

test('block and allow lists: by account or member, on both sides, and for the whole platform', async () => {
  const { payer, payee, third, ask, pay, member } = await begin();
  const add = async (list: string, of: object, counterparty: object) => {
    const body = { list, of, counterparty, reason: '风险' };
    const added = await ask('POST', '/v1/counterparty-entries', body);
    expect(added.status).toBe(201);
    return String(added.body['id']);
  };
  const block = await add('block', { account: payer }, { memberId: member(1) });
  const refused = { code: 'counterparty_refused', list: 'block', account: payer };
  expect(await pay(1)).toMatchObject({ status: 422, body: { ...refused, counterparty: payee } });
  expect((await pay(1, payer, payee)).body).toMatchObject({ code: 'counterparty_refused' });
  expect((await pay(1, third)).status).toBe(201);
  expect(await add('block', { account: payer }, { memberId: member(1) })).toBe(block);
  expect((await ask('DELETE', `/v1/counterparty-entries/${block}`)).status).toBe(204);
  expect((await pay(1)).status).toBe(201);
  await add('allow', { memberId: member(0) }, { account: payee });
  expect((await pay(1)).status).toBe(201);
  expect((await pay(1, third)).body).toMatchObject({ list: 'allow', counterparty: third });
  await add('block', {}, { account: payee });
  expect((await pay(1)).body).toMatchObject(refused);
  expect((await ask('GET', '/v1/counterparty-entries')).body['data']).toMatchObject([
    { list: 'allow', of: { account: null, memberId: member(0) }, counterparty: { account: payee } },
    { list: 'block', of: { account: null, memberId: null } },
  ]);
});

test('batches, captures, pay-freezes, schedules and escrow payments are limited like plain transfers', async () => {
  const { platformId, payer, payee, limit, ask, payment } = await begin();
  await limit({ account: payer, dayAmount: 1_000 });
  const mode = () => ({ requestId: nextKey() });
  const transferItem = (amount: number) => ({ type: 'transfer' as const, ...payment(amount) });
  const items = [transferItem(600), transferItem(600), transferItem(400)];
  const atomic = submitBatch(app, platformId, { mode: 'atomic', items }, mode());
  await expect(atomic).rejects.toMatchObject({ facts: { itemIndex: 1, limit: 'day_amount' } });
  const foretold = await submitBatch(
    app,
    platformId,
    { mode: 'independent', items },
    { dryRun: true },
  );
  const key = mode();
  const done = await submitBatch(app, platformId, { mode: 'independent', items }, key);
  for (const { result } of [foretold, done]) {
    expect(result.items.map(({ status }) => status)).toEqual(['posted', 'refused', 'posted']);
  }
  const again = await submitBatch(app, platformId, { mode: 'independent', items }, key);
  expect(again.repeated).toBe(true);

  const { result: hold } = await placeHold(
    app,
    platformId,
    { account: payer, amount: 50, reason: '押金' },
    mode(),
  );
  const capture = captureHold(
    app,
    platformId,
    { hold: hold.id ?? '', creditAccount: payee },
    mode(),
  );
  await expect(capture).rejects.toMatchObject({ facts: { limit: 'day_amount', remaining: 0n } });
  const frozen = await ask('POST', '/v1/pay-freezes', { ...payment(1), reason: '货到付款' });
  expect(frozen.body).toMatchObject({ code: 'limit_exceeded' });
  const order = {
    ...{ reference: 'o-1', buyer: payer, sellers: [payee], amount: 1 },
    split: [{ role: 'seller', account: payee, remainderWeight: 1 }],
  };
  const paid = await ask('POST', '/v1/escrow-orders', order);
  expect(paid.body).toMatchObject({ code: 'limit_exceeded', limit: 'day_amount' });
  expect((await ask('POST', '/v1/escrow-orders?dryRun=true', order)).body).toMatchObject({
    code: 'limit_exceeded',
  });
  const at = new Date(clock.now().getTime() + 1000);
  const later = { ...payment(1), when: { at } };
  const { result: scheduled } = await scheduleTransfer(app, platformId, later, mode());
  clock.advance(2_000);
  await runSchedules(app, platformId);
  const { runs } = await readSchedule(app, platformId, scheduled.id ?? '');
  expect(runs).toMatchObject([{ status: 'refused', problem: { code: 'limit_exceeded' } }]);
  expect(await readLimitUsage(app, platformId, payer)).toMatchObject([{ used: 1_000n }]);
});

test('limits are audited, told apart and removed; what makes no sense is refused', async () => {
  const { platformId, payer, ask, limit, pay, member } = await begin();
  const first = await limit({ account: payer, dayAmount: 1 });
  expect(await limit({ account: payer, dayAmount: 2 })).toMatchObject({ id: first['id'] });
  expect((await ask('GET', '/v1/limit-rules')).body['data']).toMatchObject([
    { id: first['id'], account: payer, memberId: null, dayAmount: 2, dayCount: null },
  ]);
  expect((await ask('DELETE', `/v1/limit-rules/${String(first['id'])}`)).status).toBe(204);
  expect((await ask('DELETE', `/v1/limit-rules/${String(first['id'])}`)).body).toMatchObject({
    code: 'limit_rule_not_found',
  });
  expect((await pay(3)).status).toBe(201);
  const { rows } = await sql<{ action: string }>`
    select action from audit_entry where platform_id = ${platformId} and object_type = 'limit_rule'
     order by action`.execute(app.db);
  const changed = 'limit_rule.changed';
  expect(rows.map(({ action }) => action)).toEqual([changed, changed, 'limit_rule.removed']);
  const about = { direction: 'out', act: 'any', currency: 'CNY' };
  for (const rule of [
    {},
    { windowSeconds: 60 },
    { windowCount: 1 },
    { direction: 'in', act: 'withdrawal', dayCount: 1 },
    { account: payer, memberId: member(0), dayCount: 1 },
  ]) {
    expect(await ask('PUT', '/v1/limit-rules', { ...about, ...rule })).toMatchObject({
      body: { code: 'limit_rule_invalid' },
    });
  }
});
