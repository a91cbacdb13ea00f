import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';

const { app, http, clock, keyOf } = await testApp();
const platformId = 7n;
const { main, numbers } = await testPlatform(
  { ...app, clock },
  { platformId, members: 2, funds: 1000n },
);
const [alice, bob] = numbers as [string, string];
const authorization = `Bearer ${await keyOf({ platformId })}`;

let keys = 0;
const newKey = () => {
  keys += 1;
  return `key-${keys}`;
};
const get = (url: string) => http.inject({ url, headers: { authorization } });
const post = (url: string, payload: object, key: string | undefined = newKey()) =>
  http.inject({
    ...{ method: 'POST', url, payload },
    headers: { authorization, ...(key === '' ? {} : { 'idempotency-key': key }) },
  });
const pay = (amount: unknown, rest: object = {}) => ({
  ...{ debitAccount: alice, creditAccount: bob, amount },
  ...rest,
});

test('a transfer is created, repeated byte for byte, and read', async () => {
  const key = newKey();
  const first = await post('/v1/transfers', pay(100, { memo: '货款', currency: 'CNY' }), key);
  expect(first.statusCode).toBe(201);
  expect(first.headers['idempotent-replayed']).toBeUndefined();
  expect(first.json()).toEqual({
    id: expect.stringMatching(/^trf_[0-9a-z]{11}$/) as unknown,
    status: 'posted',
    debit: { account: alice, balance: 900, held: 0, available: 900 },
    credit: { account: bob, balance: 1100, held: 0, available: 1100 },
    ...{ amount: 100, currency: 'CNY', code: 'transfer', reference: null, memo: '货款' },
    ...{ reverses: null, reversedBy: null },
    businessDate: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/) as unknown,
    bookedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) as unknown,
  });
  await post('/v1/transfers', pay(1));
  const again = await post('/v1/transfers', pay(100, { memo: '货款', currency: 'CNY' }), key);
  expect([again.statusCode, again.body]).toEqual([201, first.body]);
  expect(again.headers['idempotent-replayed']).toBe('true');
  const { id } = first.json<{ id: string }>();
  expect((await get(`/v1/transfers/${id}`)).body).toBe(first.body);
  const other = await post('/v1/transfers', pay(101), key);
  expect([other.statusCode, other.json()]).toMatchObject([409, { code: 'request_id_reused' }]);
});

test('a refusal is a problem, and its repeat is marked too', async () => {
  const key = newKey();
  const refuse = () => post('/v1/transfers', pay(5000), key);
  const [first, again] = [await refuse(), await refuse()];
  expect(first.statusCode).toBe(422);
  expect(first.json()).toMatchObject({ code: 'insufficient_funds', account: alice });
  const { requestId: _first, ...told } = first.json<Record<string, unknown>>();
  const { requestId: _again, ...toldAgain } = again.json<Record<string, unknown>>();
  expect(toldAgain).toEqual(told);
  expect(first.headers['idempotent-replayed']).toBeUndefined();
  expect(again.headers['idempotent-replayed']).toBe('true');
});

test('what is malformed is a 400 with a pointer, before anything is asked', async () => {
  for (const amount of [0, -1, 1.5, 2 ** 53, '1', null]) {
    const answer = await post('/v1/transfers', pay(amount));
    expect(answer.statusCode, String(amount)).toBe(400);
    expect(answer.json()).toMatchObject({ errors: [{ pointer: '/amount' }] });
  }
  const unknown = await post('/v1/transfers', pay(1, { note: 'x' }));
  expect(unknown.statusCode).toBe(400);
  const same = await post('/v1/transfers', pay(1, { creditAccount: alice }));
  expect([same.statusCode, same.json()]).toMatchObject([400, { code: 'same_account' }]);
  const noKey = await post('/v1/transfers', pay(1), '');
  expect(noKey.json()).toMatchObject({ code: 'idempotency_key_required' });
  const nobody = await post('/v1/transfers', pay(1, { creditAccount: '0'.repeat(19) }));
  expect([nobody.statusCode, nobody.json()]).toMatchObject([404, { field: '/creditAccount' }]);
});

