// Goal: escrow orders over HTTP: what bodies may be, that a repeat is marked, a dry run changes nothing, a platform
// sees its own orders only, and the audit log tells who asked. Method: the whole server on a fresh database.
import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { fund } from '../../test/support/fixtures.ts';
import { currency } from '../kernel/currency.ts';
import { addMember } from '../members/index.ts';
import {
  openMainAccount,
  openVirtualAccount,
  readMainAccountRecord,
} from '../virtual-accounts/index.ts';

const { app, http, headers, keyOf } = await testApp();
const main = await openMainAccount(app, 1n, {
  ...{ number: '8110001', name: 'Sample', bankName: 'Bank', currency: currency('CNY') },
});
const record = await readMainAccountRecord(app.db, 1n, main.number);
const open = async (name: string) => {
  const member = await addMember(app, 1n, { kind: 'company', name });
  const input = { memberId: member.id, name, mainAccount: main.number };
  return (await openVirtualAccount(app, 1n, input)).number;
};
const [buyer, seller, commission] = [await open('B'), await open('S'), await open('C')];
if (!record) throw new Error('the main account was opened');
await fund(app, 1n, { record, number: buyer, funds: 500_00n });

const line = (rest: Record<string, unknown>) => ({ role: 'seller', account: seller, ...rest });
const order = {
  ...{ reference: 'web-1', buyer, sellers: [seller], amount: 100_00 },
  split: [
    {
      role: 'commission',
      account: commission,
      tiers: [{ upTo: 50_00, ratioPpm: 20_000 }, { ratioPpm: 10_000 }],
    },
    line({ remainderWeight: 1 }),
  ],
};
const post = (path: string, payload: object, key?: string, auth: object = headers) =>
  http.inject({
    ...{ method: 'POST', url: `/v1/escrow-orders${path}`, payload },
    headers: { ...auth, ...(key === undefined ? {} : { 'idempotency-key': key }) },
  });

test('an order from payment to its end', async () => {
  expect((await post('?dryRun=true', order)).json()).toMatchObject({
    escrowOrder: null,
    dryRun: true,
  });
  expect((await post('', order)).json()).toMatchObject({ code: 'idempotency_key_required' });
  const paid = await post('', order, 'pay');
  expect(paid.statusCode).toBe(201);
  const id = paid.json<{ escrowOrder: string }>().escrowOrder;
  const again = await post('', order, 'pay');
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(again.body).toBe(paid.body);
  const confirmed = await post(`/${id}/confirm`, { amount: 80_00 }, 'confirm');
  // 2% of 50.00 and 1% of 30.00.
  expect(confirmed.json()).toMatchObject({
    ...{ kind: 'confirm', state: 'held', remaining: 20_00 },
    movements: [
      { role: 'commission', account: commission, amount: 1_30 },
      { role: 'seller', account: seller, amount: 78_70 },
    ],
  });
  expect((await post(`/${id}/dispute`, { reason: 'late' }, 'dispute')).statusCode).toBe(200);
  const refused = await post(`/${id}/confirm`, {}, 'too-early');
  expect(refused.statusCode).toBe(422);
  expect(refused.json()).toMatchObject({ code: 'escrow_state_refuses', state: 'disputed' });
  expect((await post(`/${id}/resolve`, {}, 'resolve')).json()).toMatchObject({ state: 'held' });
  await post(`/${id}/refund`, { amount: 5_00, from: 'held' }, 'refund');
  const end = await post(`/${id}/finish`, { rest: 'release' }, 'finish');
  expect(end.json()).toMatchObject({ state: 'finished', remaining: 0 });

  const read = await http.inject({ url: `/v1/escrow-orders/${id}`, headers });
  const { actions, ...facts } = read.json<{ actions: { kind: string }[] }>();
  expect(facts).toMatchObject({ state: 'finished', splitAmount: 95_00, returnedAmount: 5_00 });
  expect(actions.map(({ kind }) => kind).join(' ')).toBe(
    'pay confirm dispute resolve refund finish',
  );
  const list = await http.inject({ url: '/v1/escrow-orders?state=finished', headers });
  expect(list.json()).toMatchObject({ data: [{ id, reference: 'web-1' }], nextCursor: null });

  const other = { authorization: `Bearer ${await keyOf({ platformId: 2n })}` };
  expect((await http.inject({ url: `/v1/escrow-orders/${id}`, headers: other })).statusCode).toBe(
    404,
  );
  expect((await post(`/${id}/refund`, {}, 'theirs', other)).statusCode).toBe(404);
  const reader = { authorization: `Bearer ${await keyOf({ scopes: ['read'] })}` };
  expect((await post(`/${id}/refund`, {}, 'reader', reader)).statusCode).toBe(403);

  const { rows } = await app.sessions.query<{ action: string; origin_kind: string }>(
    `select action, origin_kind from audit_entry
      where platform_id = 1 and object_type = 'escrow_order' order by audit_id`,
  );
  expect(rows.map(({ action }) => action.replace('escrow_order.', '')).join(' ')).toBe(
    'pay confirm dispute resolve refund finish',
  );
  expect(new Set(rows.map(({ origin_kind }) => origin_kind))).toEqual(new Set(['apiKey']));
});

test.each([
  ['two shares in one line', [line({ amount: 1, ratioPpm: 1 })]],
  ['no share', [line({})]],
  ['a limit of an amount', [line({ amount: 1, atMost: 1 })]],
  [
    'tiers that fall',
    [
      line({
        tiers: [
          { upTo: 5, ratioPpm: 1 },
          { upTo: 4, ratioPpm: 1 },
        ],
      }),
    ],
  ],
  ['a last tier with an end', [line({ tiers: [{ upTo: 5, ratioPpm: 1 }] })]],
])('400 for %s', async (_what, split) => {
  const answer = await post('', { ...order, reference: 'web-2', split }, 'wrong');
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({
    errors: [{ pointer: expect.stringMatching(/^\/split\/0/) as unknown }],
  });
});
