import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import { foldInternal, verifyLedger } from '../ledger/index.ts';
import {
  closeVirtualAccount,
  openMainAccount,
  readVirtualAccount,
} from '../virtual-accounts/index.ts';
import { claimEntry } from './claim.ts';
import { importStatement } from './import-statement.ts';
import { hasWaitingEntries, postEntries } from './post-entries.ts';
import { listBankEntries, readStatementImport } from './read-entries.ts';
import { CNY, camt, depositDeps, findings, line } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);
/** All that an account can have. */
const ALL = 9_007_199_254_740_991n;
let platforms = 0n;

/** A platform whose suspense has all it can have, by an entry that a member may claim. */
async function full() {
  platforms += 1n;
  const platform = await testPlatform(app, { platformId: platforms, members: 3 });
  const { platformId, main } = platform;
  const lines = [line({ reference: 'A', amount: ALL }), line({ reference: 'B', amount: ALL })];
  const source = camt(main.number, lines);
  const report = await importStatement(deps, platformId, { source });
  const of = async (state: 'suspended' | 'recorded') =>
    (await listBankEntries(app, platformId, { state, limit: 100 })).entries;
  const requests = async () => {
    const { rows } = await sql<{ n: bigint }>`
      select count(*) as n from ledger_request where platform_id = ${platformId}`.execute(app.db);
    return rows[0]?.n;
  };
  return { ...platform, report, of, requests };
}

test('what not even suspense can take waits, with the reason, and is posted when there is room', async () => {
  const { platformId, main, numbers, report, of } = await full();
  const [suspended] = await of('suspended');
  const [waiting] = await of('recorded');
  expect(report).toMatchObject({
    ...{ recorded: 2, suspended: { count: 1, sum: ALL }, waiting: { count: 1, sum: ALL } },
    notes: [
      {
        ...{ code: 'not_posted', mainAccount: main.number, refusal: 'balance_limit_exceeded' },
        ...{ bankEntry: waiting?.id, count: 1, sum: ALL },
      },
    ],
  });
  expect(await hasWaitingEntries(deps, platformId)).toBe(true);
  expect(await postEntries(deps, platformId)).toMatchObject({ posted: 0, ran: true });
  expect(await findings(app, platformId)).toEqual([
    { code: 'entries_not_posted', mainAccount: main.number, count: 1, expected: ALL, found: 0n },
  ]);

  const claim = { bankEntry: suspended?.id ?? '', account: numbers[0] ?? '', requestId: 'api/c' };
  await claimEntry(deps, platformId, claim);
  expect(await postEntries(deps, platformId)).toMatchObject({ posted: 1 });
  expect(await hasWaitingEntries(deps, platformId)).toBe(false);
  expect(await findings(app, platformId)).toEqual([]);
  const now = await readStatementImport(deps, platformId, report.id ?? '');
  expect(now).toMatchObject({ waiting: { count: 0 }, claimed: { count: 1 }, notes: [] });
});

test('later files are posted as if it were not there: of other main accounts, and of the same', async () => {
  const { platformId, main, numbers } = await full();
  const [a = ''] = numbers;
  const elsewhere = { number: `77${platformId}`, name: 'Second', currency: CNY };
  await openMainAccount(app, platformId, elsewhere);
  const second = await importStatement(deps, platformId, {
    source: camt(elsewhere.number, [line({ reference: 'E1' })]),
  });
  expect(second).toMatchObject({ suspended: { count: 1 }, waiting: { count: 0 }, notes: [] });
  const lines = [
    line({ reference: 'S1', amount: 5n }),
    line({ reference: 'S2', amount: 7n, remittance: a }),
    line({ reference: 'S3', amount: 1n, direction: 'debit' }),
    line({ reference: 'S4', amount: 3n }),
  ];
  const source = camt(main.number, lines, { opening: 2n * ALL });
  const third = await importStatement(deps, platformId, { source });
  expect(third).toMatchObject({
    ...{ credited: { count: 1, sum: 7n }, debited: { count: 1, sum: 1n } },
    waiting: { count: 2, sum: 8n },
    notes: [{ code: 'not_posted', count: 2, sum: 8n }],
  });
  expect((await readVirtualAccount(app, platformId, a)).balance).toBe(7n);
});

