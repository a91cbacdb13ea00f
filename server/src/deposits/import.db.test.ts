import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import {
  citicMainAccountFile,
  citicSubAccountFile,
  csvFile,
  csvSampleMapping,
  mt940File,
} from '../../test/support/statement-samples.ts';
import {
  bindPayerAccount,
  changeVirtualAccount,
  readMainAccount,
  readVirtualAccount,
  stopVirtualAccount,
} from '../virtual-accounts/index.ts';
import { importStatement } from './import-statement.ts';
import { listBankEntries, readBankEntry, readStatementImport } from './read-entries.ts';
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

test('a file is recorded once, posted to whom it matches, and what nobody matches waits in suspense', async () => {
  const { platformId, main, numbers } = await platform({ members: 3 });
  const [a = '', b = '', c = ''] = numbers;
  await changeVirtualAccount(app, platformId, b, { referenceCode: 'SHOP2026' });
  const { memberId } = await readVirtualAccount(app, platformId, c);
  await bindPayerAccount(app, platformId, memberId ?? '', {
    accountNumber: '622200003',
    virtualAccount: c,
  });
  const lines = [
    line({ reference: 'N1', remittance: `top-up ${a}` }),
    line({ reference: 'N2', creditedAccount: a, amount: 1n }),
    line({ reference: 'N3', remittance: 'order shop2026', amount: 20n }),
    line({ reference: 'N4', counterpartyAccount: '622200003', amount: 300n }),
    line({ reference: 'N5', remittance: 'nothing known', amount: 4000n }),
    line({ reference: 'N6', remittance: `${a} ${b}`, amount: 50_000n }),
    line({ reference: 'N7', direction: 'debit', amount: 7n }),
  ];
  const source = camt(main.number, lines, { opening: 900n });
  const report = await importStatement(deps, platformId, { source, fileName: 'week.xml' });

  expect(report).toMatchObject({
    ...{ format: 'camt.053', fileName: 'week.xml', lines: 7, recorded: 8, alreadyKnown: 0 },
    ...{ changed: true, sameFileAs: null, notes: [], skipped: {} },
    credited: { count: 5, sum: 1000n + 1n + 20n + 300n + 900n },
    suspended: {
      ...{ count: 2, sum: 54_000n },
      byReason: {
        no_match: { count: 1, sum: 4000n },
        ambiguous_account_number: { count: 1, sum: 50_000n },
      },
    },
    debited: { count: 1, sum: 7n },
    waiting: { count: 0, sum: 0n },
    statements: [
      {
        mainAccount: main.number,
        opening: 900n,
        credits: { count: 6, sum: 55_321n },
        debits: { count: 1, sum: 7n },
        closing: 56_214n,
      },
    ],
  });
  const found = await Promise.all([a, b, c].map((number) => balanceOf(platformId, number)));
  expect(found).toEqual([1001n, 20n, 300n]);
  const { bankBalance, unexplainedDebits, accounts } = await readMainAccount(
    app,
    platformId,
    main.number,
  );
  expect({ bankBalance, unexplainedDebits }).toEqual({
    bankBalance: 56_214n,
    unexplainedDebits: 7n,
  });
  expect(await balanceOf(platformId, accounts.suspense)).toBe(54_000n);
  expect(await balanceOf(platformId, accounts.opening)).toBe(900n);
  expect(await findings(app, platformId)).toEqual([]);

  const { entries } = await listBankEntries(app, platformId, { limit: 100 });
  expect(
    entries.map(({ reference, state, matchReason, account }) => [
      reference,
      state,
      matchReason,
      account,
    ]),
  ).toEqual([
    ['opening/2026-03-02', 'credited', 'opening_balance', accounts.opening],
    ['N1', 'credited', 'account_number', a],
    ['N2', 'credited', 'account_number', a],
    ['N3', 'credited', 'reference_code', b],
    ['N4', 'credited', 'payer_account', c],
    ['N5', 'suspended', 'no_match', accounts.suspense],
    ['N6', 'suspended', 'ambiguous_account_number', accounts.suspense],
    ['N7', 'debited', null, null],
  ]);
  expect(await readStatementImport(deps, platformId, report.id ?? '')).toEqual(report);
  const [, first] = entries;
  expect(await readBankEntry(app, platformId, first?.id ?? '')).toEqual({ ...first, claims: [] });
});

