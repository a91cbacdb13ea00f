// Goal: fees (手续费) as finance tells them: taken with a payment, given back with it, owed until the month is over, taken
// as far as the money goes, and forgiven when two agree. Method: money comes in at the sandbox bank; every figure is told
// after each step; the eight invariants hold at the end.
import { expect, test } from 'vitest';
import { approve, putRule } from '../../src/approvals/index.ts';
import { approvedActs } from '../../src/approved-acts.ts';
import { askToWaive } from '../../src/fees/ask-waiver.ts';
import { putFeeRule } from '../../src/fees/index.ts';
import { listFeeCharges, listFeeCollections } from '../../src/fees/read-charges.ts';
import { chargedTransfer } from '../../src/transfers/charged-transfer.ts';
import { reverseTransfer, transfer } from '../../src/transfers/index.ts';
import { listMainAccounts, readVirtualAccount } from '../../src/virtual-accounts/index.ts';
import { fen, tellStories } from './story.ts';

const tell = await tellStories();
const DAY = 24;

/** 顾客小王 has 1,000.00. */
async function begin() {
  const story = await tell(['顾客小王', '商户老李']);
  await story.arrives({ to: '顾客小王', amount: '1000.00' });
  await story.statement();
  const { app, platformId, number, ask } = story;
  const [main] = (await listMainAccounts(app, platformId, { limit: 1 })).mainAccounts;
  const income = async () =>
    (await readVirtualAccount(app, platformId, main?.accounts.interestAndFees ?? '')).balance;
  const rule = (
    product: string,
    price: { fixed?: string; ratePpm?: bigint },
    more: Pick<Parameters<typeof putFeeRule>[2], 'bearer' | 'timing' | 'onReversal'>,
  ) =>
    putFeeRule(app, platformId, {
      ...{ product, currency: 'CNY', memberId: null },
      price: {
        ...{ fixed: fen(price.fixed ?? '0.00'), ratePpm: price.ratePpm ?? 0n },
        ...{ tiers: null, min: null, max: null, rounding: 'half_up' },
      },
      ...more,
    });
  type Who = Parameters<typeof number>[0];
  const sides = (from: Who, yuan: string, to: Who) => ({
    ...{ debitAccount: number(from), creditAccount: number(to), amount: fen(yuan) },
  });
  const pay = async (from: Who, yuan: string, to: Who, product?: string) => {
    const plain = sides(from, yuan, to);
    if (product === undefined) return (await transfer(app, platformId, plain, ask())).result;
    const input = { ...plain, fee: { product } };
    return (await chargedTransfer(app, platformId, input, ask())).result;
  };
  const estimate = async (from: Who, yuan: string, to: Who, product: string) => {
    const input = { ...sides(from, yuan, to), fee: { product } };
    return (await chargedTransfer(app, platformId, input, { dryRun: true })).result.fee.fee;
  };
  return { ...story, income, rule, pay, estimate };
}

test('0.6 % of a sale out of what the seller receives: estimated, taken, and given back when the sale is undone', async () => {
  const { app, platformId, ask, rule, pay, estimate, income, everybody, refusal, end } =
    await begin();
  await rule('sale', { ratePpm: 6000n }, { bearer: 'payee', timing: 'now', onReversal: 'refund' });
  expect(await estimate('顾客小王', '100.00', '商户老李', 'sale')).toBe(fen('0.60'));
  expect(await everybody()).toEqual({ 顾客小王: '1000.00', 商户老李: '0.00' });

  const sale = await pay('顾客小王', '100.00', '商户老李', 'sale');
  expect(await everybody()).toEqual({ 顾客小王: '900.00', 商户老李: '99.40' });
  expect(await income()).toBe(fen('0.60'));

  // The seller has 99.40 and owes 100.00: the 0.60 come back in the same group, so that it goes through.
  await reverseTransfer(app, platformId, sale.id ?? '', { mode: ask() });
  expect(await everybody()).toEqual({ 顾客小王: '1000.00', 商户老李: '0.00' });
  expect(await income()).toBe(0n);

  // On top of all that there is: neither the payment nor the fee.
  await rule('express', { fixed: '5.00' }, { bearer: 'payer', timing: 'now' });
  expect(await refusal(pay('顾客小王', '1000.00', '商户老李', 'express'))).toBe(
    'insufficient_funds',
  );
  expect(await refusal(pay('顾客小王', '1.00', '商户老李', 'unpriced'))).toBe('fee_rule_not_found');
  await pay('顾客小王', '995.00', '商户老李', 'express');
  expect(await everybody()).toEqual({ 顾客小王: '0.00', 商户老李: '995.00' });
  await end();
});