test('many that wait cost the ledger nothing at each run', async () => {
  const { platformId, main, numbers, requests } = await full();
  const [, closed = ''] = numbers;
  await closeVirtualAccount(app, platformId, closed);
  const lines = Array.from({ length: 1200 }, (_, i) =>
    line({ reference: `M${i}`, amount: BigInt(i + 1), remittance: i % 100 === 0 ? closed : '' }),
  );
  const source = camt(main.number, lines, { opening: 2n * ALL });
  const report = await importStatement(deps, platformId, { source });
  expect(report).toMatchObject({ waiting: { count: 1200 }, notes: [{ count: 1200 }] });
  const before = await requests();
  expect(before).toBeGreaterThan(0n);
  const run = await postEntries(deps, platformId);
  expect(run.posted).toBe(0);
  expect([...run.notPosted.values()].map(({ length }) => length)).toEqual([1, 1200]);
  expect(await requests()).toBe(before);
});

test('entries that come to more than a bigint of PostgreSQL are told exactly, and later files are read', async () => {
  const { platformId, main } = await full();
  const lines = Array.from({ length: 1100 }, (_, i) => line({ reference: `H${i}`, amount: ALL }));
  const source = camt(main.number, lines, { opening: 2n * ALL });
  const waiting = { count: 1100, sum: 1100n * ALL };
  const report = await importStatement(deps, platformId, { source });
  expect(report).toMatchObject({ waiting, notes: [{ code: 'not_posted', ...waiting }] });
  const later = camt(main.number, [line({ reference: 'L', bookingDate: '2026-03-03' })], {
    opening: 1102n * ALL,
  });
  expect(await importStatement(deps, platformId, { source: later })).toMatchObject({
    ...{ recorded: 1, waiting: { count: 1 }, notes: [{ code: 'not_posted' }] },
  });
  expect(await readStatementImport(deps, platformId, report.id ?? '')).toMatchObject({ waiting });
});

test('no account of the system is carried past what it can have; the rest waits until there is room', async () => {
  platforms += 1n;
  const { platformId, main } = await testPlatform(app, { platformId: platforms, members: 1 });
  const debits = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, i) =>
      line({ reference: `${prefix}${i}`, amount: ALL, direction: 'debit' }),
    );
  const report = await importStatement(deps, platformId, {
    source: camt(main.number, debits('D', 1200)),
  });
  // 512 times the largest amount is 2^62 − 512.
  const waiting = { count: 688, sum: 688n * ALL };
  expect(report).toMatchObject({
    ...{ debited: { count: 512, sum: 512n * ALL }, waiting },
    notes: [{ code: 'not_posted', refusal: 'balance_limit_exceeded', ...waiting }],
  });
  while ((await foldInternal(app.db, platformId)) > 0);
  expect((await verifyLedger(app.db, platformId)).flatMap((each) => each.findings)).toEqual([]);
  expect(await findings(app, platformId)).toEqual([
    {
      ...{ code: 'entries_not_posted', mainAccount: main.number, count: 688 },
      ...{ expected: -688n * ALL, found: 0n },
    },
  ]);
  expect(await postEntries(deps, platformId)).toMatchObject({ posted: 0 });

  // What the bank has rises again by what came in; what was debited does not.
  const credit = line({ reference: 'C', amount: ALL, bookingDate: '2026-03-03' });
  const small = line({ reference: 'S', amount: 1n, direction: 'debit', bookingDate: '2026-03-03' });
  const later = camt(main.number, [credit, small], { opening: -1200n * ALL });
  expect(await importStatement(deps, platformId, { source: later })).toMatchObject({
    ...{ suspended: { count: 1 }, debited: { count: 1 }, waiting: { count: 0 } },
  });
});
