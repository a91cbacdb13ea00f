// Goal: transfers (转账) and the five ways to put money aside, as finance tells them: a plain hold that expires, 冻结,
// 支付冻结, 解冻, 解冻支付; and transfers that are made later, or many at once. Method: money comes in at the sandbox bank,
// moves, and every figure is told after each step; the eight invariants hold at the end.
import { expect, test } from 'vitest';
import {
  captureHold,
  freeze,
  payFreeze,
  placeHold,
  releaseHold,
  reverseTransfer,
  scheduleTransfer,
  submitBatch,
  transfer,
  unfreeze,
  unfreezePay,
} from '../../src/transfers/index.ts';
import { reopenVirtualAccount, stopVirtualAccount } from '../../src/virtual-accounts/index.ts';
import { fen, tellStories } from './story.ts';

const tell = await tellStories();
type Who = '买家小王' | '卖家老李' | '平台';

/** 买家小王 has 100.00, and what the story is told with. */
async function begin() {
  const story = await tell<Who>(['买家小王', '卖家老李', '平台']);
  await story.arrives({ to: '买家小王', amount: '100.00' });
  await story.statement();
  const { app, platformId, number, ask } = story;
  const pays = (from: Who, to: Who, yuan: string) => ({
    ...{ debitAccount: number(from), creditAccount: number(to), amount: fen(yuan) },
  });
  const pay = (from: Who, to: Who, yuan: string, request = ask()) =>
    transfer(app, platformId, pays(from, to, yuan), request);
  return { ...story, pays, pay };
}

test('转账: at once, never more than there is, once however often it is asked, and undone by its opposite', async () => {
  const { app, platformId, ask, pay, everybody, refusal, end } = await begin();
  const request = ask();
  const paid = await pay('买家小王', '卖家老李', '60.00', request);
  expect(await pay('买家小王', '卖家老李', '60.00', request)).toMatchObject({ repeated: true });
  expect(await everybody()).toEqual({ 买家小王: '40.00', 卖家老李: '60.00', 平台: '0.00' });
  // The same request for another sum is another request under a used name.
  expect(await refusal(pay('买家小王', '卖家老李', '61.00', request))).toBe('request_id_reused');
  expect(await refusal(pay('买家小王', '卖家老李', '40.01'))).toBe('insufficient_funds');
  expect(await refusal(pay('买家小王', '买家小王', '1.00'))).toBe('same_account');

  const { id } = paid.result;
  const undo = () => reverseTransfer(app, platformId, id ?? '', { mode: ask() });
  await pay('卖家老李', '平台', '0.01');
  // 卖家老李 lacks one fen: nothing goes back.
  expect(await refusal(undo())).toBe('insufficient_funds');
  await pay('平台', '卖家老李', '0.01');
  await undo();
  expect(await refusal(undo())).toBe('already_reversed');
  expect(await everybody()).toEqual({ 买家小王: '100.00', 卖家老李: '0.00', 平台: '0.00' });
  await end();
});

test('a hold is paid from in parts, expires by itself, and gives back what was left', async () => {
  const { app, platformId, ask, number, pay, everybody, later, refusal, end } = await begin();
  const expiresAt = new Date(app.clock.now().getTime() + 2 * 3_600_000);
  const asked = { account: number('买家小王'), amount: fen('70.00'), reason: '押金', expiresAt };
  const { result } = await placeHold(app, platformId, asked, ask());
  const hold = result.id ?? '';
  expect(await everybody()).toMatchObject({ 买家小王: '30.00 + 70.00 held' });
  expect(await refusal(pay('买家小王', '卖家老李', '30.01'))).toBe('insufficient_funds');
  const capture = (yuan: string) => ({
    hold,
    creditAccount: number('卖家老李'),
    amount: fen(yuan),
  });
  await captureHold(app, platformId, capture('25.00'), ask());
  await releaseHold(app, platformId, { hold, amount: fen('5.00') }, ask());
  expect(await everybody()).toMatchObject({ 买家小王: '35.00 + 40.00 held', 卖家老李: '25.00' });
  expect(await refusal(captureHold(app, platformId, capture('40.01'), ask()))).toBe(
    'hold_insufficient',
  );
  await later(2);
  expect(await everybody()).toMatchObject({ 买家小王: '75.00', 卖家老李: '25.00' });
  expect(await refusal(captureHold(app, platformId, capture('1.00'), ask()))).toBe(
    'hold_insufficient',
  );
  await end();
});

test('冻结, 解冻, 解冻支付: the money of 买家小王 is put aside, comes back in part, and pays 卖家老李', async () => {
  const { app, platformId, ask, number, everybody, refusal, end } = await begin();
  const asked = { account: number('买家小王'), amount: fen('80.00'), reason: '竞拍保证金' };
  const { result } = await freeze(app, platformId, asked, ask());
  const id = result.id ?? '';
  expect(await refusal(freeze(app, platformId, asked, ask()))).toBe('insufficient_funds');
  await unfreeze(app, platformId, { freeze: id, amount: fen('30.00') }, ask());
  expect(await everybody()).toMatchObject({ 买家小王: '50.00 + 50.00 held' });
  // To whom? A freeze has no payee of its own.
  expect(await refusal(unfreezePay(app, platformId, { freeze: id }, ask()))).toBe(
    'freeze_payee_required',
  );
  const toSeller = { freeze: id, creditAccount: number('卖家老李') };
  const tooMuch = { ...toSeller, amount: fen('50.01') };
  expect(await refusal(unfreezePay(app, platformId, tooMuch, ask()))).toBe('freeze_insufficient');
  await unfreezePay(app, platformId, toSeller, ask());
  expect(await everybody()).toEqual({ 买家小王: '50.00', 卖家老李: '50.00', 平台: '0.00' });
  expect(await refusal(unfreeze(app, platformId, { freeze: id }, ask()))).toBe(
    'freeze_insufficient',
  );
  await end();
});

