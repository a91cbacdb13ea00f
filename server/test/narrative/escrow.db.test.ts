// Goal: an escrow order (担保交易) from payment to end, as finance tells it, with every turn it can take. Method: money
// comes in at the sandbox bank; every figure is told after each step; the eight invariants hold at the end.
import { expect, test } from 'vitest';
import { disputeOrder, finishOrder, resolveDispute } from '../../src/escrow/conclude.ts';
import { confirmOrder } from '../../src/escrow/confirm.ts';
import { orderTextId } from '../../src/escrow/order.ts';
import { type PayInput, payOrder } from '../../src/escrow/pay.ts';
import { readEscrowOrder } from '../../src/escrow/read-orders.ts';
import { type RefundInput, refundOrder } from '../../src/escrow/refund.ts';
import { transfer } from '../../src/transfers/index.ts';
import { fen, tellStories } from './story.ts';

const tell = await tellStories();
type Who = '买家小王' | '卖家老李' | '卖家阿芳' | '平台佣金' | '推广员';

/** 买家小王 has 300.00. 5% of each release is the platform's, 2.00 the promoter's; the rest is 卖家老李's. */
async function begin() {
  const names = ['买家小王', '卖家老李', '卖家阿芳', '平台佣金', '推广员'] as const;
  const story = await tell<Who>(names);
  await story.arrives({ to: '买家小王', amount: '300.00' });
  await story.statement();
  const { app, platformId, number, ask } = story;
  const split: PayInput['split'] = [
    { role: 'commission', account: number('平台佣金'), share: { kind: 'ratio', ppm: 50_000 } },
    { role: 'partner', account: number('推广员'), share: { kind: 'amount', amount: fen('2.00') } },
    { role: 'seller', account: number('卖家老李'), share: { kind: 'remainder', weight: 1 } },
  ];
  const pay = async (yuan: string, more: Partial<PayInput> = {}) => {
    const input = {
      ...{ reference: `订单-${platformId}-${ask().requestId}`, buyer: number('买家小王') },
      ...{ sellers: [number('卖家老李'), number('卖家阿芳')], amount: fen(yuan), split },
      ...{ maxSharePpm: 300_000, ...more },
    };
    return orderTextId((await payOrder(app, platformId, input, ask())).action.orderId);
  };
  const confirm = (escrowOrder: string, yuan?: string) => {
    const amount = yuan === undefined ? {} : { amount: fen(yuan) };
    return confirmOrder(app, platformId, { escrowOrder, ...amount }, ask());
  };
  const refund = (escrowOrder: string, input: Omit<RefundInput, 'escrowOrder'>) =>
    refundOrder(app, platformId, { escrowOrder, ...input }, ask());
  const spend = (from: Who, yuan: string, to: Who = '卖家阿芳') =>
    transfer(
      app,
      platformId,
      { debitAccount: number(from), creditAccount: number(to), amount: fen(yuan) },
      ask(),
    );
  const state = async (escrowOrder: string) =>
    (await readEscrowOrder(app, platformId, escrowOrder)).state;
  return { ...story, pay, confirm, refund, spend, state };
}

