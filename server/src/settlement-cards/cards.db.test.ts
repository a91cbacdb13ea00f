// Goal: a card is bound only by factors that agree and the code that was sent; tries are counted whoever is quick;
// nothing that identifies a person is to be read in the database or the answers. Method: over HTTP, on the sandbox.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { addMember } from '../members/index.ts';
import { openPlatform } from '../platforms/index.ts';
import { sandboxPolicy } from '../verification/index.ts';
import { bindCard } from './index.ts';

const { app, http, clock, headers, keyOf } = await testApp();
let keys = 0;
const person = async (platformId = 1n) =>
  (await addMember(app, platformId, { kind: 'person', name: '张三' })).id;

/** A number that passes the check digit: case of the sandbox, and which of its cards. */
function cardOf(sandboxCase: number, serial: number): string {
  const start = `621626${String(sandboxCase).padStart(2, '0')}${String(serial).padStart(10, '0')}`;
  const sum = Array.from(start)
    .reverse()
    .reduce((total, digit, i) => {
      const worth = Number(digit) * (i % 2 === 0 ? 2 : 1);
      return total + (worth > 9 ? worth - 9 : worth);
    }, 0);
  return `${start}${(10 - (sum % 10)) % 10}`;
}
/** An identity number that nobody else in this file has. */
function identityOf(serial: number): string {
  const start = `11010519900307${String(serial).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, i) => total + weight * Number(start[i]), 0);
  return `${start}${'10X98765432'[sum % 11]}`;
}

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object, key?: string) {
  keys += 1;
  const answer = await http.inject({
    ...{ method, url, headers: { ...headers, 'idempotency-key': key ?? `k${keys}` } },
    ...(payload === undefined ? {} : { payload }),
  });
  const body = answer.body === '' ? {} : answer.json<Record<string, unknown>>();
  return { status: answer.statusCode, body, replayed: answer.headers['idempotent-replayed'] };
}
const bind = (member: string, factors: object, key?: string) =>
  ask('POST', `/v1/members/${member}/settlement-cards`, factors, key);
const factors = (sandboxCase: number, serial: number) => ({
  cardNumber: cardOf(sandboxCase, serial),
  ...{ name: '张三', identityNumber: identityOf(serial), mobile: '13552535506' },
});
async function lastCode(): Promise<string> {
  const { body } = await ask('GET', '/v1/sandbox/messages');
  const [message] = body['data'] as { text: string }[];
  return /\d{6}/.exec(message?.text ?? '')?.[0] ?? '';
}
const other = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

test('a card is bound by its factors and the code, read and found, and unbound', async () => {
  const member = await person();
  const card = factors(0, 1);
  const bound = await bind(member, card, 'bind-1');
  expect(bound).toMatchObject({
    status: 201,
    body: { state: 'awaitingCode', holderName: '*三', mobile: '135****5506', activatedAt: null },
  });
  const id = String(bound.body['id']);
  const again = await bind(member, card, 'bind-1');
  expect([again.status, again.replayed, again.body]).toEqual([201, 'true', bound.body]);
  const otherwise = await bind(member, { ...card, mobile: '13552535507' }, 'bind-1');
  expect(otherwise.body).toMatchObject({ code: 'request_id_reused' });

  const code = await lastCode();
  const confirm = (text: string) =>
    ask('POST', `/v1/settlement-cards/${id}/confirm`, { code: text });
  expect((await confirm(other(code))).body).toMatchObject({
    code: 'card_code_wrong',
    triesLeft: 4,
  });
  expect((await confirm(code)).body).toMatchObject({ state: 'active' });
  expect((await confirm(code)).body).toMatchObject({ state: 'active' });
  expect((await bind(member, card)).body).toMatchObject({ code: 'card_bound', cardId: id });

  const found = await ask('POST', '/v1/settlement-cards/find', { cardNumber: card.cardNumber });
  expect(found.body).toMatchObject({ data: [{ id, state: 'active' }] });
  expect((await ask('GET', `/v1/members/${member}/settlement-cards`)).body).toMatchObject({
    ...{ data: [{ id }], nextCursor: null },
  });
  expect((await ask('GET', `/v1/settlement-cards/${id}/evidence`)).body).toMatchObject({
    data: [{ provider: 'sandbox-switch', product: 'four', outcome: 'match', codes: ['00'] }],
  });
  expect((await ask('DELETE', `/v1/settlement-cards/${id}`)).status).toBe(204);
  expect((await ask('DELETE', `/v1/settlement-cards/${id}`)).status).toBe(204);
  expect((await confirm(code)).body).toMatchObject({ code: 'card_code_expired' });
  const { body: log } = await ask('GET', `/v1/audit-log?object=${id}`);
  expect((log['data'] as { action: string }[]).map(({ action }) => action)).toEqual([
    ...['settlement_card.unbound', 'settlement_card.activated', 'settlement_card.verified'],
  ]);
});

test.each([
  [1, 'refused', 'reservedMobile', 'issuerSaid', '预留手机号'],
  [3, 'refused', 'nameOrCard', 'single', '姓名与卡号'],
  [4, 'refused', 'cardInvalid', 'single', '卡号不存在'],
  [5, 'refused', 'identityNumber', 'single', '证件号'],
  [6, 'undecided', 'unsupportedBank', 'undetermined', '更换其他银行'],
  [11, 'undecided', 'noAnswer', 'undetermined', '稍后再试'],
])('case %i of the sandbox: %s %s', async (sandboxCase, verdict, cause, confidence, advice) => {
  const member = await person();
  const card = factors(sandboxCase, 100 + sandboxCase);
  const { status, body } = await bind(member, card, `case-${sandboxCase}`);
  expect(status).toBe(422);
  expect(body).toMatchObject({ code: 'card_not_verified', verdict, cause, confidence });
  expect((body['advice'] as { zh: string }).zh).toContain(advice);
  const again = await bind(member, card, `case-${sandboxCase}`);
  expect({ ...again.body, requestId: body['requestId'] }).toEqual(body);
});

test('stale data, a provider that is down and one that answers twice do not keep a card out', async () => {
  for (const sandboxCase of [2, 8, 9]) {
    const { status } = await bind(await person(), factors(sandboxCase, 200 + sandboxCase));
    expect(status).toBe(201);
  }
});

test('mistakes of form are said before anybody is asked, and cost no try', async () => {
  const member = await person();
  const typed = { ...factors(0, 250), cardNumber: '6221558812340000', mobile: '110' };
  const { status, body } = await bind(member, typed);
  expect([status, body['code']]).toEqual([400, 'card_factors_invalid']);
  expect(body['errors']).toMatchObject([{ pointer: '/cardNumber' }, { pointer: '/mobile' }]);
  const { rows } = await sql`
    select from card_attempt a join member m using (platform_id, member_id)
     where a.started_at > '2000-01-01' and a.request_id = ${`api/k${keys}`}`.execute(app.db);
  expect(rows).toEqual([]);
});

test('the same is not asked twice in a day, unless the bank changed it; three failures lock the card', async () => {
  const member = await person();
  const card = factors(1, 300);
  const probes = async () => {
    const { rows } = await sql<{ n: bigint }>`select count(*) as n from card_probe`.execute(app.db);
    return rows[0]?.n ?? 0n;
  };
  await bind(member, card);
  const before = await probes();
  expect((await bind(member, card)).body).toMatchObject({ cause: 'reservedMobile' });
  expect(await probes()).toBe(before);
  await bind(member, { ...card, dataChanged: true });
  await bind(member, { ...card, dataChanged: true });
  expect(await probes()).toBe(before + 6n);
  const refused = await bind(member, { ...card, dataChanged: true });
  const retryAt = new Date(clock.now().getTime() + 12 * 3_600_000).toISOString();
  expect(refused.body).toMatchObject({ code: 'card_tries_exceeded', limitedBy: 'card', retryAt });
  clock.advance(12 * 3_600_000);
  const later = await bind(member, { ...card, dataChanged: true });
  expect(later.body).toMatchObject({ code: 'card_not_verified' });
});

test('of many tries at once no more are made than the card has', async () => {
  const member = await person();
  const card = { ...factors(1, 400), dataChanged: true };
  const answers = await Promise.all(Array.from({ length: 12 }, () => bind(member, card)));
  const codes = answers.map(({ body }) => body['code']);
  expect(codes.filter((code) => code === 'card_not_verified')).toHaveLength(3);
  expect(codes.filter((code) => code === 'card_tries_exceeded')).toHaveLength(9);
});

test('a code is good for five minutes and five tries, also when they are made at once', async () => {
  const member = await person();
  const confirm = (id: string, code: string) =>
    ask('POST', `/v1/settlement-cards/${id}/confirm`, { code });
  const first = String((await bind(member, factors(0, 500))).body['id']);
  const code = await lastCode();
  const wrong = await Promise.all(Array.from({ length: 8 }, () => confirm(first, other(code))));
  const said = wrong.map(({ body }) => body['code']);
  expect(said.filter((each) => each === 'card_code_wrong')).toHaveLength(5);
  expect((await confirm(first, code)).body).toMatchObject({ code: 'card_code_expired' });
  const second = String((await bind(member, factors(0, 500))).body['id']);
  expect((await ask('GET', `/v1/settlement-cards/${first}`)).body).toMatchObject({
    state: 'replaced',
  });
  const fresh = await lastCode();
  clock.advance(5 * 60_000);
  expect((await confirm(second, fresh)).body).toMatchObject({ code: 'card_code_expired' });
});

test('a slow provider is not waited for; platforms without a sandbox have none', async () => {
  const deps = { ...app, verification: sandboxPolicy({ answerLimitMs: 20 }) };
  const input = { factors: factors(7, 600), numberConfirmed: false, dataChanged: false };
  const { card } = await bindCard(deps, 1n, await person(), { ...input, requestId: 'slow' });
  expect(card.state).toBe('awaitingCode');
  const place = { name: 'Real', timeZone: 'Asia/Shanghai', sandbox: false };
  await openPlatform(app, { platformId: 9n, ...place });
  const real = bindCard(deps, 9n, await person(9n), { ...input, requestId: 'real' });
  await expect(real).rejects.toThrow('verification_unavailable');
});

test('another platform sees nothing, and no table or answer tells who it is', async () => {
  const member = await person();
  const card = factors(0, 700);
  const { body } = await bind(member, card);
  const foreign = { authorization: `Bearer ${await keyOf({ platformId: 2n })}` };
  const url = `/v1/settlement-cards/${String(body['id'])}`;
  for (const method of ['GET', 'DELETE'] as const)
    expect((await http.inject({ method, url, headers: foreign })).statusCode).toBe(404);
  const { rows } = await sql<{ text: string }>`
    select row_to_json(t)::text as text from card_attempt t union all
    select row_to_json(t)::text from card_probe t union all
    select row_to_json(t)::text from settlement_card t union all
    select row_to_json(t)::text from sandbox_message t union all
    select row_to_json(t)::text from audit_entry t`.execute(app.db);
  const kept = rows.map(({ text }) => text).join('\n') + JSON.stringify(body);
  const secrets = [card.cardNumber, card.identityNumber, card.mobile, await lastCode()];
  for (const secret of secrets) expect(kept).not.toContain(secret);
});