test('a fee is forgiven when somebody else agrees, and goes back to whoever bore it', async () => {
  const { app, platformId, ask, rule, pay, income, everybody, refusal, end } = await begin();
  await rule('express', { fixed: '5.00' }, { bearer: 'payer', timing: 'now' });
  const tiers = [{ fromAmount: fen('1.00'), checkers: 1, expiresAfterHours: 24 }];
  await putRule(app, platformId, { action: 'fee_waiver', tiers });
  await pay('顾客小王', '100.00', '商户老李', 'express');
  expect(await everybody()).toEqual({ 顾客小王: '895.00', 商户老李: '100.00' });

  const key = (name: string) => ({ kind: 'apiKey' as const, name, address: null, requestId: null });
  const [charge] = (await listFeeCharges(app, platformId, { owedOnly: false, limit: 1 })).charges;
  const request = { charge: charge?.id ?? '', reason: '系统延误', ...ask() };
  const maker = { ...app, origin: key('key_maker') };
  const asked = await askToWaive(maker, platformId, request);
  if (asked.waived) throw new Error('it needs approval');
  expect(await income()).toBe(fen('5.00'));
  const yes = { approval: asked.approval.id, reason: '同意', acts: approvedActs(app) };
  const byMaker = approve(maker, platformId, { ...yes, by: 'key_maker' });
  expect(await refusal(byMaker)).toBe('checker_is_maker');
  const checker = { ...app, origin: key('key_checker') };
  expect((await approve(checker, platformId, { ...yes, by: 'key_checker' })).state).toBe('used');
  expect(await everybody()).toEqual({ 顾客小王: '900.00', 商户老李: '100.00' });
  expect(await income()).toBe(0n);
  await end();
});

// The last one: it goes on for longer than stories are apart.
test('30.00 owed until the month is over: 15.00 are there, the rest is carried and taken when money has come', async () => {
  const { app, platformId, rule, pay, income, everybody, later, end } = await begin();
  await rule('service', { fixed: '30.00' }, { bearer: 'payer', timing: 'month_end' });
  await pay('顾客小王', '20.00', '商户老李');
  await pay('商户老李', '5.00', '顾客小王', 'service');
  expect(await everybody()).toEqual({ 顾客小王: '985.00', 商户老李: '15.00' });

  await later(31 * DAY);
  expect(await everybody()).toEqual({ 顾客小王: '985.00', 商户老李: '0.00' });
  expect(await income()).toBe(fen('15.00'));
  const owed = await listFeeCharges(app, platformId, { owedOnly: true, limit: 10 });
  expect(owed.charges).toMatchObject([{ fee: fen('30.00'), remaining: fen('15.00') }]);

  await pay('顾客小王', '50.00', '商户老李');
  await later(1); // the same business date: asked for already
  expect((await everybody()).商户老李).toBe('50.00');
  await later(DAY);
  expect(await everybody()).toEqual({ 顾客小王: '935.00', 商户老李: '35.00' });
  expect(await income()).toBe(fen('30.00'));
  const { collections } = await listFeeCollections(app, platformId, { limit: 10 });
  expect(collections.map(({ collected, outstanding }) => [collected, outstanding])).toEqual([
    [fen('15.00'), 0n],
    [fen('15.00'), fen('15.00')],
  ]);
  await end();
});
