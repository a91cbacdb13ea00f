import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import { mt940File } from '../../test/support/statement-samples.ts';
import { formatDecimal } from '../kernel/decimal.ts';
import { readMainAccount, readVirtualAccount } from '../virtual-accounts/index.ts';
import { importStatement } from './import-statement.ts';
import { CNY, camt, depositDeps, everything, findings, line } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);
let platforms = 0n;

/** A platform of its own for each test. */
const platform = (options: { members?: number; funds?: bigint } = {}) => {
  platforms += 1n;
  return testPlatform(app, { platformId: platforms, ...options });
};
const balanceOf = async (platformId: bigint, number: string) =>
  (await readVirtualAccount(app, platformId, number)).balance;

test('a longer file after a shorter one: what was before the opening balance is in it already', async () => {
  const { platformId, main, numbers } = await platform();
  const [a = ''] = numbers;
  const lines = [1, 2, 3, 4].map((day) =>
    line({ reference: `B${day}`, bookingDate: `2026-03-0${day}`, remittance: a }),
  );
  await importStatement(deps, platformId, {
    source: camt(main.number, lines.slice(2), { opening: 2000n }),
  });
  const report = await importStatement(deps, platformId, { source: camt(main.number, lines) });
  expect(report).toMatchObject({
    ...{ recorded: 0, alreadyKnown: 2, skipped: { before_opening: 2 } },
    notes: [{ code: 'before_opening', openedOn: '2026-03-03', count: 2, sum: 2000n }],
  });
  expect(await balanceOf(platformId, a)).toBe(2000n);
  expect((await readMainAccount(app, platformId, main.number)).bankBalance).toBe(4000n);
});

test('a file that is missing in between is noted with the difference', async () => {
  const { platformId, main } = await platform();
  await importStatement(deps, platformId, {
    source: camt(main.number, [line({ reference: 'G1' })]),
  });
  const later = [line({ reference: 'G2', bookingDate: '2026-03-05' })];
  const report = await importStatement(deps, platformId, {
    source: camt(main.number, later, { opening: 1234n }),
  });
  expect(report.notes).toEqual([
    {
      code: 'balance_gap',
      mainAccount: main.number,
      expected: 1000n,
      found: 1234n,
      difference: 234n,
    },
  ]);
  expect(await findings(app, platformId)).toMatchObject([
    { code: 'bank_balance_differs', expected: 2000n, found: 2234n },
  ]);
});

test('a bank overdraft at the beginning is a debit to explain', async () => {
  const { platformId, main } = await platform();
  const source = camt(main.number, [line({ reference: 'V1' })], { opening: -400n });
  expect((await importStatement(deps, platformId, { source })).debited).toEqual({
    count: 1,
    sum: 400n,
  });
  const { bankBalance, unexplainedDebits } = await readMainAccount(app, platformId, main.number);
  expect([bankBalance, unexplainedDebits]).toEqual([600n, 400n]);
  expect(await findings(app, platformId)).toEqual([]);
});

test.each([9_007_199_254_740_992n, -9_007_199_254_740_992n, 10n ** 19n])(
  'an opening balance of %d, which no entry can have, is refused, and nothing is recorded',
  async (opening) => {
    const { platformId, main } = await platform();
    const before = await everything(app);
    const lines = [line({ reference: 'O1' })];
    const { number: mainAccount } = main;
    const sample = { accountNumber: mainAccount, currency: CNY, entries: 1, opening };
    const csv = `day,in,balance\n2026-03-02,10.00,${written(opening + 1000n)}\n`;
    const columns = { bookingDate: 'day', runningBalance: 'balance' };
    const mapping = { dateFormat: 'YYYY-MM-DD', amount: { signed: 'in' }, columns } as const;
    const inputs = [
      () => ({ source: camt(mainAccount, lines, { opening }) }),
      () => ({ source: mt940File({ ...sample, lineAt: () => line({ reference: 'O1' }) }) }),
      () => ({
        source: bytesOf(csv),
        mainAccount,
        file: { format: 'csv' as const, csv: mapping, currency: CNY },
      }),
    ];
    for (const input of inputs) {
      for (const dryRun of [true, false]) {
        await expect(
          importStatement(deps, platformId, { ...input(), dryRun }),
        ).rejects.toMatchObject({
          definition: { code: 'statement_field_invalid' },
          facts: { field: 'opening balance', found: `${written(opening)} CNY` },
        });
      }
    }
    const statementId = { facts: { statementId: 'S1' } };
    const work = importStatement(deps, platformId, {
      source: camt(mainAccount, lines, { opening }),
    });
    await expect(work).rejects.toMatchObject(statementId);
    expect(await everything(app)).toEqual(before);
  },
);

const written = (amount: bigint) => formatDecimal(amount, CNY);

async function* bytesOf(text: string) {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
