import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';

const { app, http, keyOf } = await testApp();
const platformId = 7n;
await testPlatform(app, { platformId, members: 1 });
const authorization = `Bearer ${await keyOf({ platformId })}`;
const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
  http.inject({ method, url, headers: { authorization }, ...(payload ? { payload } : {}) });

test('main accounts are opened, read and listed', async () => {
  const opened = await call('POST', '/v1/main-accounts', {
    ...{ number: '6222 0000', name: 'Second', currency: 'CNY', prefix: '123456789012' },
  });
  expect(opened.statusCode).toBe(201);
  expect(opened.json()).toMatchObject({ number: '62220000', bankName: null, bankBalance: 0 });
  expect((await call('GET', '/v1/main-accounts/62220000')).json()).toEqual(opened.json());
  for (const referencesPerDay of [false, 'yes']) {
    const off = await call('PATCH', '/v1/main-accounts/62220000', { referencesPerDay });
    expect(off.json()).toMatchObject({
      ...{ status: 400, errors: [{ pointer: '/referencesPerDay', detail: 'must be true' }] },
    });
  }
  expect((await call('GET', '/v1/main-accounts/62220000')).json()).toEqual(opened.json());
  const list = (await call('GET', '/v1/main-accounts?limit=1')).json<{ nextCursor: string }>();
  const rest = await call('GET', `/v1/main-accounts?cursor=${list.nextCursor}`);
  expect(rest.json()).toEqual({ data: [opened.json()], nextCursor: null });
  const again = { number: '62220000', name: 'x', currency: 'CNY' };
  expect((await call('POST', '/v1/main-accounts', again)).statusCode).toBe(409);
  const wrong = { number: '1', name: 'x', currency: 'ZZZ' };
  expect((await call('POST', '/v1/main-accounts', wrong)).json()).toMatchObject({
    errors: [{ pointer: '/currency' }],
  });
});

test('a virtual account lives: opened, found, changed, stopped, reopened, closed', async () => {
  const metadata = { shop: '一号店' };
  const body = { mainAccount: '62220000', name: 'Shop', suffix: '0000042', metadata };
  const opened = await call('POST', '/v1/virtual-accounts', { ...body, referenceCode: 'SHOP42' });
  expect(opened.statusCode).toBe(201);
  const number = '1234567890120000042';
  const account = opened.json<object>();
  expect(account).toMatchObject({
    number,
    kind: 'trading',
    state: 'open',
    memberId: null,
    metadata,
  });
  const url = `/v1/virtual-accounts/${number}`;
  expect((await call('GET', url)).json()).toEqual(account);
  const found = await call(
    'GET',
    '/v1/virtual-accounts?referenceCode=SHOP42&mainAccount=6222-0000',
  );
  expect(found.json()).toEqual({ data: [account], nextCursor: null });
  const changed = await call('PATCH', url, { referenceCode: null, overdraftLimit: 5 });
  expect(changed.json()).toEqual({ ...account, referenceCode: null, overdraftLimit: 5 });
  const stopped = await call('POST', `${url}/stop`, { side: 'credit' });
  expect(stopped.json()).toMatchObject({ state: 'credit_stopped' });
  const other = await call('POST', `${url}/reopen`, { side: 'debit' });
  expect(other.json()).toMatchObject({ state: 'credit_stopped' });
  expect((await call('POST', `${url}/reopen`)).json()).toMatchObject({ state: 'open' });
  expect((await call('POST', `${url}/close`)).json()).toMatchObject({ state: 'closed' });
  const closed = await call('POST', `${url}/reopen`);
  expect([closed.statusCode, closed.json()]).toMatchObject([422, { code: 'account_closed' }]);
  const short = await call('POST', '/v1/virtual-accounts', { ...body, suffix: '00000000000042' });
  expect([short.statusCode, short.json()]).toMatchObject([
    400,
    { errors: [{ pointer: '/suffix' }] },
  ]);
  const ambiguous = await call('POST', '/v1/virtual-accounts', { name: 'x' });
  expect(ambiguous.json()).toMatchObject({ code: 'main_account_required', mainAccounts: 2 });
  const third = { number: '8110999', name: 'Third', currency: 'CNY' };
  expect((await call('POST', '/v1/main-accounts', third)).statusCode).toBe(201);
  const among = await call('POST', '/v1/virtual-accounts', { name: 'x' });
  expect(among.json()).toMatchObject({ code: 'main_account_required', mainAccounts: 3 });
});

test('notes are text by key, fifty at most', async () => {
  const notes = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, 'x']));
  const open = (metadata: object) =>
    call('POST', '/v1/virtual-accounts', { mainAccount: '62220000', name: 'N', metadata });
  expect((await open(notes(50))).statusCode).toBe(201);
  expect((await open(notes(51))).statusCode).toBe(400);
  expect((await open({ a: 1 })).statusCode).toBe(400);
});

test('payer accounts are bound, listed and removed', async () => {
  const member = (await call('POST', '/v1/members', { kind: 'company', name: 'M' })).json<{
    id: string;
  }>();
  const account = (
    await call('POST', '/v1/virtual-accounts', {
      mainAccount: '62220000',
      name: 'P',
      memberId: member.id,
    })
  ).json<{ number: string }>();
  const url = `/v1/members/${member.id}/payer-accounts`;
  const binding = { accountNumber: 'de89 3704', virtualAccount: account.number };
  const bound = await call('POST', url, binding);
  expect([bound.statusCode, bound.json()]).toMatchObject([201, { accountNumber: 'DE893704' }]);
  expect((await call('POST', url, binding)).statusCode).toBe(409);
  expect((await call('GET', url)).json()).toEqual({ data: [bound.json()], nextCursor: null });
  expect((await call('DELETE', `${url}/DE893704`)).statusCode).toBe(204);
  expect((await call('DELETE', `${url}/DE893704`)).statusCode).toBe(404);
});

test('a main account is said to count references from day to day, when it is opened or later', async () => {
  const opened = (number: string, referencesPerDay?: boolean) =>
    call('POST', '/v1/main-accounts', { number, name: 'x', currency: 'CNY', referencesPerDay });
  expect((await opened('777001', true)).json()).toMatchObject({ referencesPerDay: true });
  const later = (await opened('777002')).json<Record<string, unknown>>();
  expect(later).toMatchObject({ referencesPerDay: false });
  for (const number of ['777002', '777 002']) {
    const changed = await call('PATCH', `/v1/main-accounts/${encodeURIComponent(number)}`, {
      referencesPerDay: true,
    });
    expect([changed.statusCode, changed.json()]).toEqual([
      200,
      { ...later, referencesPerDay: true },
    ]);
  }
  const none = await call('PATCH', '/v1/main-accounts/777003', { referencesPerDay: true });
  expect(none.json()).toMatchObject({ code: 'main_account_not_found' });
});
