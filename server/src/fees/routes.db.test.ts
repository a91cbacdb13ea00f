import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';

const { http, headers, keyOf } = await testApp();
const call = (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) =>
  http.inject({ method, url, headers, ...(payload ? { payload } : {}) });

test('a rule is put, listed, and quoted', async () => {
  const price = {
    ...{ fixed: 100, min: 200 },
    tiers: {
      mode: 'whole',
      bands: [
        { upTo: 1_000_000, ratePpm: 6000 },
        { upTo: null, ratePpm: 5500 },
      ],
    },
  };
  const created = await call('PUT', '/v1/fee-rules/withdrawal', { bearer: 'payee', price });
  expect(created.statusCode).toBe(201);
  expect(created.json()).toMatchObject({
    ...{ product: 'withdrawal', currency: 'CNY', memberId: null, version: 1, bearer: 'payee' },
    ...{ timing: 'now', validFrom: '2026-11-23T04:00:00.000Z', validUntil: null },
    price: { fixed: 100, ratePpm: 0, min: 200, max: null, rounding: 'half_up' },
  });
  const list = await call('GET', '/v1/fee-rules?product=withdrawal');
  expect(list.json()).toEqual({ data: [created.json()], nextCursor: null });
  const quote = await call('POST', '/v1/fee-quotes', { product: 'withdrawal', amount: 100_050 });
  expect(quote.statusCode).toBe(200);
  expect(quote.json()).toMatchObject({
    ...{ amount: 100_050, fee: 700, bearer: 'payee', payerPays: 100_050, payeeReceives: 99_350 },
    ...{ platformPays: 0, dueAtMonthEnd: 0 },
    working: {
      ...{ exactMillionths: '700300000', rounding: 'half_up', limitedBy: null },
      parts: [
        { of: 'base', base: 100_050, fixed: 100, ratePpm: 0 },
        { of: 'tier', base: 100_050, fixed: 0, ratePpm: 6000 },
      ],
    },
    rule: { version: 1, memberId: null },
  });
});

test('what is wrong is told by its field', async () => {
  const bands = [{ upTo: 5 }, { upTo: 5 }, { upTo: null }];
  const body = { bearer: 'payer', price: { tiers: { mode: 'whole', bands } } };
  const answer = await call('PUT', '/v1/fee-rules/x', body);
  expect(answer.json()).toMatchObject({
    ...{ status: 400, code: 'fee_rule_invalid' },
    errors: [{ pointer: '/price/tiers/bands/1/upTo' }],
  });
  const missing = await call('POST', '/v1/fee-quotes', { product: 'nothing', amount: 1 });
  expect(missing.json()).toMatchObject({ status: 404, code: 'fee_rule_not_found' });
});

test('a price of null is a rule, and prices nothing', async () => {
  const ended = await call('PUT', '/v1/fee-rules/gone', { bearer: 'payer', price: null });
  expect(ended.json()).toMatchObject({ version: 1, price: null });
  const quote = await call('POST', '/v1/fee-quotes', { product: 'gone', amount: 1 });
  expect(quote.statusCode).toBe(404);
});

test('who may only read may ask, and may not put', async () => {
  const authorization = `Bearer ${await keyOf({ scopes: ['read'] })}`;
  const refused = await http.inject({
    ...{ method: 'PUT', url: '/v1/fee-rules/withdrawal', headers: { authorization } },
    payload: { bearer: 'payer', price: null },
  });
  expect(refused.statusCode).toBe(403);
});
