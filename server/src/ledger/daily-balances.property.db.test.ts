// Goal: what accounts had at the end of each business date is what their balance at that bound was, for any history
// and any period. Method: random payments, holds and turns of the day on a real PostgreSQL; each date of each period is
// asked for one by one.
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { ledgerBench, nextRequest } from '../../test/support/ledger.ts';
import { amount } from '../kernel/amount.ts';
import { addDays, type BusinessDate } from '../kernel/business-date.ts';
import {
  type AccountId,
  boundAfterDate,
  type Move,
  openBusinessDate,
  readBalanceAt,
  readDailyBalances,
  rollDay,
} from './index.ts';

const bench = await ledgerBench((await freshDatabase()).url);
const { ledger, platformId, database, clock } = bench;
const { db } = database;
afterAll(() => bench.close());

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ pay: fc.integer({ min: 1, max: 40 }), from: fc.nat(2), to: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.record({ hold: fc.integer({ min: 1, max: 40 }), from: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ days: fc.integer({ min: 1, max: 4 }) }) },
);

async function turn(days: number): Promise<void> {
  const next = addDays(await openBusinessDate(db, platformId), days);
  await rollDay(db, platformId, { next, at: clock.advance(1000) });
}

async function endOf(account: AccountId, date: BusinessDate): Promise<bigint> {
  const bound = await boundAfterDate(db, platformId, date);
  if (bound === undefined) throw new Error('the date is over');
  const asked = { account: { accountId: account, guarded: true }, bound };
  return (await readBalanceAt(db, platformId, asked)).balance;
}

test('runs of days have the balance of each of their days, without a gap', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 20 }),
      fc.nat(6),
      fc.nat(6),
      async (steps, early, late) => {
        const accounts = [
          await bench.open({ available: 100n }),
          await bench.open({ available: 50n }),
          await bench.open(),
        ];
        const start = await openBusinessDate(db, platformId);
        for (const each of steps) {
          if ('days' in each) await turn(each.days);
          else
            await ledger.submit({
              platformId,
              requestId: nextRequest(),
              moves: [moveOf(each, accounts)],
            });
        }
        await turn(1);
        const last = addDays(await openBusinessDate(db, platformId), -1);
        const from = addDays(start, early - 3);
        const to = [from, addDays(last, -late)].sort().at(-1) ?? from;
        if (to > last) return;
        const runs = await readDailyBalances(db, platformId, { accounts, from, to });
        for (const account of accounts) {
          let date = from;
          for (const run of runs.get(account) ?? []) {
            expect(run.from).toBe(date);
            for (let i = 0; i < run.days; i += 1) {
              expect(run.balance).toBe(await endOf(account, addDays(run.from, i)));
            }
            date = addDays(run.from, run.days);
          }
          expect(date).toBe(addDays(to, 1));
        }
      },
    ),
    { numRuns: 25 },
  );
});

function moveOf(
  step: { pay: number; from: number; to: number } | { hold: number; from: number },
  accounts: readonly AccountId[],
): Move {
  const from = accounts[step.from]!;
  if ('hold' in step)
    return { kind: 'hold', account: from, amount: amount(step.hold), reason: 'x' };
  const to = accounts[step.to === step.from ? (step.to + 1) % 3 : step.to]!;
  return { kind: 'transfer', code: 'payment', debit: from, credit: to, amount: amount(step.pay) };
}
