import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fund, refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { businessDate } from '../kernel/business-date.ts';
import { rollDay } from '../ledger/index.ts';
import { openVirtualAccount } from '../virtual-accounts/index.ts';
import {
  type Period,
  placeHold,
  readBalance,
  readStatement,
  releaseHold,
  type Statement,
  transfer,
} from './index.ts';

const app = await testApp();
const platformId = 1n;
const { record, main, numbers } = await testPlatform(app, { platformId, members: 3, funds: 1000n });
const foreign = await testPlatform(app, { platformId: 2n, members: 1 });

let keys = 0;
const next = () => {
  keys += 1;
  return { requestId: `api/${keys}` };
};
const periodRefused = (pointer: string) =>
  refusal('period_invalid', { errors: [expect.objectContaining({ pointer }) as unknown] });
const openAccount = async () =>
  (await openVirtualAccount(app, platformId, { mainAccount: main.number, name: 'A' })).number;
const pay = (debitAccount: string, creditAccount: string, amount: number) =>
  transfer(app, platformId, { debitAccount, creditAccount, amount }, next());
const roll = (date: string) =>
  rollDay(app.db, platformId, { next: businessDate(date), at: app.clock.now() });
const balance = async (number: string, asOf?: string, clock?: 'booked' | 'business') => {
  const found = await readBalance(app, platformId, number, { asOf, clock });
  return [found.balance, found.held];
};

/** All pages of a statement as one. */
async function wholeStatement(number: string, period: Period, limit: number): Promise<Statement[]> {
  const pages: Statement[] = [];
  let after: Statement['next'];
  do {
    const page = await readStatement(app, platformId, number, { period, after, limit });
    pages.push(page);
    after = page.next;
  } while (after);
  return pages;
}

/** What must be true of every statement, whatever is in it. */
function expectClosed(pages: readonly Statement[]): void {
  const [first] = pages;
  const lines = pages.flatMap((page) => page.lines);
  let running = first!.opening;
  for (const { direction, amount, balanceAfter } of lines) {
    running += direction === 'credit' ? amount : -amount;
    expect(balanceAfter).toBe(running);
  }
  expect(running).toBe(first!.closing);
  const { credits, debits } = first!.totals!;
  expect(first!.opening + credits.sum - debits.sum).toBe(first!.closing);
  expect(credits.count + debits.count).toBe(lines.length);
  for (const page of pages.slice(1)) {
    expect(page).toMatchObject({ totals: null, opening: first!.opening, closing: first!.closing });
  }
}

