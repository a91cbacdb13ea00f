// Goal: limits and lists (限额, 名单) as risk control and finance tell them: a new shop may pay 1,000.00 a day and never to
// somebody on the block list; the next day it may again. Method: money comes in at the sandbox bank; every refusal says
// what is used and what remains; the eight invariants hold at the end.
import { expect, test } from 'vitest';
import { AppError } from '../../src/kernel/error.ts';
import {
  addCounterparty,
  putLimitRule,
  readLimitUsage,
  removeCounterparty,
} from '../../src/limits/index.ts';
import { entryTextId } from '../../src/limits/rule.ts';
import { reverseTransfer, transfer } from '../../src/transfers/index.ts';
import { fen, tellStories } from './story.ts';

const tell = await tellStories();
const NONE = {
  ...{ singleAmount: null, dayAmount: null, dayCount: null, monthAmount: null, monthCount: null },
  ...{ windowSeconds: null, windowAmount: null, windowCount: null },
};

test('a new shop: 1,000.00 a day, 600.00 in one go, and nothing to who is on the block list', async () => {
  const story = await tell(['新店', '供货商', '可疑商户']);
  const { app, platformId, number, ask, everybody, refusal, later, end } = story;
  await story.arrives({ to: '新店', amount: '5000.00' });
  await story.statement();
  type Name = Parameters<typeof number>[0];
  const pay = (yuan: string, to: Name) =>
    transfer(
      app,
      platformId,
      { debitAccount: number('新店'), creditAccount: number(to), amount: fen(yuan) },
      ask(),
    );
  const whyNot = async (asked: Promise<unknown>): Promise<unknown> => {
    try {
      await asked;
      return 'done';
    } catch (error) {
      return error instanceof AppError ? error.facts : error;
    }
  };

  const limits = { ...NONE, singleAmount: fen('600.00'), dayAmount: fen('1000.00') };
  const about = { direction: 'out', act: 'any', currency: 'CNY' } as const;
  await putLimitRule(app, platformId, { account: number('新店'), ...about, ...limits });
  expect(await whyNot(pay('600.01', '供货商'))).toMatchObject({ limit: 'single_amount' });
  const { result: first } = await pay('600.00', '供货商');
  expect(await whyNot(pay('400.01', '供货商'))).toMatchObject({
    ...{ limit: 'day_amount', most: fen('1000.00'), used: fen('600.00') },
    remaining: fen('400.00'),
  });
  await pay('400.00', '供货商');
  expect(await everybody()).toEqual({ 新店: '4000.00', 供货商: '1000.00', 可疑商户: '0.00' });

  // What was paid and undone was paid all the same.
  await reverseTransfer(app, platformId, first.id ?? '', { mode: ask() });
  expect(await refusal(pay('0.01', '供货商'))).toBe('limit_exceeded');
  await later(24);
  await pay('0.01', '供货商');
  expect(await readLimitUsage(app, platformId, number('新店'))).toMatchObject([
    { period: 'single', remaining: fen('600.00') },
    { period: 'day', used: fen('0.01'), remaining: fen('999.99') },
  ]);

  const { uuid } = await addCounterparty(app, platformId, {
    ...{ list: 'block', of: {}, counterparty: { memberId: story.member('可疑商户') } },
    reason: '涉嫌套现',
  });
  expect(await whyNot(pay('1.00', '可疑商户'))).toMatchObject({ list: 'block' });
  await removeCounterparty(app, platformId, entryTextId(uuid));
  await pay('1.00', '可疑商户');
  expect(await everybody()).toEqual({ 新店: '4598.99', 供货商: '400.01', 可疑商户: '1.00' });
  await end();
});
