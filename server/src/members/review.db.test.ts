// Goal: a member goes from status to status by reviews alone, each of which is kept; who is not active begins
// nothing new. Method: the routes, as a platform calls them.
import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';

const { app, http, keyOf } = await testApp();
const platformId = 7n;
await testPlatform(app, { platformId, members: 0 });
const authorization = `Bearer ${await keyOf({ platformId })}`;
const call = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) => {
  const answer = await http.inject({
    ...{ method, url, headers: { authorization } },
    ...(payload ? { payload } : {}),
  });
  return {
    code: answer.statusCode,
    body: answer.json<Record<string, unknown>>(),
    text: answer.body,
  };
};
const added = async (fields: object) =>
  String((await call('POST', '/v1/members', { kind: 'person', name: 'M', ...fields })).body['id']);
const review = (id: string, action: string) =>
  call('POST', `/v1/members/${id}/reviews`, {
    action,
    reviewer: '李经理',
    reason: `why ${action}`,
  });
const openAccount = (memberId: string) =>
  call('POST', '/v1/virtual-accounts', { memberId, name: 'Account' });

test('from application to closing, and accounts only while active', async () => {
  const id = await added({ status: 'applying' });
  expect((await openAccount(id)).body).toMatchObject({
    ...{ code: 'member_not_active', memberStatus: 'applying', memberId: id, field: '/memberId' },
  });
  expect((await review(id, 'restrict')).body).toMatchObject({
    ...{ status: 422, code: 'member_review_refused', memberStatus: 'applying', action: 'restrict' },
  });
  const approved = await review(id, 'approve');
  expect(approved).toMatchObject({
    code: 201,
    body: {
      memberId: id,
      from: 'applying',
      to: 'active',
      reviewer: '李经理',
      reason: 'why approve',
    },
  });
  expect(approved.body['apiKey']).toMatch(/^key_/);
  const { code, body: account } = await openAccount(id);
  expect(code).toBe(201);
  await review(id, 'restrict');
  expect((await openAccount(id)).body['code']).toBe('member_not_active');
  const binding = { accountNumber: '6222 0001', virtualAccount: account['number'] };
  const bind = () => call('POST', `/v1/members/${id}/payer-accounts`, binding);
  expect((await bind()).body['code']).toBe('member_not_active');
  await review(id, 'lift');
  expect((await bind()).code).toBe(201);
  await review(id, 'close');
  for (const action of ['approve', 'reject', 'restrict', 'lift', 'close'])
    expect((await review(id, action)).body['code']).toBe('member_review_refused');
  expect((await call('GET', `/v1/members/${id}`)).body['status']).toBe('closed');
  const { body } = await call('GET', `/v1/members/${id}/reviews`);
  expect((body['data'] as { to: string }[]).map(({ to }) => to)).toEqual([
    ...['closed', 'active', 'restricted', 'active'],
  ]);
});

test('two reviews at once: one decides, the other is refused', async () => {
  const id = await added({ status: 'applying' });
  const both = await Promise.all([review(id, 'approve'), review(id, 'reject')]);
  expect(both.map(({ code }) => code).sort()).toEqual([201, 422]);
});

test('papers are kept by reference and digest', async () => {
  const id = await added({});
  const sha256 = 'aB'.repeat(32);
  const paper = { kind: 'identity_card', reference: 'archive/1.pdf', sha256 };
  const kept = await call('POST', `/v1/members/${id}/documents`, paper);
  expect(kept).toMatchObject({ code: 201, body: { ...paper, sha256: sha256.toLowerCase() } });
  expect((await call('GET', `/v1/members/${id}/documents`)).body['data']).toEqual([kept.body]);
  const short = await call('POST', `/v1/members/${id}/documents`, { ...paper, sha256: 'ab' });
  expect(short.body).toMatchObject({ status: 400, errors: [{ pointer: '/sha256' }] });
  await review(id, 'close');
  expect((await call('POST', `/v1/members/${id}/documents`, paper)).body['code']).toBe(
    'member_closed',
  );
});

test('no answer of the identity routes has a number in full', async () => {
  const id = await added({ kind: 'sole_trader' });
  const identity = {
    ...{ legalName: '王小二', mobile: '13800138000' },
    ...{ identityNumber: '11010519491231002X', creditCode: '91350100M000100Y43' },
  };
  const put = await call('PUT', `/v1/members/${id}/identity`, identity);
  expect(put).toMatchObject({ code: 200, body: { legalName: '**二', creditCode: '9135****0Y43' } });
  const wrong = await call('PUT', `/v1/members/${id}/identity`, {
    ...identity,
    mobile: '1380013800',
  });
  expect(wrong.body).toMatchObject({ status: 400, errors: [{ pointer: '/mobile' }] });
  const found = await call('POST', '/v1/members/search', { mobile: '13800138000' });
  expect(found.body['data']).toMatchObject([{ id, kind: 'sole_trader', status: 'active' }]);
  const read = await call('GET', `/v1/members/${id}/identity`);
  const log = await call('GET', '/v1/audit-log');
  expect(log.text).toContain('member.identified');
  for (const { text } of [put, wrong, found, read, log]) {
    for (const value of [...Object.values(identity), '1380013800'])
      expect(text).not.toContain(value);
  }
});

test('a number is shown in full to a key that may, and the log says to whom and why', async () => {
  const id = await added({});
  const unmask = (reason: string) => call('POST', `/v1/members/${id}/identity/unmask`, { reason });
  expect((await unmask('check')).body['code']).toBe('member_identity_missing');
  const identity = { legalName: '张三', identityNumber: '11010519491231002X' };
  await call('PUT', `/v1/members/${id}/identity`, identity);
  expect((await unmask('')).code).toBe(400);
  const shown = await unmask('request 118');
  expect(shown).toMatchObject({ code: 200, body: { ...identity, creditCode: null, mobile: null } });
  const { body } = await call('GET', '/v1/audit-log');
  const entries = body['data'] as { action: string; object: unknown; after: unknown }[];
  expect(entries.filter(({ action }) => action === 'member.identity_unmasked')).toMatchObject([
    {
      object: { type: 'member', id },
      after: { reason: 'request 118' },
      origin: { kind: 'apiKey' },
    },
  ]);
  const reader = await keyOf({ platformId, scopes: ['read', 'accounts:write'] });
  const refused = await http.inject({
    ...{ method: 'POST', url: `/v1/members/${id}/identity/unmask`, payload: { reason: 'curious' } },
    headers: { authorization: `Bearer ${reader}` },
  });
  expect(refused.json()).toMatchObject({ code: 'scope_missing', scope: 'identity:read' });
});
