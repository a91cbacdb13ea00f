// Goal: what a court's order keeps stays, whoever races for it, until the order is lifted by those who may. Method: the
// whole app over HTTP on a real PostgreSQL; two servers are two apps on one database. Then everything is recomputed.
import { sql } from 'kysely';
import { afterAll, afterEach, expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { fund, testPlatform } from '../../test/support/fixtures.ts';
import { openApp } from '../app.ts';
import { putRule } from '../approvals/index.ts';
import { verifyLedger } from '../ledger/index.ts';
import { openLog } from '../logging.ts';
import type { Scope } from '../platforms/index.ts';
import { captureHold, placeHold, type TransferDeps, transfer } from '../transfers/index.ts';
import { placeJudicialFreeze, readJudicialFreeze, verifyJudicialFreezes } from './index.ts';

const { app, http, clock, proxy, keyOf } = await testApp();
const other = await openApp({ url: proxy.url, log: openLog({ level: 'silent' }), clock });
afterAll(() => other.close());
let platforms = 20n;
let requests = 0;
const nextKey = () => `jf-${++requests}`;
const ORDER = {
  authority: '示例市人民法院',
  orderNumber: '(2026)示01执1号',
  reason: '民间借贷纠纷',
};
const LIFT = { ...ORDER, orderNumber: '(2026)示01执1号之一', reason: '已履行完毕' };

afterEach(async () => {
  for (const check of [verifyLedger, verifyJudicialFreezes]) {
    const results = await check(app.db, platforms);
    expect(results.flatMap(({ findings }) => findings)).toEqual([]);
  }
});

/** A debtor with 100.00 and somebody who is paid. */
async function begin() {
  platforms += 1n;
  const platformId = platforms;
  const { numbers, record } = await testPlatform(app, { platformId, funds: 10_000n });
  const [debtor, payee] = numbers as [string, string];
  const asking = async (scopes: readonly Scope[]) => {
    const secret = await keyOf({ platformId, scopes });
    return async (method: 'GET' | 'POST', url: string, body?: object, key = nextKey()) => {
      const answer = await http.inject({
        ...{ method, url, ...(body ? { payload: body } : {}) },
        headers: { authorization: `Bearer ${secret}`, 'idempotency-key': key },
      });
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
    };
  };
  const ask = await asking(['read', 'money:write', 'accounts:write']);
  const pay = (amount: bigint, from = debtor, to = payee, on: TransferDeps = app) =>
    transfer(
      on,
      platformId,
      { debitAccount: from, creditAccount: to, amount },
      { requestId: nextKey() },
    ).then(
      () => 'ok',
      (error: { definition: { code: string } }) => error.definition.code,
    );
  const place = (amount: bigint | null, order: Partial<typeof ORDER> = {}) =>
    placeJudicialFreeze(app, platformId, { account: debtor, amount, ...ORDER, ...order });
  const arrives = (funds: bigint) => fund(app, platformId, { record, number: debtor, funds });
  return { platformId, debtor, payee, asking, ask, pay, place, arrives };
}

test('an order for more than there is keeps what arrives until it has its amount; then the rest may go', async () => {
  const { ask, debtor, pay, arrives } = await begin();
  const body = { account: debtor, amount: 15_000, ...ORDER };
  const placed = await ask('POST', '/v1/judicial-freezes', body);
  expect(placed).toMatchObject({
    status: 201,
    body: { scope: 'amount', state: 'standing', caught: 10_000, awaited: 5_000, lift: null },
  });
  expect(await pay(1n)).toBe('frozen_by_order');
  await arrives(5_001n);
  expect(await pay(2n)).toBe('frozen_by_order');
  expect((await ask('GET', `/v1/virtual-accounts/${debtor}`)).body).toMatchObject({
    ...{ balance: 15_001, held: 0, frozen: 15_000, available: 1 },
  });
  const balance = await ask('GET', `/v1/virtual-accounts/${debtor}/balance`);
  expect(balance.body).toMatchObject({ balance: 15_001, available: 1 });
  expect(await pay(1n)).toBe('ok');
  const again = await ask('POST', '/v1/judicial-freezes', body);
  expect(again).toMatchObject({ status: 200, body: { id: placed.body['id'], awaited: 0 } });
  expect(await ask('POST', '/v1/judicial-freezes', { ...body, amount: 1 })).toMatchObject({
    status: 409,
    body: { code: 'judicial_freeze_exists', judicialFreeze: placed.body['id'] },
  });
});

test('a whole account pays nobody, and is not closed; two orders are served in their order', async () => {
  const { platformId, ask, debtor, pay, place, arrives } = await begin();
  const first = await place(8_000n);
  const second = await place(null, { authority: '示例区人民法院' });
  expect([first.freeze.caught, second.freeze.caught]).toEqual([8_000n, 2_000n]);
  await arrives(50n);
  expect(await readJudicialFreeze(app, platformId, second.freeze.id)).toMatchObject({
    ...{ caught: 2_050n, awaited: null },
  });
  expect(await pay(1n)).toBe('frozen_by_order');
  expect(await ask('POST', `/v1/virtual-accounts/${debtor}/close`)).toMatchObject({
    status: 422,
    body: { code: 'frozen_by_order' },
  });
  const lifted = await ask('POST', `/v1/judicial-freezes/${second.freeze.id}/lift`, LIFT, 'l-1');
  expect(lifted).toMatchObject({ status: 200, body: { state: 'lifted', caught: 0, lift: LIFT } });
  expect(await pay(2_051n)).toBe('frozen_by_order');
  expect(await pay(2_050n)).toBe('ok');
  // A repeat is answered; another request is told, and a third one is not the same.
  const url = `/v1/judicial-freezes/${second.freeze.id}/lift`;
  expect((await ask('POST', url, LIFT, 'l-1')).body).toEqual({ ...lifted.body });
  expect((await ask('POST', url, LIFT)).body).toMatchObject({ code: 'judicial_freeze_lifted' });
  expect((await ask('POST', url, ORDER, 'l-1')).body).toMatchObject({ code: 'request_id_reused' });
  const list = async (query: string) =>
    (await ask('GET', `/v1/judicial-freezes?${query}`)).body['data'] as { id: string }[];
  expect((await list(`account=${debtor}`)).map(({ id }) => id)).toEqual([
    second.freeze.id,
    first.freeze.id,
  ]);
  expect((await list('state=standing')).map(({ id }) => id)).toEqual([first.freeze.id]);
});

// Goal: the order outranks what was put aside before. Method: 60.00 of 100.00 are held, then 80.00 are frozen.
test('an order comes before a hold that is older, and the rest is for the hold', async () => {
  const { platformId, debtor, payee, pay, place } = await begin();
  const held = await placeHold(
    app,
    platformId,
    { account: debtor, amount: 6_000n, reason: '预授权' },
    { requestId: nextKey() },
  );
  await place(8_000n);
  expect(await pay(1n)).toBe('frozen_by_order');
  const capture = (amount: bigint) =>
    captureHold(
      app,
      platformId,
      { hold: held.result.id ?? '', creditAccount: payee, amount },
      { requestId: nextKey() },
    );
  await expect(capture(2_001n)).rejects.toMatchObject({ facts: { leavable: 2_000n } });
  await capture(2_000n);
  await expect(capture(1n)).rejects.toMatchObject({ definition: { code: 'frozen_by_order' } });
});

// Goal: no race takes what is frozen. Method: two servers pay from the account all the time, each remembering it, while
// the order is placed on one of them; whatever was answered after the order left its amount.
test('two servers that pay at the same time cannot take what an order keeps', async () => {
  const { platformId, debtor, payee, pay, place } = await begin();
  expect(await Promise.all([pay(1n), pay(1n, debtor, payee, other)])).toEqual(['ok', 'ok']);
  const paying = Array.from({ length: 200 }, (_, i) =>
    pay(100n, debtor, payee, i % 2 ? app : other),
  );
  const placed = place(7_000n);
  const after = placed.then(() =>
    Promise.all(
      Array.from({ length: 20 }, (_, i) => pay(5_000n, debtor, payee, i % 2 ? app : other)),
    ),
  );
  const results = await Promise.all(paying);
  const { freeze } = await placed;
  expect((await after).every((code) => code !== 'ok')).toBe(true);
  const now = await readJudicialFreeze(app, platformId, freeze.id);
  // Only what was paid before the order can have gone below it.
  expect(now.caught).toBeGreaterThanOrEqual(freeze.caught < 7_000n ? freeze.caught : 7_000n);
  expect(results).toContain('ok');
});

test('the database itself stops whoever comes past the ledger', async () => {
  const { platformId, place } = await begin();
  await place(8_000n);
  const take = sql`update account set balance = balance - 3000
    where platform_id = ${platformId} and frozen > 0`.execute(app.db);
  await expect(take).rejects.toThrow('an order keeps this money');
  const forget = sql`delete from judicial_freeze where platform_id = ${platformId}`.execute(app.db);
  await expect(forget).rejects.toThrow('permission denied');
});

test('lifting waits for somebody else where a rule says so: a whole account counts as the highest amount', async () => {
  const { platformId, asking, ask, pay, place } = await begin();
  const tiers = [{ fromAmount: 1_000_000n, checkers: 1, expiresAfterHours: 24 }];
  await putRule(app, platformId, { action: 'judicial_lift', tiers });
  const { freeze } = await place(null);
  const url = `/v1/judicial-freezes/${freeze.id}/lift`;
  const asked = await ask('POST', url, LIFT, 'lift-1');
  expect(asked).toMatchObject({ status: 202, body: { state: 'pending', action: 'judicial_lift' } });
  expect((await ask('POST', url, LIFT, 'lift-1')).body).toMatchObject({ state: 'pending' });
  expect(await pay(1n)).toBe('frozen_by_order');
  const checker = await asking(['read', 'approvals:decide']);
  const approval = `/v1/approvals/${String(asked.body['id'])}/approve`;
  expect((await checker('POST', approval, { reason: '文书已核' })).body).toMatchObject({
    state: 'used',
  });
  expect(await pay(1n)).toBe('ok');
  expect((await ask('POST', url, LIFT, 'lift-1')).body).toMatchObject({ state: 'lifted' });
  const small = await place(500n, { orderNumber: '(2026)示01执2号' });
  expect(await ask('POST', `/v1/judicial-freezes/${small.freeze.id}/lift`, LIFT)).toMatchObject({
    status: 200,
  });
});

test('each act is in the audit log', async () => {
  const { platformId, ask, debtor, place } = await begin();
  const { freeze } = await place(100n);
  await ask('POST', `/v1/judicial-freezes/${freeze.id}/lift`, LIFT);
  const { rows } = await sql<{ action: string; after: unknown }>`
    select action, after from audit_entry
     where platform_id = ${platformId} and object_type = 'judicial_freeze' order by action desc`.execute(
    app.db,
  );
  expect(rows).toMatchObject([
    { action: 'judicial_freeze.placed', after: { account: debtor, amount: '100', ...ORDER } },
    { action: 'judicial_freeze.lifted', after: { state: 'lifted', ...LIFT } },
  ]);
  const missing = `/v1/judicial-freezes/jfz_${'0'.repeat(26)}`;
  expect((await ask('GET', missing)).body).toMatchObject({ code: 'judicial_freeze_not_found' });
});
