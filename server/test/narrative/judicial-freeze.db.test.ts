// Goal: a judicial freeze (司法冻结) as a court and finance tell it: it catches what is there and what arrives, comes before an
// older freeze, and ends by its own order when two have read it. Method: money comes in at the sandbox bank; the eight
// invariants hold at the end.
import { expect, test } from 'vitest';
import { approve, putRule } from '../../src/approvals/index.ts';
import { approvedActs } from '../../src/approved-acts.ts';
import {
  askToLift,
  placeJudicialFreeze,
  readJudicialFreeze,
} from '../../src/judicial-freezes/index.ts';
import { freeze, transfer, unfreezePay } from '../../src/transfers/index.ts';
import { fen, tellStories } from './story.ts';

const tell = await tellStories();

test('the court orders 800.00 of 500.00: nothing leaves, 300.00 more are kept, and the rest is free', async () => {
  const story = await tell(['商户老李', '供货商']);
  const { app, platformId, number, ask, everybody, refusal, end } = story;
  await story.arrives({ to: '商户老李', amount: '500.00' });
  await story.statement();
  const pay = (yuan: string) =>
    transfer(
      app,
      platformId,
      {
        ...{ debitAccount: number('商户老李'), creditAccount: number('供货商') },
        amount: fen(yuan),
      },
      ask(),
    );

  // 200.00 are promised to the supplier before the court comes.
  const account = number('商户老李');
  const promised = { account, amount: fen('200.00'), reason: '货款' };
  const document = (await freeze(app, platformId, promised, ask())).result;
  const order = { authority: '示例市人民法院', orderNumber: '(2026)示01执1号', reason: '货款纠纷' };
  const amount = fen('800.00');
  const placed = await placeJudicialFreeze(app, platformId, { account, amount, ...order });
  expect(placed.freeze).toMatchObject({ caught: fen('500.00'), awaited: fen('300.00') });
  expect(await refusal(pay('0.01'))).toBe('frozen_by_order');
  const toSupplier = { freeze: document.id ?? '', creditAccount: number('供货商') };
  expect(await refusal(unfreezePay(app, platformId, toSupplier, ask()))).toBe('frozen_by_order');

  // 1,000.00 arrive: 300.00 for the court, 200.00 for what was promised, and 500.00 to spend.
  await story.arrives({ to: '商户老李', amount: '1000.00' });
  await story.statement();
  expect(await readJudicialFreeze(app, platformId, placed.freeze.id)).toMatchObject({
    awaited: 0n,
  });
  expect(await everybody()).toEqual({ 商户老李: '500.00 + 200.00 held', 供货商: '0.00' });
  expect(await refusal(pay('500.01'))).toBe('frozen_by_order');
  await pay('500.00');
  await unfreezePay(app, platformId, toSupplier, ask());
  expect(await everybody()).toEqual({ 商户老李: '0.00', 供货商: '700.00' });

  // The court lifts it: one enters the order, another reads it.
  const tiers = [{ fromAmount: 1n, checkers: 1, expiresAfterHours: 24 }];
  await putRule(app, platformId, { action: 'judicial_lift', tiers });
  const key = (name: string) => ({
    ...app,
    origin: { kind: 'apiKey' as const, name, address: null, requestId: null },
  });
  const lifting = { ...order, orderNumber: '(2026)示01执1号之一', reason: '已履行' };
  const request = { judicialFreeze: placed.freeze.id, ...lifting, ...ask() };
  const asked = await askToLift(key('key_maker'), platformId, request);
  if (asked.freeze) throw new Error('it needs approval');
  expect(await refusal(pay('0.01'))).toBe('frozen_by_order');
  const yes = { approval: asked.approval.id, reason: '文书已核', acts: approvedActs(app) };
  await approve(key('key_checker'), platformId, { ...yes, by: 'key_checker' });
  expect(await readJudicialFreeze(app, platformId, placed.freeze.id)).toMatchObject({
    ...{ state: 'lifted', caught: 0n, lift: { ...lifting, by: 'key_checker' } },
  });
  await pay('800.00');
  expect(await everybody()).toEqual({ 商户老李: '0.00', 供货商: '1500.00' });
  await end();
});