test('a body of which nothing is required may be left out', async () => {
  const noBody = (url: string, headers: Record<string, string> = {}) =>
    http.inject({
      ...{ method: 'POST', url },
      headers: { authorization, 'idempotency-key': newKey(), ...headers },
    });
  const { id } = (await post('/v1/transfers', pay(2))).json<{ id: string }>();
  const reversed = await noBody(`/v1/transfers/${id}/reversals`);
  expect([reversed.statusCode, reversed.json()]).toMatchObject([201, { reverses: id, memo: null }]);
  const held = await post('/v1/holds', { account: alice, amount: 5, reason: 'order' });
  const url = `/v1/holds/${held.json<{ id: string }>().id}/release`;
  const released = await noBody(url, { 'content-type': 'application/json' });
  expect([released.statusCode, released.json()]).toMatchObject([200, { remaining: 0 }]);
  const transfer = await noBody('/v1/transfers', { 'content-type': 'application/json' });
  expect(transfer.json()).toMatchObject({ code: 'malformed_json', reason: 'it is empty' });
  const nothing = await http.inject({
    ...{ method: 'POST', url, payload: 'null' },
    headers: { authorization, 'idempotency-key': newKey(), 'content-type': 'application/json' },
  });
  expect([nothing.statusCode, nothing.json()]).toMatchObject([400, { code: 'invalid_request' }]);
});

test('a field that is given twice is refused by name, and nothing is done', async () => {
  const before = (await get(`/v1/virtual-accounts/${alice}/balance`)).json<object>();
  const payload = JSON.stringify(pay(10)).replace('"amount":10', '"amount":10,"amount":20');
  const answer = await http.inject({
    ...{ method: 'POST', url: '/v1/transfers', payload },
    headers: {
      ...{ authorization, 'idempotency-key': newKey() },
      'content-type': 'application/json',
    },
  });
  expect([answer.statusCode, answer.json()]).toMatchObject([
    400,
    {
      code: 'invalid_request',
      errors: [{ pointer: '/amount', detail: 'is given more than once' }],
    },
  ]);
  expect((await get(`/v1/virtual-accounts/${alice}/balance`)).json<object>()).toEqual(before);
});

test('a dry run needs no key and leaves nothing', async () => {
  const before = (await get(`/v1/virtual-accounts/${alice}/balance`)).json<object>();
  const answer = await post('/v1/transfers?dryRun=true', pay(10), '');
  expect([answer.statusCode, answer.json()]).toMatchObject([200, { dryRun: true, id: null }]);
  expect((await get(`/v1/virtual-accounts/${alice}/balance`)).json<object>()).toEqual(before);
});

test('a dry run does not look at its key: a used one decides anew, and keeps its answer', async () => {
  const key = newKey();
  const done = await post('/v1/transfers', pay(1), key);
  for (const asked of [pay(1), pay(2)]) {
    const dry = await post('/v1/transfers?dryRun=true', asked, key);
    expect(dry.statusCode).toBe(200);
    expect(dry.json()).toMatchObject({ dryRun: true, id: null, amount: asked.amount });
    expect(dry.headers['idempotent-replayed']).toBeUndefined();
  }
  const { available } = (await get(`/v1/virtual-accounts/${alice}/balance`)).json<{
    available: number;
  }>();
  const short = await post('/v1/transfers?dryRun=true', pay(available + 1), key);
  expect([short.statusCode, short.json()]).toMatchObject([422, { shortfall: 1 }]);
  const again = await post('/v1/transfers', pay(1), key);
  expect([again.statusCode, again.body]).toEqual([201, done.body]);
  const unused = newKey();
  await post('/v1/transfers?dryRun=true', pay(2), unused);
  const first = await post('/v1/transfers', pay(1), unused);
  expect([first.statusCode, first.headers['idempotent-replayed']]).toEqual([201, undefined]);
});

test('a reversal is created, and listed', async () => {
  const { id } = (await post('/v1/transfers', pay(3))).json<{ id: string }>();
  const reversal = await post(`/v1/transfers/${id}/reversals`, { memo: '退' });
  expect([reversal.statusCode, reversal.json()]).toMatchObject([201, { reverses: id, amount: 3 }]);
  const list = await get(`/v1/transfers?account=${alice}&limit=1`);
  expect(list.json()).toMatchObject({ data: [{ reverses: id }] });
  const { nextCursor } = list.json<{ nextCursor: string }>();
  const rest = await get(`/v1/transfers?account=${alice}&limit=1&cursor=${nextCursor}`);
  expect(rest.json()).toMatchObject({ data: [{ id }] });
  expect((await get('/v1/transfers?cursor=nonsense')).statusCode).toBe(400);
  const unknown = await get(`/v1/transfers?account=${'0'.repeat(19)}`);
  expect(unknown.json()).toMatchObject({ code: 'account_not_found', field: 'query/account' });
});

