import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import {
  citicMainAccountFile,
  citicSubAccountFile,
  csvFile,
  csvSampleMapping,
  mt940File,
} from '../../test/support/statement-samples.ts';
import { openLedger } from '../ledger/index.ts';
import {
  bindPayerAccount,
  changeVirtualAccount,
  closeVirtualAccount,
  openVirtualAccount,
  readMainAccount,
  readVirtualAccount,
  stopVirtualAccount,
} from '../virtual-accounts/index.ts';
import { importStatement } from './import-statement.ts';
import { hasWaitingEntries, postEntries } from './post-entries.ts';
import { postWaiting } from './post-waiting.ts';
import { listBankEntries, readBankEntry, readStatementImport } from './read-entries.ts';
import { balances, CNY, camt, depositDeps, everything, findings, line } from './testing.fixture.ts';

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

test('what the ledger refuses for one account waits in suspense, and the rest is posted', async () => {
  const { platformId, main, numbers } = await platform({ members: 4 });
  const [a = '', stopped = '', closed = '', full = ''] = numbers;
  await stopVirtualAccount(app, platformId, stopped, { side: 'both' });
  await closeVirtualAccount(app, platformId, closed);
  const lines = [
    ...Array.from({ length: 600 }, (_, i) =>
      line({
        reference: `F${i + 1}`,
        remittance: [a, stopped, closed, full][i % 4] ?? '',
        amount: 1n,
      }),
    ),
  ];
  const amount = 9_007_199_254_740_991n;
  const brim = [line({ reference: 'F0', remittance: full, amount })];
  await importStatement(deps, platformId, { source: camt(main.number, brim) });
  const source = camt(main.number, lines, { opening: amount });
  const report = await importStatement(deps, platformId, { source });
  expect(report.suspended.byReason).toEqual({
    account_stopped: { count: 150, sum: 150n },
    account_closed: { count: 150, sum: 150n },
    balance_limit_exceeded: { count: 150, sum: 150n },
  });
  expect(await balanceOf(platformId, a)).toBe(150n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('after a crash between recording and posting, the next run posts; two posters at once post once', async () => {
  const { platformId, main, numbers } = await platform();
  const lines = Array.from({ length: 3000 }, (_, i) =>
    line({ reference: `P${i}`, remittance: numbers[i % 2] ?? '' }),
  );
  // A ledger that is away when the file has been recorded.
  const down = {
    ...deps,
    ledger: { ...deps.ledger, submit: () => Promise.reject(new Error('crashed')) },
  };
  const source = camt(main.number, lines);
  await expect(importStatement(down, platformId, { source })).rejects.toThrow('crashed');
  expect(await hasWaitingEntries(deps, platformId)).toBe(true);
  expect(await balanceOf(platformId, numbers[0] ?? '')).toBe(0n);

  const { database, clock } = app;
  const other = { ...deps, ledger: openLedger({ database, clock }) };
  const runs = await Promise.all([
    postEntries(deps, platformId, { waitForOther: true }),
    postEntries(other, platformId, { waitForOther: true }),
    postEntries(other, platformId),
  ]);
  expect(runs.reduce((sum, { posted }) => sum + posted, 0)).toBe(3000);
  expect(await hasWaitingEntries(deps, platformId)).toBe(false);
  expect(await balanceOf(platformId, numbers[0] ?? '')).toBe(1_500_000n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('posters without a lock between them post once all the same', async () => {
  const { platformId, main, numbers } = await platform();
  const lines = Array.from({ length: 2000 }, (_, i) =>
    line({ reference: `L${i}`, remittance: numbers[i % 2] ?? '' }),
  );
  const down = {
    ...deps,
    ledger: { ...deps.ledger, submit: () => Promise.reject(new Error('crashed')) },
  };
  const work = importStatement(down, platformId, { source: camt(main.number, lines) });
  await expect(work).rejects.toThrow('crashed');
  const { database, clock } = app;
  // As when the connection that held the lock was lost, and another poster has taken it meanwhile.
  const other = { ...deps, ledger: openLedger({ database, clock }) };
  const session = database.sessions;
  const posted = await Promise.all([
    postWaiting({ deps, platformId, session }),
    postWaiting({ deps: other, platformId, session }),
  ]);
  expect(posted[0] + posted[1]).toBe(2000);
  expect(await hasWaitingEntries(deps, platformId)).toBe(false);
  expect(await balanceOf(platformId, numbers[0] ?? '')).toBe(1_000_000n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('platforms do not see each other: the same file, the same references, the same main account number', async () => {
  const one = await platform();
  platforms += 1n;
  const two = await testPlatform(app, { platformId: platforms, mainAccount: one.main.number });
  const lines = [line({ reference: 'I1', remittance: one.numbers[0] ?? '' })];
  await importStatement(deps, one.platformId, { source: camt(one.main.number, lines) });
  const before = await balances(app);
  const report = await importStatement(deps, two.platformId, {
    source: camt(one.main.number, lines),
  });
  expect(report).toMatchObject({ recorded: 1, sameFileAs: null, suspended: { count: 1 } });
  expect(await balanceOf(one.platformId, one.numbers[0] ?? '')).toBe(1000n);
  const { rows } = await sql`select 1 from transfer where platform_id = ${one.platformId}`.execute(
    app.db,
  );
  expect(rows).toHaveLength(1);
  expect(await balances(app)).not.toEqual(before);
  const { entries } = await listBankEntries(app, one.platformId, { limit: 10 });
  await expect(readBankEntry(app, two.platformId, entries[0]?.id ?? '')).rejects.toMatchObject({
    definition: { code: 'bank_entry_not_found' },
  });
});

test('a number under another main account is not matched', async () => {
  const { platformId, main } = await platform();
  const otherMain = await testSecondMain(platformId);
  const account = await openVirtualAccount(app, platformId, {
    name: 'elsewhere',
    mainAccount: otherMain,
  });
  const lines = [line({ reference: 'E1', remittance: account.number })];
  const report = await importStatement(deps, platformId, { source: camt(main.number, lines) });
  expect(report.suspended.byReason).toEqual({ no_match: { count: 1, sum: 1000n } });
});

async function testSecondMain(platformId: bigint): Promise<string> {
  const { openMainAccount } = await import('../virtual-accounts/index.ts');
  const number = `77${platformId}`;
  await openMainAccount(app, platformId, { number, name: 'Second', currency: CNY });
  return number;
}

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
