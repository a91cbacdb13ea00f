// Goal: interest (结息) as finance tells it: worked out on what lay there each day, paid when the quarter is over and the
// money for it is there, and divided as the bank has really paid it. Method: money comes in at the sandbox bank; every
// figure is told after each step; the eight invariants hold at the end.
import { expect, test } from 'vitest';
import { allocateInterest } from '../../src/interest/allocate.ts';
import { putInterestRate } from '../../src/interest/put-rate.ts';
import { listInterestProblems, tryInterest } from '../../src/interest/read-settlements.ts';
import { putInterestSchedule } from '../../src/interest/schedule.ts';
import { settleInterest } from '../../src/interest/settle.ts';
import { businessDate } from '../../src/kernel/business-date.ts';
import { listMainAccounts, readVirtualAccount } from '../../src/virtual-accounts/index.ts';
import { fen, tellStories } from './story.ts';

const tell = await tellStories();
const DAY = 24;

test('a quarter at 0.36 %: no money for it at first, paid the day after the bank has paid; the next quarter is divided', async () => {
  // It is Monday, 1 April 2030.
  const story = await tell(['甲', '乙']);
  const { app, platformId, ask, number, arrives, statement, later, everybody, refusal, end } =
    story;
  const [main] = (await listMainAccounts(app, platformId, { limit: 1 })).mainAccounts;
  const income = main?.accounts.interestAndFees ?? '';
  await arrives({ to: '甲', amount: '10000.00' });
  await arrives({ to: '乙', amount: '20000.00' });
  await statement();
  await putInterestRate(app, platformId, {
    ...{ product: 'trading', currency: 'CNY' },
    terms: { mode: 'whole', dayCount: 360, tiers: [{ upTo: null, ratePpm: 3600n }] },
  });

  // 21 June: 81 days at 0.10 a day for each 10,000.00, up to the 20th.
  await later(81 * DAY);
  const tried = await tryInterest(app, platformId, { account: number('甲') });
  expect([tried.from, tried.to, tried.accrued.interest]).toEqual([
    ...['2030-04-01', '2030-06-20', fen('8.10')],
  ]);
  expect(await everybody()).toEqual({ 甲: '10000.00', 乙: '20000.00' });
  const problems = async () =>
    (await listInterestProblems(app, platformId, { limit: 10 })).problems;
  expect((await problems()).map(({ problem }) => problem)).toEqual([
    ...['insufficient_funds', 'insufficient_funds'],
  ]);

  await arrives({ to: income, amount: '24.30', payer: '示例银行', text: '结息' });
  await statement();
  await later(DAY);
  expect(await everybody()).toEqual({ 甲: '10008.10', 乙: '20016.20' });
  expect(await problems()).toEqual([]);
  expect((await readVirtualAccount(app, platformId, income)).balance).toBe(0n);
  const again = settleInterest(app, platformId, {
    ...{ account: number('甲'), to: businessDate('2030-06-20') },
    ...ask(),
  });
  expect(await refusal(again)).toBe('interest_settled');

  // From now on members get what the bank pays. 21 September: 100.00 for 92 days.
  await putInterestSchedule(app, platformId, { months: [], day: 20 });
  await later(91 * DAY);
  await arrives({ to: income, amount: '100.00', payer: '示例银行', text: '结息' });
  await statement();
  const paid = {
    ...{ mainAccount: main?.number ?? '', amount: fen('100.00') },
    ...{ from: businessDate('2030-06-21'), to: businessDate('2030-09-20') },
  };
  const divided = await allocateInterest(app, platformId, { ...paid, ...ask() });
  expect(divided.paid).toBe(fen('100.00'));
  // A third and two thirds: the odd fen goes to the larger remainder.
  expect(await everybody()).toEqual({ 甲: '10041.43', 乙: '20082.87' });
  // The rate would have given 9.21 and 18.41: the bank paid 72.38 more.
  expect(divided.allocation.amount - divided.allocation.computed).toBe(fen('72.38'));
  expect(await refusal(allocateInterest(app, platformId, { ...paid, ...ask() }))).toBe(
    'interest_settled',
  );
  await end();
});
