import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';

const { app, http, clock, keyOf } = await testApp();
const platformId = 7n;
const fixture = { platformId, members: 2, funds: 1000n };
const { numbers } = await testPlatform({ ...app, clock }, fixture);
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
const paying = { debitAccount: alice, creditAccount: bob, amount: 300, reason: '货到付款' };

test('a pay-freeze is made, ended in parts, repeated byte for byte, listed and read', async () => {
  const key = newKey();
  const made = await post('/v1/pay-freezes', paying, key);
  expect(made.statusCode).toBe(201);
  const { id, hold, transferId } = made.json<{ id: string; hold: string; transferId: string }>();
  expect(made.json()).toMatchObject({
    ...{ kind: 'payFreeze', status: 'frozen', debitAccount: alice, creditAccount: bob },
    ...{ amount: 300, remaining: 300, unfrozen: 0, paid: 0, currency: 'CNY', reason: '货到付款' },
  });
  const stepKey = newKey();
  const back = await post(`/v1/freezes/${id}/unfreeze`, { amount: 100 }, stepKey);
  expect(back.statusCode).toBe(201);
  expect(back.json()).toMatchObject({ freeze: id, amount: 100, remaining: 200, reason: null });
  const paid = await post(`/v1/freezes/${id}/unfreeze-pay`, { reason: '签收' });
  expect(paid.json()).toMatchObject({ kind: 'unfreezePay', amount: 200, status: 'closed' });
  for (const [again, first] of [
    [await post('/v1/pay-freezes', paying, key), made],
    [await post(`/v1/freezes/${id}/unfreeze`, { amount: 100 }, stepKey), back],
  ] as const) {
    expect([again.statusCode, again.body]).toEqual([201, first.body]);
    expect(again.headers['idempotent-replayed']).toBe('true');
  }
  const read = await get(`/v1/freezes/${id}`);
  expect(read.json()).toEqual({
    ...made.json<object>(),
    ...{ status: 'closed', remaining: 0, unfrozen: 100, paid: 200, moreSteps: false },
    steps: [back.json(), paid.json()],
  });
  expect((await get(`/v1/holds/${hold}`)).json()).toMatchObject({ owner: 'guanjia:freeze' });
  expect((await get(`/v1/transfers/${transferId}`)).json()).toMatchObject({ code: 'pay_freeze' });
  const list = await get(`/v1/freezes?account=${bob}&kind=payFreeze`);
  expect(list.json<{ data: { id: string }[] }>().data.map((each) => each.id)).toEqual([id]);
  expect((await get('/v1/freezes?active=true')).json()).toEqual({ data: [], nextCursor: null });
});

test('money moves by a key only, dry runs need none, and what is refused says which field', async () => {
  const freezing = { account: alice, amount: 10, reason: '合同' };
  expect((await post('/v1/freezes', freezing, '')).json()).toMatchObject({
    code: 'idempotency_key_required',
  });
  const dry = await post('/v1/freezes?dryRun=true', freezing, '');
  expect([dry.statusCode, dry.json()]).toEqual([
    200,
    expect.objectContaining({ id: null, dryRun: true, remaining: 10 }),
  ]);
  const tooMuch = await post('/v1/pay-freezes', { ...paying, amount: 5000 });
  expect([tooMuch.statusCode, tooMuch.json()]).toEqual([
    422,
    expect.objectContaining({ code: 'insufficient_funds', field: '/debitAccount' }),
  ]);
  const { id } = (await post('/v1/freezes', freezing)).json<{ id: string }>();
  const unnamed = await post(`/v1/freezes/${id}/unfreeze-pay`, {});
  expect([unnamed.statusCode, unnamed.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'freeze_payee_required', field: '/creditAccount' }),
  ]);
  const key = newKey();
  const first = await post(`/v1/freezes/${id}/unfreeze`, { amount: 11 }, key);
  expect([first.statusCode, first.json()]).toEqual([
    422,
    expect.objectContaining({ code: 'freeze_insufficient', remaining: 10, field: '/amount' }),
  ]);
  const again = await post(`/v1/freezes/${id}/unfreeze`, { amount: 11 }, key);
  expect(again.headers['idempotent-replayed']).toBe('true');
});

test('a key that may only read moves nothing, and another platform sees nothing', async () => {
  const reader = await keyOf({ platformId, scopes: ['read'] });
  const payload = { account: alice, amount: 1, reason: 'r' };
  const headers = { authorization: `Bearer ${reader}`, 'idempotency-key': 'x' };
  const refused = await http.inject({ method: 'POST', url: '/v1/freezes', payload, headers });
  expect(refused.json()).toMatchObject({ code: 'scope_missing' });
  const { id } = (await post('/v1/freezes', payload)).json<{ id: string }>();
  const other = `Bearer ${await keyOf({ platformId: 1n })}`;
  const url = `/v1/freezes/${id}`;
  const unseen = await http.inject({ url, headers: { authorization: other } });
  expect([unseen.statusCode, unseen.json()]).toEqual([
    404,
    expect.objectContaining({ code: 'freeze_not_found' }),
  ]);
});
