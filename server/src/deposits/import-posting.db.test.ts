import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import { openLedger } from '../ledger/index.ts';
import {
  bindPayerAccount,
  closeVirtualAccount,
  openMainAccount,
  openVirtualAccount,
  readVirtualAccount,
  stopVirtualAccount,
  unbindPayerAccount,
} from '../virtual-accounts/index.ts';
import { importStatement } from './import-statement.ts';
import { hasWaitingEntries, postEntries } from './post-entries.ts';
import { postWaiting } from './post-waiting.ts';
import { listBankEntries, readBankEntry } from './read-entries.ts';
import { balances, CNY, camt, depositDeps, findings, line } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);
/** With a ledger that is away when the file has been recorded. */
const down = {
  ...deps,
  ledger: { ...deps.ledger, submit: () => Promise.reject(new Error('crashed')) },
};
let platforms = 0n;

/** A platform of its own for each test. */
const platform = (options: { members?: number; funds?: bigint } = {}) => {
  platforms += 1n;
  return testPlatform(app, { platformId: platforms, ...options });
};
const balanceOf = async (platformId: bigint, number: string) =>
  (await readVirtualAccount(app, platformId, number)).balance;

test('what the ledger refuses for one account waits in suspense, and the rest is posted', async () => {
  const { platformId, main, numbers } = await platform({ members: 4 });
  const [a = '', stopped = '', closed = '', full = ''] = numbers;
  await stopVirtualAccount(app, platformId, stopped, { side: 'both' });
  await closeVirtualAccount(app, platformId, closed);
  const lines = Array.from({ length: 600 }, (_, i) =>
    line({
      reference: `F${i + 1}`,
      remittance: [a, stopped, closed, full][i % 4] ?? '',
      amount: 1n,
    }),
  );
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
  const { entries } = await listBankEntries(app, platformId, { state: 'suspended', limit: 1000 });
  const matched = entries.map(
    ({ matchReason, matchedAccount }) => `${matchReason} ${matchedAccount}`,
  );
  expect(new Set(matched)).toEqual(
    new Set([
      `account_stopped ${stopped}`,
      `account_closed ${closed}`,
      `balance_limit_exceeded ${full}`,
    ]),
  );
  expect(await balanceOf(platformId, a)).toBe(150n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('after a crash between recording and posting, the next run posts; two posters at once post once', async () => {
  const { platformId, main, numbers } = await platform();
  const lines = Array.from({ length: 3000 }, (_, i) =>
    line({ reference: `P${i}`, remittance: numbers[i % 2] ?? '' }),
  );
  const source = camt(main.number, lines);
  await expect(importStatement(down, platformId, { source })).rejects.toThrow('crashed');
  expect(await hasWaitingEntries(deps, platformId)).toBe(true);
  const waiting = () => listBankEntries(app, platformId, { state: 'recorded', limit: 5 });
  expect((await waiting()).entries).toMatchObject(
    Array.from({ length: 5 }, (_, i) => ({
      reference: `P${i}`,
      state: 'recorded',
      transferId: null,
    })),
  );
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
  expect((await waiting()).entries).toEqual([]);
  expect(await balanceOf(platformId, numbers[0] ?? '')).toBe(1_500_000n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('posters without a lock between them post once all the same', async () => {
  const { platformId, main, numbers } = await platform();
  const lines = Array.from({ length: 2000 }, (_, i) =>
    line({ reference: `L${i}`, remittance: numbers[i % 2] ?? '' }),
  );
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
  expect(posted[0].posted + posted[1].posted).toBe(2000);
  expect(await hasWaitingEntries(deps, platformId)).toBe(false);
  expect(await balanceOf(platformId, numbers[0] ?? '')).toBe(1_000_000n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('what is beyond the limits of one pass is posted by the next ones', async () => {
  const { platformId, main, numbers } = await platform();
  for (const file of ['X', 'Y', 'Z']) {
    const lines = Array.from({ length: 4_100 }, (_, i) =>
      line({ reference: `${file}${i}`, remittance: numbers[0] ?? '' }),
    );
    const opening = BigInt('XYZ'.indexOf(file)) * 4_100_000n;
    const work = importStatement(down, platformId, {
      source: camt(main.number, lines, { opening }),
    });
    await expect(work).rejects.toThrow('crashed');
  }
  // A page has 4,096 entries: the first pass sees no import whole.
  const run = { deps, platformId, session: app.database.sessions };
  const { posted, notPosted } = await postWaiting({ ...run, passLimits: { imports: 2, pages: 1 } });
  expect([posted, notPosted.size]).toEqual([12_300, 0]);
  expect(await hasWaitingEntries(deps, platformId)).toBe(false);
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

// Goal: a payer says whose a deposit is only when nobody else may have paid from there. Method: two members with
// the same bank account, each for another main account; then one of them gives it up.
test('a payer that members have bound for different main accounts decides nothing', async () => {
  const { platformId, main, accounts, numbers } = await platform();
  const mainAccount = await testSecondMain(platformId);
  const [here, there] = accounts.map(({ memberId }) => memberId ?? '');
  const account = { name: 'elsewhere', mainAccount, memberId: there };
  const elsewhere = await openVirtualAccount(app, platformId, account);
  const accountNumber = '622200007';
  const bind = (member = '', virtualAccount = '') =>
    bindPayerAccount(app, platformId, member, { accountNumber, virtualAccount });
  const outcome = async (reference: string, into: string) => {
    const source = camt(into, [line({ reference, counterpartyAccount: accountNumber })]);
    const { credited, suspended } = await importStatement(deps, platformId, { source });
    return { credited: credited.count, ...suspended.byReason };
  };
  await bind(here, numbers[0]);
  expect(await outcome('Y1', main.number)).toEqual({ credited: 1 });
  const none = { credited: 0, no_match: { count: 1, sum: 1000n } };
  expect(await outcome('Y2', mainAccount)).toEqual(none);
  await bind(there, elsewhere.number);
  const both = { credited: 0, ambiguous_payer: { count: 1, sum: 1000n } };
  expect(await outcome('Y3', main.number)).toEqual(both);
  expect(await outcome('Y4', mainAccount)).toEqual(both);
  await unbindPayerAccount(app, platformId, here ?? '', accountNumber);
  expect(await outcome('Y5', mainAccount)).toEqual({ credited: 1 });
});

async function testSecondMain(platformId: bigint): Promise<string> {
  const number = `77${platformId}`;
  await openMainAccount(app, platformId, { number, name: 'Second', currency: CNY });
  return number;
}
