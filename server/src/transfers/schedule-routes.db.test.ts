import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';
import { backgroundLoops } from '../background.ts';

const { app, http, clock, keyOf } = await testApp({ start: '2026-11-23T04:00:00.000Z' });
const platformId = 7n;
const fixture = { platformId, members: 2, funds: 1000n };
const { numbers } = await testPlatform({ ...app, clock }, fixture);
const [alice, bob] = numbers as [string, string];
const authorization = `Bearer ${await keyOf({ platformId })}`;

const get = (url: string) => http.inject({ url, headers: { authorization } });
const post = (url: string, payload: object, key = '') =>
  http.inject({
    ...{ method: 'POST', url, payload },
    headers: { authorization, ...(key === '' ? {} : { 'idempotency-key': key }) },
  });
const paying = { debitAccount: alice, creditAccount: bob, amount: 300, memo: '房租' };
interface Scheduled {
  readonly id: string;
  readonly state: string;
}

test('it is scheduled, repeated byte for byte, made by the background, listed and read', async () => {
  const monthly = { ...paying, when: { every: 'month', from: '2026-11-23' } };
  const made = await post('/v1/scheduled-transfers', monthly, 'rent');
  expect([made.statusCode, made.json()]).toEqual([
    201,
    {
      id: expect.stringMatching(/^sch_[0-9a-z]{26}$/) as unknown,
      ...{ state: 'active', debitAccount: alice, creditAccount: bob, amount: 300 },
      ...{ currency: 'CNY', reference: null, memo: '房租', every: 'month' },
      ...{ at: null, from: '2026-11-23', until: null, createdAt: '2026-11-23T04:00:00.000Z' },
      next: { occurrence: 1, businessDate: '2026-11-23', at: null, attempt: 1, notBefore: null },
    },
  ]);
  const [, , , , , schedule] = backgroundLoops(app);
  await schedule.run();
  const again = await post('/v1/scheduled-transfers', monthly, 'rent');
  expect([again.body, again.headers['idempotent-replayed']]).toEqual([made.body, 'true']);
  const { id } = made.json<Scheduled>();
  const read = (await get(`/v1/scheduled-transfers/${id}`)).json<{
    runs: { transferId: string }[];
  }>();
  expect(read).toMatchObject({
    next: { occurrence: 2, businessDate: '2026-12-23' },
    runs: [{ occurrence: 1, status: 'posted', problem: null }],
    moreRuns: false,
  });
  const transfer = await get(`/v1/transfers/${read.runs[0]?.transferId}`);
  expect(transfer.json()).toMatchObject({ amount: 300, memo: '房租' });
  const once = { ...paying, when: { at: '2026-11-23T20:00:00.000+08:00' } };
  const second = (await post('/v1/scheduled-transfers', once, 'once')).json<Scheduled>();
  const page = (await get('/v1/scheduled-transfers?limit=1')).json<{
    data: Scheduled[];
    nextCursor: string;
  }>();
  expect(page.data.map((each) => each.id)).toEqual([second.id]);
  const rest = await get(`/v1/scheduled-transfers?limit=1&cursor=${page.nextCursor}`);
  expect(rest.json()).toMatchObject({ data: [{ id }], nextCursor: null });
});

test('it is cancelled, and what cannot be scheduled says which field', async () => {
  const once = { ...paying, when: { businessDate: '2026-12-01' } };
  const { id } = (await post('/v1/scheduled-transfers', once, 'later')).json<Scheduled>();
  const cancelled = await post(`/v1/scheduled-transfers/${id}/cancel`, {});
  expect([cancelled.statusCode, cancelled.json()]).toEqual([
    200,
    expect.objectContaining({ state: 'cancelled', next: null }),
  ]);
  const active = (await get('/v1/scheduled-transfers?state=active')).json<{ data: Scheduled[] }>();
  expect(active.data.map((each) => each.id)).not.toContain(id);
  const past = { ...paying, when: { businessDate: '2026-11-22' } };
  const refused = await post('/v1/scheduled-transfers?dryRun=true', past);
  expect([refused.statusCode, refused.json()]).toEqual([
    400,
    expect.objectContaining({
      code: 'schedule_invalid',
      errors: [expect.objectContaining({ pointer: '/when/businessDate' })],
    }),
  ]);
  const both = { ...paying, when: { businessDate: '2026-12-01', every: 'day' } };
  expect((await post('/v1/scheduled-transfers', both, 'both')).statusCode).toBe(400);
  expect((await post('/v1/scheduled-transfers', once)).json()).toMatchObject({
    code: 'idempotency_key_required',
  });
  const other = `Bearer ${await keyOf({ platformId: 1n })}`;
  const url = `/v1/scheduled-transfers/${id}`;
  const unseen = await http.inject({ url, headers: { authorization: other } });
  expect(unseen.json()).toMatchObject({ code: 'schedule_not_found' });
});