test('the same file again changes nothing, and the report says so', async () => {
  const { platformId, main, numbers } = await platform();
  const lines = Array.from({ length: 30 }, (_, i) =>
    line({ reference: `R${i}`, remittance: numbers[i % 3] ?? '' }),
  );
  const file = () => camt(main.number, lines, { opening: 5n });
  const first = await importStatement(deps, platformId, { source: file() });
  const before = await everything(app);
  const second = await importStatement(deps, platformId, { source: file() });
  expect(second).toMatchObject({
    ...{ id: null, changed: false, recorded: 0, alreadyKnown: 30, sameFileAs: first.id, notes: [] },
    ...{ credited: { count: 0, sum: 0n }, suspended: { count: 0, sum: 0n, byReason: {} } },
  });
  expect(await everything(app)).toEqual(before);
});

test('the same file twice at once is recorded once', async () => {
  const { platformId, main, numbers } = await platform();
  const lines = Array.from({ length: 700 }, (_, i) =>
    line({ reference: `C${i}`, remittance: numbers[i % 3] ?? '' }),
  );
  const files = Array.from({ length: 4 }, () =>
    importStatement(deps, platformId, { source: camt(main.number, lines, { opening: 5n }) }),
  );
  const reports = await Promise.all(files);
  expect(reports.map(({ recorded }) => recorded).sort()).toEqual([0, 0, 0, 701]);
  const { bankBalance } = await readMainAccount(app, platformId, main.number);
  expect(bankBalance).toBe(700_005n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('a dry run says the same as the import, and changes nothing', async () => {
  const { platformId, main, numbers } = await platform();
  await stopVirtualAccount(app, platformId, numbers[1] ?? '', { side: 'credit' });
  const lines = [
    ...Array.from({ length: 20 }, (_, i) =>
      line({ reference: `D${i}`, remittance: numbers[i % 3] ?? 'x' }),
    ),
    line({ reference: 'DD', direction: 'debit' }),
  ];
  const before = await everything(app);
  const source = camt(main.number, lines, { opening: 5n });
  const dry = await importStatement(deps, platformId, { source, dryRun: true });
  expect(await everything(app)).toEqual(before);
  const real = await importStatement(deps, platformId, {
    source: camt(main.number, lines, { opening: 5n }),
  });
  expect(dry).toEqual({ ...real, id: null, dryRun: true });
  expect(dry.suspended.byReason).toEqual({
    account_stopped: { count: 7, sum: 7000n },
    no_match: { count: 6, sum: 6000n },
  });
});

test('a file that cannot be taken in whole changes nothing', async () => {
  const { platformId, main } = await platform();
  const other = await platform();
  const lines = [line({ reference: 'X1' }), line({ reference: 'X2', amount: 5n })];
  await importStatement(deps, platformId, { source: camt(main.number, lines) });
  const whole = Buffer.concat(
    await Array.fromAsync(camt(main.number, [...lines, line({ reference: 'X3' })])),
  );
  const bytes = async function* (content: Uint8Array) {
    yield await Promise.resolve(content);
  };
  const text = whole.toString('utf8');
  const cases: [code: string, content: Uint8Array, options?: { mainAccount: string }][] = [
    ['statement_truncated', whole.subarray(0, -40)],
    [
      'statement_totals_disagree',
      Buffer.from(text.replace('>10.05<', '>10.06<').replace('>20.05<', '>20.06<')),
    ],
    ['statement_account_unknown', Buffer.from(text.replaceAll(main.number, '99990000'))],
    ['statement_account_unknown', Buffer.from(text.replaceAll(main.number, other.main.number))],
    [
      'statement_account_differs',
      Buffer.from(text.replaceAll(main.number, '99990000')),
      { mainAccount: main.number },
    ],
    ['main_account_not_found', whole, { mainAccount: other.main.number }],
    ['statement_currency_differs', Buffer.from(text.replaceAll('CNY', 'USD'))],
    [
      'statement_reference_conflict',
      Buffer.from(text.replaceAll('>0.05<', '>0.06<').replace('>20.05<', '>20.06<')),
    ],
    ['statement_format_unknown', Buffer.from('hello')],
  ];
  const before = await everything(app);
  for (const [code, content, options] of cases) {
    const work = importStatement(deps, platformId, { source: bytes(content), ...options });
    await expect(work, code).rejects.toMatchObject({ definition: { code } });
    expect(await everything(app), code).toEqual(before);
  }
});

test('files that overlap are recorded once, line by line', async () => {
  const { platformId, main, numbers } = await platform();
  const day = (i: number) => `2026-03-${String(2 + i).padStart(2, '0')}`;
  const lines = Array.from({ length: 14 }, (_, i) =>
    line({ reference: `O${i}`, bookingDate: day(i), remittance: numbers[i % 2] ?? '' }),
  );
  await importStatement(deps, platformId, {
    source: camt(main.number, lines.slice(0, 10), { opening: 50n }),
  });
  const source = camt(main.number, lines.slice(5), { opening: 5050n });
  const report = await importStatement(deps, platformId, { source });
  expect(report).toMatchObject({ recorded: 4, alreadyKnown: 5, notes: [] });
  const { bankBalance } = await readMainAccount(app, platformId, main.number);
  expect(bankBalance).toBe(14_050n);
  expect(await findings(app, platformId)).toEqual([]);
});

// Goal: a bank that counts its references from the start in each statement must not cost anybody a credit.
test('the same reference for another credited account is a conflict, not a repeat', async () => {
  const { platformId, main, numbers } = await platform();
  const file = (creditedAccount: string, opening: bigint) =>
    camt(main.number, [line({ reference: '0000000001', creditedAccount })], { opening });
  const [first = '', second = ''] = numbers;
  await importStatement(deps, platformId, { source: file(first, 50n) });
  const again = importStatement(deps, platformId, { source: file(second, 1_050n) });
  await expect(again).rejects.toMatchObject({
    definition: { code: 'statement_reference_conflict' },
    facts: { recorded: { creditedAccount: first }, found: { creditedAccount: second } },
  });
});

test('MT940, CITIC replies and CSV go the same way', async () => {
  const { platformId, main, numbers } = await platform();
  const common = { accountNumber: main.number, entries: 6, creditedAccounts: numbers };
  const mt940 = await importStatement(deps, platformId, {
    source: mt940File({ ...common, currency: CNY, prefix: 'M' }),
  });
  const citic = await importStatement(deps, platformId, {
    source: citicMainAccountFile({ ...common, prefix: 'D', opening: 6015n + 600n }),
  });
  const sub = await importStatement(deps, platformId, {
    source: citicSubAccountFile({ ...common, prefix: 'S', creditedIn: 'field' }),
  });
  const csv = () => csvFile({ ...common, currency: CNY, prefix: 'V' });
  const mapping = { csv: csvSampleMapping };
  await expect(
    importStatement(deps, platformId, { source: csv(), file: mapping }),
  ).rejects.toMatchObject({ definition: { code: 'statement_account_required' } });
  const table = await importStatement(deps, platformId, {
    ...{ source: csv(), file: mapping, mainAccount: main.number },
  });
  for (const report of [mt940, citic, sub, table]) {
    expect(report).toMatchObject({ recorded: 6, credited: { count: 6 }, waiting: { count: 0 } });
  }
  // The four statements do not join: what the last one says of the bank is not what all of them give.
  const found = (await findings(app, platformId)).map(({ code }) => code);
  expect(found).toEqual(['bank_balance_differs']);
});

// Goal: equal payments of a bank that gives no references are as many as the bank says. Method: statements that
// follow one another with the very same line, then each of them again.
test('the same line on the next statement is another payment, on the same statement the same one', async () => {
  const { platformId, main, numbers } = await platform({ members: 1 });
  const [payee = ''] = numbers;
  const same = line({ remittance: `daily ${payee}`, amount: 100n });
  const statements = [
    { opening: 0n, lines: [same] },
    { opening: 100n, lines: [same] },
    { opening: 200n, lines: [same, same] },
  ];
  const take = (each: (typeof statements)[number]) =>
    importStatement(deps, platformId, {
      source: camt(main.number, each.lines, { opening: each.opening }),
    });
  const before = await balanceOf(platformId, payee);
  for (const each of statements) {
    expect(await take(each)).toMatchObject({ recorded: each.lines.length, alreadyKnown: 0 });
  }
  expect(await balanceOf(platformId, payee)).toBe(before + 400n);
  for (const each of statements) expect(await take(each)).toMatchObject({ changed: false });
  expect(await balanceOf(platformId, payee)).toBe(before + 400n);
  expect(await findings(app, platformId)).toEqual([]);
});