// Goal: invariant 6 as a customer sees it. Method: random transfers and holds over several business days;
// then any range, by dates or instants, in pages of any size, closes, and agrees with the balances as of its ends.
test('any statement closes, and its pages joined are the whole', async () => {
  const accounts = [numbers[0]!, numbers[1]!, numbers[2]!] as const;
  const instants: Date[] = [app.clock.now()];
  const steps = fc.sample(
    fc.record({
      from: fc.nat(2),
      to: fc.nat(2),
      amount: fc.integer({ min: 1, max: 400 }),
      wait: fc.nat(3),
      hold: fc.boolean(),
    }),
    { numRuns: 60, seed: 7 },
  );
  for (const [i, step] of steps.entries()) {
    const [debit, credit] = [accounts[step.from]!, accounts[step.to]!];
    await pay(debit, credit, step.amount).catch(() => undefined);
    if (step.hold) {
      const hold = { account: credit, amount: 1, reason: 'r' };
      await placeHold(app, platformId, hold, next()).catch(() => undefined);
    }
    instants.push(app.clock.advance(step.wait));
    if (i % 20 === 19) await roll(`2026-03-0${3 + Math.floor(i / 20)}`);
  }
  app.clock.advance(5);
  const dates = ['2026-02-28', '2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05'];
  const place = fc.nat(instants.length - 1);
  const query = fc.record({
    number: fc.constantFrom(...accounts),
    ends: fc.oneof(
      fc.tuple(place, place).map(([a, b]) => ({
        fromInstant: instants[Math.min(a, b)]!,
        toInstant: instants[Math.max(a, b)]!,
      })),
      fc.tuple(fc.nat(4), fc.nat(4)).map(([a, b]) => ({
        from: dates[Math.min(a, b)]!,
        to: dates[Math.max(a, b)]!,
      })),
      fc.constant({}),
    ),
    limit: fc.integer({ min: 1, max: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(query, async ({ number, ends, limit }) => {
      const whole = await wholeStatement(number, ends, 1000);
      expect(whole).toHaveLength(1);
      expectClosed(whole);
      const pages = await wholeStatement(number, ends, limit);
      expectClosed(pages);
      expect(pages.flatMap((page) => page.lines)).toEqual(whole[0]!.lines);
      if ('toInstant' in ends) {
        const [then] = await balance(number, ends.toInstant.toISOString());
        expect(whole[0]!.closing).toBe(then);
      } else if ('to' in ends && ends.to >= '2026-03-02') {
        const [then] = await balance(number, ends.to, 'business');
        expect(whole[0]!.closing).toBe(then);
      }
    }),
    { numRuns: 60, seed: 11 },
  );
});

test('balances and lines by business date: what is booked after the cut carries the next date', async () => {
  const number = await openAccount();
  await fund(app, platformId, { record, number, funds: 100n });
  app.clock.advance(1000);
  await roll('2026-03-10');
  await pay(number, numbers[0]!, 30);
  app.clock.advance(1000);
  await roll('2026-03-11');
  await pay(number, numbers[0]!, 20);
  expect(await balance(number, '2026-03-09', 'business')).toEqual([100n, 0n]);
  expect(await balance(number, '2026-03-10', 'business')).toEqual([70n, 0n]);
  expect(await balance(number, '2026-03-11', 'business')).toEqual([50n, 0n]);
  expect(await balance(number, '2026-03-11')).toEqual([50n, 0n]);
  expect(await balance(number, '2020-01-01', 'business')).toEqual([0n, 0n]);
  const statement = await readStatement(app, platformId, number, {
    period: { from: '2026-03-10', to: '2026-03-10' },
    limit: 10,
  });
  expect(statement).toMatchObject({
    ...{ opening: 100n, closing: 70n, currency: 'CNY', next: undefined },
    totals: { credits: { count: 0, sum: 0n }, debits: { count: 1, sum: 30n } },
    lines: [{ direction: 'debit', amount: 30n, balanceAfter: 70n, counterparty: numbers[0] }],
  });
  expect(statement.lines[0]!.businessDate).toBe('2026-03-10');
  // A weekend, as it were: no day of that date was ever open.
  await roll('2026-03-14');
  expect(await balance(number, '2026-03-12', 'business')).toEqual([50n, 0n]);
  const between = { period: { from: '2026-03-12', to: '2026-03-13' }, limit: 10 };
  expect(await readStatement(app, platformId, number, between)).toMatchObject({
    ...{ opening: 50n, closing: 50n, lines: [] },
  });
});

test('balances as of an instant are exact, held money too, and zero before the account', async () => {
  const before = app.clock.now().toISOString();
  app.clock.advance(10);
  const number = await openAccount();
  await fund(app, platformId, { record, number, funds: 100n });
  const funded = app.clock.advance(10).toISOString();
  app.clock.advance(10);
  const hold = { account: number, amount: 40, reason: 'r' };
  const { id } = (await placeHold(app, platformId, hold, next())).result;
  const held = app.clock.advance(10).toISOString();
  app.clock.advance(10);
  await releaseHold(app, platformId, { hold: id!, amount: 15 }, next());
  await pay(number, numbers[0]!, 60);
  app.clock.advance(10);
  expect(await balance(number, before)).toEqual([0n, 0n]);
  expect(await balance(number, '1999-01-01T00:00:00Z')).toEqual([0n, 0n]);
  expect(await balance(number, funded)).toEqual([100n, 0n]);
  expect(await balance(number, held)).toEqual([100n, 40n]);
  expect(await balance(number)).toEqual([40n, 25n]);
  expect(await readBalance(app, platformId, number)).toMatchObject({
    ...{ number, currency: 'CNY', available: 15n, clock: 'booked', asOf: app.clock.now() },
  });
});

test('a deposit’s counterparty is nobody that can be named', async () => {
  const number = await openAccount();
  await fund(app, platformId, { record, number, funds: 5n });
  const { lines } = await readStatement(app, platformId, number, { period: {}, limit: 10 });
  expect(lines).toMatchObject([{ code: 'deposit', direction: 'credit', counterparty: null }]);
});

test('pages are of one statement, whatever is posted meanwhile', async () => {
  const number = await openAccount();
  await fund(app, platformId, { record, number, funds: 100n });
  await pay(number, numbers[0]!, 1);
  const first = await readStatement(app, platformId, number, { period: {}, limit: 1 });
  await pay(number, numbers[0]!, 50);
  const second = await readStatement(app, platformId, number, {
    ...{ period: {}, after: first.next, limit: 10 },
  });
  expectClosed([first, second]);
  expect(second.closing).toBe(99n);
});

test('what is not a moment or a period is refused, with the field', async () => {
  const [number] = numbers as [string];
  const ask = (asOf: string, clock?: 'booked' | 'business') => balance(number, asOf, clock);
  const future = new Date(app.clock.now().getTime() + 1).toISOString();
  const refused = periodRefused('query/asOf');
  await expect(ask(future)).rejects.toEqual(refused);
  await expect(ask('2099-01-01')).rejects.toEqual(refused);
  await expect(ask('2026-02-30')).rejects.toEqual(refused);
  await expect(ask('2026-03-02', 'booked')).rejects.toEqual(refused);
  await expect(ask('2026-03-02T00:00:00Z', 'business')).rejects.toEqual(refused);
  await expect(ask('yesterday')).rejects.toEqual(refused);
  const read = (period: Period) => readStatement(app, platformId, number, { period, limit: 1 });
  const [day, instant] = ['2026-03-02', app.clock.now()];
  await expect(read({ from: day, to: '2026-03-01' })).rejects.toEqual(periodRefused('query/to'));
  await expect(read({ from: '2099-01-01' })).rejects.toEqual(periodRefused('query/from'));
  await expect(read({ from: day, toInstant: instant })).rejects.toEqual(
    periodRefused('query/fromInstant'),
  );
  await expect(read({ fromInstant: instant, toInstant: new Date(0) })).rejects.toEqual(
    periodRefused('query/toInstant'),
  );
  await expect(read({ fromInstant: new Date(future) })).rejects.toEqual(
    periodRefused('query/fromInstant'),
  );
});

test('accounts of another platform have no balance and no statement here', async () => {
  const [theirs] = foreign.numbers as [string];
  const notFound = refusal('account_not_found');
  await expect(balance(theirs)).rejects.toEqual(notFound);
  await expect(readStatement(app, platformId, theirs, { period: {}, limit: 1 })).rejects.toEqual(
    notFound,
  );
});