test('a hold is placed, released, captured and read', async () => {
  const expiresAt = new Date(clock.now().getTime() + 1000).toISOString();
  const placed = await post('/v1/holds', {
    account: alice,
    amount: 60,
    reason: 'order',
    expiresAt,
  });
  expect(placed.statusCode).toBe(201);
  expect(placed.json()).toMatchObject({ expiresAt, remaining: 60, balances: { held: 60 } });
  const { id } = placed.json<{ id: string }>();
  const released = await post(`/v1/holds/${id}/release`, { amount: 10 });
  expect([released.statusCode, released.json()]).toMatchObject([
    200,
    { remaining: 50, released: 10 },
  ]);
  const captured = await post(`/v1/holds/${id}/capture`, { creditAccount: bob });
  expect([captured.statusCode, captured.json()]).toMatchObject([
    201,
    { transfer: { amount: 50, code: 'payment' }, hold: { remaining: 0, status: 'closed' } },
  ]);
  const history = (await get(`/v1/holds/${id}`)).json<{ events: { kind: string }[] }>();
  expect(history.events.map(({ kind }) => kind)).toEqual(['placed', 'released', 'captured']);
  expect((await get(`/v1/holds?account=${alice}&active=true`)).json()).toMatchObject({ data: [] });
});

test('a batch of the most items, each with the longest texts, fits in a body', async () => {
  const texts = { reference: '字'.repeat(128), memo: '字'.repeat(256) };
  const item = { type: 'transfer', ...pay(1, { ...texts, currency: 'CNY' }) };
  const items = Array.from({ length: 1_000 }, () => item);
  const answer = await post('/v1/batches?dryRun=true', { mode: 'independent', items });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ summary: { count: 1_000 } });
});

test('batches say what became of each item', async () => {
  const item = { type: 'transfer', ...pay(1) };
  const atomic = await post('/v1/batches', { mode: 'atomic', items: [item, item] });
  expect([atomic.statusCode, atomic.json()]).toMatchObject([
    201,
    {
      status: 'posted',
      summary: { count: 2, amount: 2 },
      items: [{ problem: null }, { hold: null }],
    },
  ]);
  const poor = { ...item, amount: 9_007_199_254_740_991 };
  const refused = await post('/v1/batches', { mode: 'atomic', items: [item, poor] });
  expect([refused.statusCode, refused.json()]).toMatchObject([
    422,
    { code: 'insufficient_funds', itemIndex: 1 },
  ]);
  const hold = { type: 'hold', account: alice, amount: 1, reason: 'r' };
  const items = [item, poor, hold];
  const key = newKey();
  const partial = await post('/v1/batches', { mode: 'independent', items }, key);
  expect(partial.statusCode).toBe(200);
  expect(partial.json()).toMatchObject({
    status: 'partial',
    items: [
      { status: 'posted', transfer: { amount: 1 } },
      {
        problem: {
          code: 'insufficient_funds',
          type: '/problems/insufficient_funds',
          account: alice,
        },
      },
      { status: 'posted', hold: { amount: 1, event: { kind: 'placed' } } },
    ],
  });
  expect(partial.body).toMatch(/"shortfall":\d+/);
  const again = await post('/v1/batches', { mode: 'independent', items }, key);
  expect([again.statusCode, again.body]).toEqual([200, partial.body]);
  expect(again.headers['idempotent-replayed']).toBe('true');
  for (const wrong of [{ ...item, amount: 0 }, { type: 'claim' }, { ...hold, note: 1 }]) {
    const answer = await post('/v1/batches', { mode: 'atomic', items: [wrong] });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toMatch(/"pointer":"\/items\/0/);
  }
  for (const [count, detail] of [
    [0, 'must have at least 1 item'],
    [1001, 'must have at most 1000 items'],
  ] as const) {
    const answer = await post('/v1/batches', { mode: 'atomic', items: Array(count).fill(item) });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/items', detail }],
    });
  }
});

