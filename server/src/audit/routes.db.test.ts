// Goal: each change of state that can be asked for over HTTP is in the audit log, with who asked and what it was
// before. Method: ask for it, and read GET /v1/audit-log.
import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';
import { camt, line } from '../deposits/testing.fixture.ts';
import { chainAudit, verifyAudit } from './index.ts';

const { app, http, key, keyOf } = await testApp();
const { main, numbers } = await testPlatform(app, { platformId: 7n });
const secret = await keyOf({ platformId: 7n });
const headers = { authorization: `Bearer ${secret}` };

async function ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) {
  const extra = { 'idempotency-key': `${method} ${url}`.replaceAll(' ', '-') };
  const answer = await http.inject({
    ...{ method, url, headers: { ...headers, ...(method === 'POST' ? extra : {}) } },
    ...(payload === undefined ? {} : { payload }),
  });
  const body: Record<string, never> = answer.body === '' ? {} : answer.json();
  return { status: answer.statusCode, body };
}

interface Entry {
  readonly action: string;
  readonly origin: { readonly kind: string; readonly name: string };
}

async function logOf(filter: string): Promise<Entry[]> {
  const { status, body } = await ask('GET', `/v1/audit-log?${filter}`);
  expect(status).toBe(200);
  return (body as unknown as { data: Entry[] }).data;
}

test('keys, accounts and members: who, from where, before and after', async () => {
  const [number = ''] = numbers;
  const { body: made } = await ask('POST', '/v1/api-keys', { name: 'shop', scopes: ['read'] });
  const { id = '' } = made as { id?: string };
  await ask('DELETE', `/v1/api-keys/${id}`);
  await ask('DELETE', `/v1/api-keys/${id}`);
  const log = await logOf(`object=${id}`);
  expect(log).toMatchObject([
    { action: 'api_key.revoked', before: { revoked: false }, after: { revoked: true } },
    { action: 'api_key.created', before: null, after: { name: 'shop', scopes: ['read'] } },
  ]);
  expect(log[0]?.origin).toEqual({
    kind: 'apiKey',
    name: expect.stringMatching(/^key_/) as unknown,
    address: '127.0.0.1',
    requestId: expect.stringMatching(/^req_/) as unknown,
  });
  expect(JSON.stringify(log)).not.toContain((made as { secret?: string }).secret);

  await ask('POST', `/v1/virtual-accounts/${number}/stop`, { side: 'debit' });
  await ask('POST', `/v1/virtual-accounts/${number}/reopen`, {});
  await ask('PATCH', `/v1/virtual-accounts/${number}`, { overdraftLimit: 500 });
  await ask('POST', `/v1/virtual-accounts/${number}/close`, {});
  expect(await logOf(`object=${number}`)).toMatchObject([
    {
      action: 'virtual_account.closed',
      before: { state: 'open' },
      after: { state: 'closed' },
    },
    {
      action: 'virtual_account.changed',
      before: { overdraftLimit: '0' },
      after: { overdraftLimit: '500' },
    },
    {
      action: 'virtual_account.reopened',
      before: { state: 'debit_stopped' },
      after: { state: 'open' },
    },
    {
      action: 'virtual_account.stopped',
      before: { state: 'open' },
      after: { state: 'debit_stopped' },
    },
    { action: 'virtual_account.opened', before: null },
  ]);
  await ask('PATCH', `/v1/main-accounts/${main.number}`, { referencesPerDay: true });
  await ask('PATCH', `/v1/main-accounts/${main.number}`, { referencesPerDay: true });
  expect(await logOf(`object=${main.number}&action=main_account.changed`)).toMatchObject([
    { before: { referencesPerDay: false }, after: { referencesPerDay: true } },
  ]);
});

test('names of people are masked, and of their notes only the keys are told', async () => {
  const person = { kind: 'person', name: '欧阳娜娜', metadata: { phone: '13800000000' } };
  const { body } = await ask('POST', '/v1/members', person);
  const { id = '' } = body as { id?: string };
  await ask('PATCH', `/v1/members/${id}`, { name: '欧阳靖' });
  const log = await logOf(`object=${id}`);
  expect(log).toMatchObject([
    {
      action: 'member.changed',
      before: { name: '欧***' },
      after: { name: '欧**', changed: ['name'] },
    },
    { action: 'member.added', after: { name: '欧***', metadata: ['phone'] } },
  ]);
  expect(JSON.stringify(log)).not.toMatch(/欧阳|13800000000/);
});

test('a claim and its reversal commit with their entries; a repeat and a refusal leave none', async () => {
  const lines = [line({ reference: 'A1', remittance: 'whose?', amount: 250n })];
  const file = Buffer.concat(await Array.fromAsync(camt(main.number, lines)));
  const imported = await http.inject({
    ...{ method: 'POST', url: '/v1/statement-imports?fileName=a.xml', payload: file },
    headers: { ...headers, 'content-type': 'application/octet-stream' },
  });
  expect(imported.statusCode).toBe(201);
  const { body } = await ask('GET', '/v1/bank-entries?state=suspended');
  const [entry] = (body as unknown as { data: { id: string }[] }).data;
  const id = entry?.id ?? '';
  const account = numbers[1] ?? '';
  const reversal = `/v1/bank-entries/${id}/claim-reversal`;
  expect((await ask('POST', reversal, {})).status).toBe(409);
  expect((await ask('POST', `/v1/bank-entries/${id}/claim`, { account })).status).toBe(201);
  expect((await ask('POST', `/v1/bank-entries/${id}/claim`, { account })).status).toBe(201);
  expect((await ask('POST', `${reversal}?dryRun=true`, {})).status).toBe(200);
  expect((await ask('POST', reversal, {})).status).toBe(201);
  expect(await logOf(`object=${id}`)).toMatchObject([
    {
      action: 'deposit.claim_reversed',
      before: { state: 'claimed' },
      after: { state: 'suspended', account },
    },
    {
      action: 'deposit.claimed',
      before: { state: 'suspended' },
      after: { account, amount: '250' },
    },
  ]);
  await chainAudit(app.db, 7n);
  expect((await verifyAudit(app.db, 7n)).findings).toEqual([]);
});

test('reading needs its scope, and pages go on where the last ended', async () => {
  const plain = `Bearer ${await keyOf({ platformId: 7n, scopes: ['read'] })}`;
  const refused = await http.inject({ url: '/v1/audit-log', headers: { authorization: plain } });
  expect(refused.statusCode).toBe(403);
  const other = await http.inject({
    url: '/v1/audit-log?object=plt_7',
    headers: { authorization: `Bearer ${key}` },
  });
  expect(other.json()).toEqual({ data: [], nextCursor: null });
  const seen: string[] = [];
  let cursor = '';
  for (;;) {
    const { body } = await ask('GET', `/v1/audit-log?limit=4${cursor}`);
    const page = body as unknown as { data: { id: string }[]; nextCursor: string | null };
    seen.push(...page.data.map(({ id }) => id));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  expect(seen.length).toBeGreaterThan(8);
  expect(seen).toEqual([...new Set(seen)].sort().reverse());
});