test('支付冻结: the money is with 卖家老李 and not yet his; a part is his, the rest goes back', async () => {
  const { app, platformId, ask, number, pays, pay, everybody, refusal, end } = await begin();
  const asked = { ...pays('买家小王', '卖家老李', '90.00'), reason: '货到付款' };
  const { result } = await payFreeze(app, platformId, asked, ask());
  const id = result.id ?? '';
  expect(await everybody()).toMatchObject({ 买家小王: '10.00', 卖家老李: '0.00 + 90.00 held' });
  expect(await refusal(pay('卖家老李', '平台', '0.01'))).toBe('insufficient_funds');
  // It is for nobody else, and no hold of anybody's own: its hold answers to the freeze alone.
  const toOther = { freeze: id, creditAccount: number('平台') };
  expect(await refusal(unfreezePay(app, platformId, toOther, ask()))).toBe('freeze_payee_differs');
  expect(await refusal(releaseHold(app, platformId, { hold: result.hold ?? '' }, ask()))).toBe(
    'hold_owner_differs',
  );
  await unfreezePay(app, platformId, { freeze: id, amount: fen('65.00') }, ask());
  await unfreeze(app, platformId, { freeze: id }, ask());
  expect(await everybody()).toEqual({ 买家小王: '35.00', 卖家老李: '65.00', 平台: '0.00' });
  await end();
});

test('预约转账: every day, though 买家小王 lacks the money on one of them, and 卖家老李 is stopped on another', async () => {
  const { app, platformId, ask, number, pays, pay, everybody, later, has, end } = await begin();
  const asked = { ...pays('买家小王', '卖家老李', '40.00'), when: nextThreeDays(app.clock.now()) };
  await scheduleTransfer(app, platformId, asked, ask());
  await later(24);
  expect(await has('卖家老李')).toBe('40.00');
  // Once a day, however often the server looks.
  await later(0);
  expect(await has('卖家老李')).toBe('40.00');
  await stopVirtualAccount(app, platformId, number('卖家老李'), { side: 'credit' });
  await later(24);
  expect(await has('卖家老李')).toBe('40.00');
  await reopenVirtualAccount(app, platformId, number('卖家老李'), { side: 'credit' });
  // It is tried again after five minutes.
  await later(1);
  expect(await has('卖家老李')).toBe('80.00');
  await later(24);
  expect(await everybody()).toEqual({ 买家小王: '20.00', 卖家老李: '80.00', 平台: '0.00' });
  await pay('卖家老李', '买家小王', '20.00');
  await later(1);
  expect(await everybody()).toEqual({ 买家小王: '0.00', 卖家老李: '100.00', 平台: '0.00' });
  await later(48);
  expect(await everybody()).toEqual({ 买家小王: '0.00', 卖家老李: '100.00', 平台: '0.00' });
  await end();
});

test('批量转账: all or none; or each for itself, and each says what became of it', async () => {
  const { app, platformId, ask, pays, everybody, refusal, end } = await begin();
  const items = [
    { type: 'transfer' as const, ...pays('买家小王', '卖家老李', '70.00') },
    { type: 'transfer' as const, ...pays('买家小王', '平台', '30.01') },
    { type: 'transfer' as const, ...pays('卖家老李', '平台', '10.00') },
  ];
  const foretold = await submitBatch(
    app,
    platformId,
    { mode: 'independent', items },
    { dryRun: true },
  );
  expect(foretold.result.summary).toMatchObject({ posted: 2, refused: 1, amount: fen('80.00') });
  expect(await refusal(submitBatch(app, platformId, { mode: 'atomic', items }, ask()))).toBe(
    'insufficient_funds',
  );
  expect(await everybody()).toEqual({ 买家小王: '100.00', 卖家老李: '0.00', 平台: '0.00' });

  const request = ask();
  const done = await submitBatch(app, platformId, { mode: 'independent', items }, request);
  expect(done.result.items.map(({ status }) => status)).toEqual(['posted', 'refused', 'posted']);
  expect(done.result.items[1]?.error?.definition.code).toBe('insufficient_funds');
  const again = await submitBatch(app, platformId, { mode: 'independent', items }, request);
  expect(again).toMatchObject({ repeated: true });
  expect(await everybody()).toEqual({ 买家小王: '30.00', 卖家老李: '60.00', 平台: '10.00' });
  await end();
});

/** Every day of the three after today in Shanghai. */
function nextThreeDays(now: Date) {
  const day = (days: number) =>
    new Date(now.getTime() + (days * 24 + 8) * 3_600_000).toISOString().slice(0, 10);
  return { every: 'day' as const, from: day(1), until: day(3) };
}
