// Goal: a fee moves with its cause or not at all, is taken once at the month's end whoever tries, and goes back as
// its rule and its approvers say. Method: the whole app over HTTP on a real PostgreSQL; two servers are two apps on
// one database. After each story the ledger and the fees are recomputed.
import { afterAll, afterEach, expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';
import { openApp } from '../app.ts';
import { sweepApprovals } from '../approvals/index.ts';
import { approvedActs } from '../approved-acts.ts';
import { businessDate } from '../kernel/business-date.ts';
import { rollDay, verifyLedger } from '../ledger/index.ts';
import { openLog } from '../logging.ts';
import type { Scope } from '../platforms/index.ts';
import { collectFees, putFeeRule, verifyFees } from './index.ts';

const { app, http, clock, proxy, keyOf } = await testApp();
const other = await openApp({ url: proxy.url, log: openLog({ level: 'silent' }), clock });
afterAll(() => other.close());
let platforms = 10n;
let keys = 0;
const seen = new Set<bigint>();

afterEach(async () => {
  for (const platformId of seen) {
    const checks = [
      ...(await verifyLedger(app.db, platformId)),
      ...(await verifyFees(app.db, platformId)),
    ];
    expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
  }
});

type Rule = Partial<Parameters<typeof putFeeRule>[2]> & { fixed?: bigint; ratePpm?: bigint };

/** A platform of two members with 1,000.00 each, and a rule for the product `sale`. */
async function platformWith({ fixed = 0n, ratePpm = 6000n, ...rule }: Rule = {}) {
  platforms += 1n;
  const platformId = platforms;
  seen.add(platformId);
  const { main, numbers } = await testPlatform(app, { platformId, funds: 100_000n });
  const [payer, payee] = numbers as [string, string];
  const price = {
    ...{ fixed, ratePpm, tiers: null, min: null, max: null },
    rounding: 'half_up' as const,
  };
  const put = (change: Rule = {}) =>
    putFeeRule(app, platformId, {
      ...{
        product: 'sale',
        currency: 'CNY',
        memberId: null,
        bearer: 'payer',
        timing: 'now',
        price,
      },
      ...{ ...rule, ...change },
    });
  await put();
  const asking = async (scopes: readonly Scope[]) => {
    const secret = await keyOf({ platformId, scopes });
    return async (method: 'GET' | 'POST' | 'PUT', url: string, body?: object, key?: string) => {
      keys += 1;
      const headers = { authorization: `Bearer ${secret}` };
      const answer = await http.inject({
        ...{ method, url, ...(body ? { payload: body } : {}) },
        headers: method === 'POST' ? { ...headers, 'idempotency-key': key ?? `k${keys}` } : headers,
      });
      return {
        status: answer.statusCode,
        body: answer.json<Record<string, unknown>>(),
        text: answer.body,
      };
    };
  };
  const ask = await asking(['read', 'money:write', 'accounts:write']);
  const balance = async (number: string) =>
    (await ask('GET', `/v1/virtual-accounts/${number}`)).body['balance'];
  const { interestAndFees: income, platform: own } = main.accounts;
  const balances = async () => Promise.all([payer, payee, income, own].map(balance));
  const pay = (
    amount: number,
    more: object = {},
    { dryRun = false, key = undefined as string | undefined } = {},
  ) =>
    ask(
      'POST',
      `/v1/transfers${dryRun ? '?dryRun=true' : ''}`,
      { debitAccount: payer, creditAccount: payee, amount, fee: { product: 'sale' }, ...more },
      key,
    );
  const nextMonth = (date: string) =>
    rollDay(app.db, platformId, { next: businessDate(date), at: clock.now() });
  return { platformId, ask, asking, payer, payee, income, own, balances, pay, put, nextMonth };
}

const fieldsOf = (body: Record<string, unknown>) => body['fee'] as Record<string, unknown>;

test('the payer bears 0.6 % on top: estimated, taken with the transfer, answered again word for word', async () => {
  const { pay, balances, ask, put } = await platformWith();
  const estimate = await pay(10_000, {}, { dryRun: true });
  expect(estimate.status).toBe(200);
  expect(fieldsOf(estimate.body)).toMatchObject({
    id: null,
    transfer: null,
    fee: 60,
    bearer: 'payer',
  });
  expect(await balances()).toEqual([100_000, 100_000, 0, 0]);
  const paid = await pay(10_000, {}, { key: 'p' });
  expect(paid.status).toBe(201);
  expect(fieldsOf(paid.body)).toMatchObject({
    cause: paid.body['id'],
    fee: 60,
    collected: 60,
    remaining: 0,
  });
  expect(await balances()).toEqual([89_940, 110_000, 60, 0]);
  // The price changes: a repeat is still the same request.
  await put({ price: null });
  expect((await pay(10_000, {}, { key: 'p' })).text).toBe(paid.text);
  expect((await pay(10_000, {}, { key: 'q' })).body['code']).toBe('fee_rule_not_found');
  await put({ ratePpm: 1n, bearer: 'platform' });
  expect((await pay(10_000, {}, { key: 'p' })).text).toBe(paid.text);
  expect((await pay(10_001, {}, { key: 'p' })).body['code']).toBe('request_id_reused');
  expect(await balances()).toEqual([89_940, 110_000, 60, 0]);
  const list = await ask('GET', `/v1/fee-charges?cause=${String(paid.body['id'])}`);
  expect(list.body['data']).toEqual([paid.body['fee']]);
  const one = await ask('GET', `/v1/fee-charges/${String(fieldsOf(paid.body)['id'])}`);
  expect(one.body).toEqual(paid.body['fee']);
});

test('the payee or the platform bears it', async () => {
  const payees = await platformWith({ bearer: 'payee' });
  await payees.pay(10_000);
  expect(await payees.balances()).toEqual([90_000, 109_940, 60, 0]);
  const platforms = await platformWith({ bearer: 'platform' });
  // The platform has no money of its own yet: neither the transfer nor the fee.
  const refused = await platforms.pay(10_000);
  expect([refused.status, refused.body]).toMatchObject([
    422,
    { code: 'insufficient_funds', account: platforms.own, shortfall: 60 },
  ]);
  expect(refused.body['field']).toBeUndefined();
  expect(await platforms.balances()).toEqual([100_000, 100_000, 0, 0]);
  await platforms.ask('POST', '/v1/transfers', {
    ...{ debitAccount: platforms.payee, creditAccount: platforms.own, amount: 100 },
  });
  await platforms.pay(10_000);
  expect(await platforms.balances()).toEqual([90_000, 109_900, 60, 40]);
});

test('who cannot pay the fee cannot pay: nothing of the group moves', async () => {
  const { pay, balances, ask } = await platformWith({ fixed: 1n, ratePpm: 0n });
  const refused = await pay(100_000, {}, { key: 'r' });
  expect([refused.status, refused.body]).toMatchObject([
    422,
    { code: 'insufficient_funds', shortfall: 1 },
  ]);
  expect(await balances()).toEqual([100_000, 100_000, 0, 0]);
  expect((await pay(100_000, {}, { key: 'r' })).body['code']).toBe('insufficient_funds');
  expect((await ask('GET', '/v1/fee-charges')).body['data']).toEqual([]);
  expect((await pay(1, { fee: { product: 'unknown' } })).body['code']).toBe('fee_rule_not_found');
});

test('fees of a month are taken once when it is over, by whichever server, and the rest is carried', async () => {
  const { platformId, pay, balances, ask, nextMonth, payer, payee } = await platformWith({
    timing: 'month_end',
    ratePpm: 500_000n,
  });
  for (const amount of [40_000, 20_000, 10_000]) await pay(amount); // owed: 35,000 of the 30,000 that are left
  expect(await balances()).toEqual([30_000, 170_000, 0, 0]);
  expect(await collectFees(app, platformId)).toBe(0); // the month is not over
  await nextMonth('2026-12-01');
  await Promise.all([collectFees(app, platformId), collectFees(other, platformId)]);
  await Promise.all([collectFees(app, platformId), collectFees(other, platformId)]);
  expect(await balances()).toEqual([0, 170_000, 30_000, 0]);
  const collections = async () =>
    (await ask('GET', `/v1/fee-collections?account=${payer}&limit=10`)).body['data'];
  expect(await collections()).toMatchObject([
    {
      account: payer,
      businessDate: '2026-12-01',
      owed: 35_000,
      collected: 30_000,
      outstanding: 5000,
      refusal: null,
    },
  ]);
  const owed = await ask('GET', `/v1/fee-charges?owedOnly=true`);
  expect(owed.body['data']).toMatchObject([{ fee: 5000, collected: 0, remaining: 5000 }]);
  // The next business date: nothing there; the one after: money has come.
  await nextMonth('2026-12-02');
  await collectFees(app, platformId);
  await ask('POST', '/v1/transfers', { debitAccount: payee, creditAccount: payer, amount: 7000 });
  await collectFees(app, platformId); // asked for today already
  expect(await balances()).toEqual([7000, 163_000, 30_000, 0]);
  await nextMonth('2026-12-03');
  await Promise.all([collectFees(app, platformId), collectFees(other, platformId)]);
  expect(await balances()).toEqual([2000, 163_000, 35_000, 0]);
  expect(await collections()).toMatchObject([
    { businessDate: '2026-12-03', owed: 5000, collected: 5000, outstanding: 0 },
    {
      businessDate: '2026-12-02',
      owed: 5000,
      collected: 0,
      outstanding: 5000,
      refusal: 'insufficient_funds',
    },
    { businessDate: '2026-12-01' },
  ]);
  expect(await collectFees(app, platformId)).toBe(0);
});

test('a reversal gives the fee back where its rule says so', async () => {
  const refunds = await platformWith({ onReversal: 'refund' });
  const { body } = await refunds.pay(10_000);
  const url = `/v1/transfers/${String(body['id'])}/reversals`;
  const foretold = await refunds.ask('POST', `${url}?dryRun=true`, {});
  expect(foretold.body['feeReturned']).toMatchObject({ waived: 0, refunded: 60 });
  const back = await refunds.ask('POST', url, {}, 'b');
  expect(await refunds.balances()).toEqual([100_000, 100_000, 0, 0]);
  expect((await refunds.ask('POST', url, {}, 'b')).text).toBe(back.text);
  expect((await refunds.ask('POST', url, {}, 'c')).body['code']).toBe('already_reversed');

  const accrued = await platformWith({ onReversal: 'refund', timing: 'month_end' });
  const owing = await accrued.pay(10_000);
  await accrued.ask('POST', `/v1/transfers/${String(owing.body['id'])}/reversals`, {});
  await accrued.nextMonth('2026-12-01');
  expect(await collectFees(app, accrued.platformId)).toBe(0);

  const keeps = await platformWith();
  const kept = await keeps.pay(10_000);
  await keeps.ask('POST', `/v1/transfers/${String(kept.body['id'])}/reversals`, {});
  expect(await keeps.balances()).toEqual([99_940, 100_000, 60, 0]);
});

test('a payee that has only what it received gives it back, with the fee that it bore', async () => {
  const { pay, ask, payee, own, balances } = await platformWith({
    bearer: 'payee',
    onReversal: 'refund',
  });
  await ask('POST', '/v1/transfers', { debitAccount: payee, creditAccount: own, amount: 100_000 });
  const { body } = await pay(10_000);
  expect(await balances()).toEqual([90_000, 9940, 60, 100_000]);
  const url = `/v1/transfers/${String(body['id'])}/reversals`;
  const back = await ask('POST', url, {}, 'b');
  expect([back.status, back.body]).toMatchObject([
    201,
    { code: 'reversal', amount: 10_000, reverses: body['id'], feeReturned: { refunded: 60 } },
  ]);
  expect((await ask('POST', url, {}, 'b')).text).toBe(back.text);
  expect(await balances()).toEqual([100_000, 0, 0, 100_000]);
});

test('an account that owes fees is not closed', async () => {
  const { pay, ask, payer, payee, nextMonth, platformId } = await platformWith({
    timing: 'month_end',
  });
  await pay(10_000);
  const close = () => ask('POST', `/v1/virtual-accounts/${payer}/close`);
  expect((await close()).body).toMatchObject({ code: 'fees_owed', account: payer, owed: 60 });
  await nextMonth('2026-12-01');
  await collectFees(app, platformId);
  await ask('POST', '/v1/transfers', { debitAccount: payer, creditAccount: payee, amount: 89_940 });
  expect((await close()).body['state']).toBe('closed');
});

test('a waiver gives back what was taken, or forgives what is owed, once', async () => {
  const { pay, ask, balances } = await platformWith();
  const id = String(fieldsOf((await pay(10_000)).body)['id']);
  const url = `/v1/fee-charges/${id}/waivers`;
  const foretold = await ask('POST', `${url}?dryRun=true`, { reason: 'goodwill' });
  expect(foretold.body).toMatchObject({ refunded: 60, waived: 0, dryRun: true, checkersNeeded: 0 });
  const done = await Promise.all([
    ask('POST', url, { reason: 'goodwill' }),
    ask('POST', url, { reason: 'goodwill' }),
  ]);
  // The other one finds nothing left to waive, or no money to give back, whichever it looks at first.
  expect(done.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(await balances()).toEqual([90_000, 110_000, 0, 0]);
  expect((await ask('POST', url, { reason: 'more' })).body['code']).toBe('fee_nothing_to_waive');

  const accrued = await platformWith({ timing: 'month_end' });
  const owed = String(fieldsOf((await accrued.pay(10_000)).body)['id']);
  const forgive = () =>
    accrued.ask('POST', `/v1/fee-charges/${owed}/waivers`, { reason: 'goodwill' }, 'w');
  const [first, again] = [await forgive(), await forgive()];
  expect(first.body).toMatchObject({ waived: 60, refunded: 0 });
  expect(again.text).toBe(first.text);
  await accrued.nextMonth('2026-12-01');
  expect(await collectFees(app, accrued.platformId)).toBe(0);
});

test('a waiver that needs approval is done once, for exactly what was agreed to', async () => {
  const { pay, ask, asking, balances, platformId } = await platformWith({ onReversal: 'refund' });
  const manager = await asking(['approvals:manage']);
  const checker = await asking(['approvals:decide']);
  const tiers = [{ fromAmount: 50, checkers: 1, expiresAfterHours: 24 }];
  expect((await manager('PUT', '/v1/approval-rules/fee_waiver', { tiers })).status).toBe(200);
  const paid = await pay(10_000);
  const url = `/v1/fee-charges/${String(fieldsOf(paid.body)['id'])}/waivers`;
  const waiting = await ask('POST', url, { reason: 'goodwill' }, 'a');
  expect([waiting.status, waiting.body]).toMatchObject([
    202,
    { action: 'fee_waiver', amount: 60, state: 'pending' },
  ]);
  expect(await balances()).toEqual([89_940, 110_000, 60, 0]);
  expect((await ask('POST', url, { reason: 'other' }, 'a')).body['code']).toBe('request_id_reused');
  const approve = (id: unknown) =>
    checker('POST', `/v1/approvals/${String(id)}/approve`, { reason: 'yes' });
  expect((await approve(waiting.body['id'])).body['state']).toBe('used');
  await sweepApprovals(app, platformId, approvedActs(app));
  expect(await balances()).toEqual([90_000, 110_000, 0, 0]);
  expect((await ask('POST', url, { reason: 'goodwill' }, 'a')).body).toMatchObject({
    refunded: 60,
  });

  // Reversed while it waits: what was agreed to is no more.
  const second = await pay(20_000);
  const later = await ask(
    'POST',
    `/v1/fee-charges/${String(fieldsOf(second.body)['id'])}/waivers`,
    { reason: 'x' },
  );
  await ask('POST', `/v1/transfers/${String(second.body['id'])}/reversals`, {});
  expect((await approve(later.body['id'])).body).toMatchObject({
    state: 'failed',
    failure: 'fee_nothing_to_waive',
  });
  expect(await balances()).toEqual([90_000, 110_000, 0, 0]);
});

test('verify names a fee whose sums are not what was taken', async () => {
  const { pay, platformId } = await platformWith({ timing: 'month_end' });
  await pay(10_000);
  seen.delete(platformId);
  await app.db
    .updateTable('fee_charge')
    .set({ collected: 1n })
    .where('platform_id', '=', platformId)
    .execute();
  const findings = (await verifyFees(app.db, platformId)).flatMap((each) => each.findings);
  expect(findings).toMatchObject([{ detail: 'expected 1 minor units, found 0' }]);
});