test('balances and statements are read by date and by instant', async () => {
  const statement = await get(`/v1/virtual-accounts/${bob}/statement?limit=2`);
  const page = statement.json<{
    opening: number;
    totals: object;
    lines: object[];
    nextCursor: string;
  }>();
  expect(page).toMatchObject({
    opening: 0,
    totals: { credits: { count: expect.any(Number) as unknown } },
  });
  expect(page.lines[0]).toMatchObject({ direction: 'credit', code: 'deposit', counterparty: null });
  const second = await get(
    `/v1/virtual-accounts/${bob}/statement?limit=2&cursor=${page.nextCursor}`,
  );
  expect(second.json()).toMatchObject({ opening: 0, totals: null });
  const wrong = await get(`/v1/virtual-accounts/${bob}/statement?from=2026-01-02&to=2026-01-01`);
  expect([wrong.statusCode, wrong.json()]).toMatchObject([
    400,
    { code: 'period_invalid', errors: [{ pointer: 'query/to' }] },
  ]);
  const cursor = Buffer.from('["1","2"]').toString('base64url');
  expect((await get(`/v1/virtual-accounts/${bob}/statement?cursor=${cursor}`)).statusCode).toBe(
    400,
  );
  clock.advance(10_000);
  const balance = await get(`/v1/virtual-accounts/${bob}/balance?asOf=2026-01-01T00:00:00Z`);
  expect(balance.json()).toMatchObject({
    balance: 0,
    asOf: '2026-01-01T00:00:00.000Z',
    clock: 'booked',
  });
  for (const none of ['2025-02-30T00:00:00Z', '2025-02-30', '2025-02-01T00:00:60Z', '1 May 2025'])
    expect((await get(`/v1/virtual-accounts/${bob}/balance?asOf=${none}`)).json()).toMatchObject({
      code: 'period_invalid',
      errors: [{ pointer: 'query/asOf' }],
    });
});

// Goal: a cursor leads on in its own list, and nowhere else. Method: one of each paged list is sent to the same
// list with other filters, to the same list of something else, and to another list.
test('a cursor is taken by the list that gave it, with the same filters', async () => {
  await post('/v1/transfers', pay(1));
  await post('/v1/transfers', pay(1));
  const cursorOf = async (url: string) =>
    (await get(url)).json<{ nextCursor: string }>().nextCursor;
  const statement = `/v1/virtual-accounts/${alice}/statement`;
  const ofStatement = await cursorOf(`${statement}?limit=1&from=2026-01-01`);
  const ofTransfers = await cursorOf(`/v1/transfers?limit=1&account=${alice}`);
  expect((await get(`${statement}?from=2026-01-01&cursor=${ofStatement}`)).statusCode).toBe(200);
  const same = await get(`/v1/transfers?account=${alice}&limit=7&cursor=${ofTransfers}`);
  expect(same.statusCode).toBe(200);
  for (const url of [
    `/v1/virtual-accounts/${bob}/statement?from=2026-01-01&cursor=${ofStatement}`,
    `${statement}?from=2026-01-02&cursor=${ofStatement}`,
    `${statement}?cursor=${ofStatement}`,
    `/v1/transfers?account=${bob}&cursor=${ofTransfers}`,
    `/v1/transfers?cursor=${ofTransfers}`,
    `/v1/holds?account=${alice}&cursor=${ofTransfers}`,
    `/v1/transfers?account=${alice}&cursor=${ofTransfers.slice(0, -1)}`,
  ]) {
    const answer = await get(url);
    expect([answer.statusCode, answer.json()], url).toMatchObject([
      400,
      { code: 'invalid_request', errors: [{ pointer: 'query/cursor' }] },
    ]);
  }
});

test('another platform’s key sees none of it', async () => {
  const foreign = `Bearer ${await keyOf({ platformId: 2n })}`;
  const { id } = (await post('/v1/transfers', pay(1))).json<{ id: string }>();
  for (const url of [
    `/v1/transfers/${id}`,
    `/v1/virtual-accounts/${alice}`,
    `/v1/virtual-accounts/${alice}/balance`,
    `/v1/virtual-accounts/${alice}/statement`,
    `/v1/main-accounts/${main.number}`,
  ]) {
    const answer = await http.inject({ url, headers: { authorization: foreign } });
    expect(answer.statusCode, url).toBe(404);
  }
});