test('paid, confirmed in parts, split; refunded after the split though a receiver lacks money; disputed, and finished', async () => {
  const story = await begin();
  const { app, platformId, ask, pay, confirm, refund, spend, state, everybody, refusal } = story;
  const order = await pay('200.00');
  expect(await everybody()).toMatchObject({ 买家小王: '100.00 + 200.00 held', 卖家老李: '0.00' });

  // 100.00 arrived: 5.00 to the platform, 2.00 to the promoter, 93.00 to 卖家老李.
  await confirm(order, '100.00');
  expect(await everybody()).toMatchObject({
    ...{ 买家小王: '100.00 + 100.00 held', 卖家老李: '93.00', 平台佣金: '5.00', 推广员: '2.00' },
  });

  // 卖家老李 has spent 50.00 of his 93.00. The goods come back: all of the 100.00 that were split is wanted.
  await spend('卖家老李', '50.00');
  const all = { from: 'receivers', whenShort: 'refuse' } as const;
  expect(await refusal(refund(order, all))).toBe('insufficient_funds');
  expect(await everybody()).toMatchObject({ 卖家老李: '43.00', 平台佣金: '5.00', 推广员: '2.00' });
  // Each gives what he has: 43.00, 5.00 and 2.00; 50.00 stays owed, and the answer says so.
  const { action } = await refund(order, { ...all, whenShort: 'partial' });
  expect(action.outstanding).toBe(fen('50.00'));
  expect(await everybody()).toMatchObject({
    ...{ 买家小王: '150.00 + 100.00 held', 卖家老李: '0.00', 平台佣金: '0.00', 推广员: '0.00' },
  });

  // In dispute nothing is released; what is put aside may still go back.
  await disputeOrder(app, platformId, { escrowOrder: order, reason: '货不对板' }, ask());
  expect(await refusal(confirm(order))).toBe('escrow_state_refuses');
  await refund(order, { amount: fen('30.00'), from: 'held', whenShort: 'refuse' });
  await resolveDispute(app, platformId, { escrowOrder: order }, ask());
  expect(await everybody()).toMatchObject({ 买家小王: '180.00 + 70.00 held' });

  // Finished: what remains has to go somewhere first. 70.00: 3.50, 2.00, 64.50.
  const finish = (rest?: 'release' | 'refund') =>
    finishOrder(app, platformId, { escrowOrder: order, rest }, ask());
  expect(await refusal(finish())).toBe('escrow_rest_undecided');
  await finish('release');
  expect(await state(order)).toBe('finished');
  expect(await refusal(refund(order, all))).toBe('escrow_state_refuses');
  expect(await everybody()).toEqual({
    ...{
      买家小王: '180.00',
      卖家老李: '64.50',
      卖家阿芳: '50.00',
      平台佣金: '3.50',
      推广员: '2.00',
    },
  });
  await story.end();
});

test('deadlines: one order is released by itself, one refunded, and a dispute keeps a third one waiting', async () => {
  const story = await begin();
  const { app, platformId, ask, pay, state, everybody, later } = story;
  const after = (hours: number, action: 'release' | 'refund') => ({
    deadline: { at: new Date(app.clock.now().getTime() + hours * 3_600_000), action },
  });
  const released = await pay('100.00', after(24, 'release'));
  const refunded = await pay('50.00', after(24, 'refund'));
  const disputed = await pay('60.00', after(24, 'refund'));
  await later(20);
  await disputeOrder(app, platformId, { escrowOrder: disputed }, ask());
  await later(4);
  expect([await state(released), await state(refunded)]).toEqual(['settled', 'settled']);
  expect(await state(disputed)).toBe('disputed');
  // 300.00 less 100.00 that is gone, less 60.00 that waits.
  expect(await everybody()).toMatchObject({ 买家小王: '140.00 + 60.00 held', 卖家老李: '93.00' });
  await later(6);
  await resolveDispute(app, platformId, { escrowOrder: disputed }, ask());
  // The dispute took ten hours: so much later is the deadline, four hours from now.
  await later(3);
  expect(await state(disputed)).toBe('held');
  await later(1);
  expect(await state(disputed)).toBe('settled');
  expect(await everybody()).toMatchObject({ 买家小王: '200.00', 卖家老李: '93.00' });
  await story.end();
});

test('what may not be paid, and what may not be split', async () => {
  const story = await begin();
  const { pay, confirm, refusal, number, everybody, spend } = story;
  expect(await refusal(pay('300.01'))).toBe('insufficient_funds');
  // 2.00 to the promoter of 1.00 that is released: it cannot be divided so.
  expect(await refusal(pay('1.00'))).toBe('escrow_split_impossible');
  expect(await refusal(pay('100.00', { maxSharePpm: 60_000 }))).toBe('escrow_share_exceeded');
  expect(await refusal(pay('10.00', { buyer: number('卖家老李') }))).toBe('escrow_account_refused');
  const order = await pay('300.00');
  expect(await refusal(confirm(order, '300.01'))).toBe('escrow_remaining_insufficient');
  // What is put aside for the order pays for nothing else.
  expect(await refusal(spend('买家小王', '0.01'))).toBe('insufficient_funds');
  expect(await everybody()).toMatchObject({ 买家小王: '0.00 + 300.00 held' });
  await story.end();
});
