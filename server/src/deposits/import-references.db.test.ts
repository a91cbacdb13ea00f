// Goal: a bank that counts its references anew from day to day costs nobody a credit, before and after the main
// account says so. Method: files of such a bank, in days and in months, each twice.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import { mt940File } from '../../test/support/statement-samples.ts';
import { countReferencesPerDay, readMainAccount } from '../virtual-accounts/index.ts';
import { importStatement } from './import-statement.ts';
import { listBankEntries } from './read-entries.ts';
import { CNY, camt, depositDeps, everything, findings, line } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);
let platforms = 0n;
const platform = () => {
  platforms += 1n;
  return testPlatform(app, { platformId: platforms });
};

/** The lines of a day: references 1 and 2, and 2 twice, as some banks repeat that of a batch. */
const day = (date: string) =>
  ['1', '2', '2'].map((reference) => line({ reference, bookingDate: date, amount: 100n }));
const [first, second, third] = [day('2026-03-02'), day('2026-03-03'), day('2026-03-04')];

/** Imports the lines with a statement that opens where the days before have left off. */
async function importDays(platformId: bigint, number: string, days: (typeof first)[], from = 0) {
  const opening = BigInt(from) * 300n;
  const source = camt(number, days.flat(), { opening });
  return importStatement(deps, platformId, { source });
}
const references = async (platformId: bigint) => {
  const { entries } = await listBankEntries(app, platformId, { limit: 100 });
  return entries.map(({ reference }) => reference).sort();
};
const balanceOf = async (platformId: bigint, number: string) =>
  (await readMainAccount(app, platformId, number)).bankBalance;

test('without the setting the second day is refused, names both lines, and changes nothing', async () => {
  const { platformId, main } = await platform();
  await importDays(platformId, main.number, [first]);
  const before = await everything(app);
  const refused = importDays(platformId, main.number, [second], 1);
  await expect(refused).rejects.toMatchObject({
    definition: { code: 'statement_reference_conflict' },
    facts: {
      ...{ reference: '1', position: 1 },
      recorded: { bookingDate: '2026-03-02' },
      found: { bookingDate: '2026-03-03' },
    },
  });
  expect(await everything(app)).toEqual(before);
});

test('with it each day is recorded once, whichever way the days are put into files', async () => {
  const { platformId, main } = await platform();
  expect(await countReferencesPerDay(app, platformId, main.number)).toMatchObject({
    referencesPerDay: true,
  });
  const reports = [
    await importDays(platformId, main.number, [first, second]),
    await importDays(platformId, main.number, [second], 1),
    await importDays(platformId, main.number, [second, third], 1),
    await importDays(platformId, main.number, [first, second, third]),
  ];
  expect(reports.map(({ recorded, alreadyKnown }) => [recorded, alreadyKnown])).toEqual([
    [6, 0],
    [0, 3],
    [3, 3],
    [0, 9],
  ]);
  expect(reports.flatMap(({ notes }) => notes)).toEqual([]);
  expect(await references(platformId)).toEqual(
    ['2026-03-02', '2026-03-03', '2026-03-04'].flatMap((date) => [
      ...[`${date}/1`, `${date}/2`, `${date}/2#2`],
    ]),
  );
  expect(await balanceOf(platformId, main.number)).toBe(900n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('what was recorded before it stays known, from a file of several days too', async () => {
  const { platformId, main } = await platform();
  await importDays(platformId, main.number, [first, second]);
  expect(await references(platformId)).toEqual(['1', '1#2', '2', '2#2', '2#3', '2#4']);
  await countReferencesPerDay(app, platformId, main.number);
  const reports = [
    await importDays(platformId, main.number, [second], 1),
    await importDays(platformId, main.number, [first]),
    await importDays(platformId, main.number, [first, second, third]),
    await importDays(platformId, main.number, [third], 2),
  ];
  expect(reports.map(({ recorded, alreadyKnown }) => [recorded, alreadyKnown])).toEqual([
    [0, 3],
    [0, 3],
    [3, 6],
    [0, 3],
  ]);
  expect(await balanceOf(platformId, main.number)).toBe(900n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('a # that the bank has written itself is part of its reference', async () => {
  const { platformId, main } = await platform();
  const lines = [line({ reference: 'A#2', amount: 300n })];
  await importDays(platformId, main.number, [lines]);
  await countReferencesPerDay(app, platformId, main.number);
  expect(await importDays(platformId, main.number, [lines])).toMatchObject({ recorded: 0 });
});

test('a # of the bank’s own is not taken for one of ours because what is before it was there on another day', async () => {
  const { platformId, main } = await platform();
  const lines = [
    line({ reference: 'X', bookingDate: '2026-03-02' }),
    line({ reference: 'X#2', bookingDate: '2026-03-03', amount: 100n }),
  ];
  await importDays(platformId, main.number, [lines]);
  await countReferencesPerDay(app, platformId, main.number);
  expect(await importDays(platformId, main.number, [lines])).toMatchObject({
    ...{ recorded: 0, alreadyKnown: 2 },
  });
  expect(await references(platformId)).toEqual(['X', 'X#2']);
});

test('a date that the bank has written itself before its reference is part of it', async () => {
  const { platformId, main } = await platform();
  const written = (date: string) =>
    ['17', '18', '18'].map((own) => line({ reference: `${date}/${own}`, bookingDate: date }));
  const days = [written('2026-03-02'), written('2026-03-03')];
  await importDays(platformId, main.number, days);
  await countReferencesPerDay(app, platformId, main.number);
  expect(await importDays(platformId, main.number, days)).toMatchObject({
    ...{ recorded: 0, alreadyKnown: 6 },
  });
  const next = [written('2026-03-04')];
  const following = camt(main.number, next.flat(), { opening: 6_000n });
  expect(await importStatement(deps, platformId, { source: following })).toMatchObject({
    ...{ recorded: 3, alreadyKnown: 0, notes: [] },
  });
  expect(await references(platformId)).toContain('2026-03-04/2026-03-04/17');
  expect(await importDays(platformId, main.number, [...days, ...next])).toMatchObject({
    ...{ recorded: 0, alreadyKnown: 9 },
  });
});

test('a file that is still read when it is set records nothing, and is known when it comes again', async () => {
  const { platformId, main } = await platform();
  const source = async function* () {
    await countReferencesPerDay(app, platformId, main.number);
    await importDays(platformId, main.number, [first]);
    yield* camt(main.number, first);
  };
  const before = { dryRun: false, source: source() };
  await expect(importStatement(deps, platformId, before)).rejects.toMatchObject({
    definition: { code: 'statement_account_changed', kind: 'unavailable' },
    facts: { mainAccount: main.number, retryAfterSeconds: 1 },
  });
  expect(await balanceOf(platformId, main.number)).toBe(300n);
  expect(await importDays(platformId, main.number, [first])).toMatchObject({
    ...{ recorded: 0, alreadyKnown: 3 },
  });
  expect(await findings(app, platformId)).toEqual([]);
});

test('it is busy while a file of the account is recorded for longer than a lock is waited for', async () => {
  const { platformId, main } = await platform();
  const recording = await app.database.sessions.connect();
  try {
    await recording.query('begin');
    await recording.query('select from main_account where platform_id = $1 for no key update', [
      platformId,
    ]);
    const change = app.db.transaction().execute(async (db) => {
      await sql`set local lock_timeout = 1`.execute(db);
      return countReferencesPerDay({ db, clock: app.clock }, platformId, main.number);
    });
    await expect(change).rejects.toMatchObject({
      ...{ definition: { code: 'busy' }, facts: { retryAfterSeconds: 5 } },
    });
  } finally {
    await recording.query('rollback');
    recording.release();
  }
  expect(await readMainAccount(app, platformId, main.number)).toMatchObject({
    referencesPerDay: false,
  });
});

/** The lines as camt.053 that is booked on a Saturday with the value date of the Monday. */
async function* saturday(number: string, lines: (typeof first)[number][]) {
  const booked = lines.map((each) => ({ ...each, bookingDate: '2026-03-07' }));
  const text = Buffer.concat(await Array.fromAsync(camt(number, booked))).toString();
  yield Buffer.from(text.replaceAll('<ValDt><Dt>2026-03-07', '<ValDt><Dt>2026-03-09'));
}
/** The same as MT940 without entry dates, which has the value date alone. */
async function* monday(number: string, lines: (typeof first)[number][]) {
  const options = { accountNumber: number, currency: CNY, entries: lines.length };
  const lineAt = (index: number) => ({ ...(lines[index] ?? line({})), bookingDate: '2026-03-09' });
  const text = Buffer.concat(await Array.fromAsync(mt940File({ ...options, lineAt }))).toString();
  yield Buffer.from(text.replaceAll(':61:2603090309', ':61:260309'));
}

test.each([
  ['camt.053, then MT940', saturday, monday, ['2026-03-07', '2026-03-09']],
  ['MT940, then camt.053', monday, saturday, ['2026-03-09', '2026-03-07']],
])(
  'a line is not credited twice when another format dates it otherwise: %s',
  async (_, one, other, [on, at]) => {
    const { platformId, main } = await platform();
    await countReferencesPerDay(app, platformId, main.number);
    const lines = day('2026-03-09');
    await importStatement(deps, platformId, { source: one(main.number, lines) });
    const before = await everything(app);
    const refused = importStatement(deps, platformId, { source: other(main.number, lines) });
    await expect(refused).rejects.toMatchObject({
      definition: { code: 'statement_reference_conflict' },
      facts: {
        ...{ reference: `${at}/1`, position: expect.any(Number) as unknown },
        ...{ recorded: { bookingDate: on }, found: { bookingDate: at } },
      },
    });
    expect(await everything(app)).toEqual(before);
    // What is another payment by its amount is taken in.
    const others = lines.map((each) => ({ ...each, amount: 7n }));
    const taken = await importStatement(deps, platformId, { source: other(main.number, others) });
    expect(taken).toMatchObject({ recorded: 3 });
  },
);

test('the same reference on the same day with another amount is refused with it, too', async () => {
  const { platformId, main } = await platform();
  await countReferencesPerDay(app, platformId, main.number);
  await importDays(platformId, main.number, [first]);
  const other = [line({ reference: '1', amount: 7n })];
  await expect(importDays(platformId, main.number, [other], 1)).rejects.toMatchObject({
    definition: { code: 'statement_reference_conflict' },
    facts: { reference: '2026-03-02/1', found: { amount: 7n } },
  });
});

test('a second statement of one day that repeats references and amounts is noted as a gap', async () => {
  const { platformId, main } = await platform();
  await importDays(platformId, main.number, [first]);
  const report = await importDays(platformId, main.number, [first], 1);
  expect(report).toMatchObject({ recorded: 0, alreadyKnown: 3 });
  expect(report.notes).toMatchObject([{ code: 'balance_gap', difference: 300n }]);
});

test('a known line with another payer or text is noted, whether or not the file states balances', async () => {
  const { platformId, main } = await platform();
  const lines = [
    ...[line({ reference: 'K1', remittance: 'one' }), line({ reference: 'K2' })],
    line({ reference: 'K3', direction: 'debit', amount: 1n }),
  ];
  await importDays(platformId, main.number, [lines]);
  const [one, two, three] = lines;
  if (!one || !two || !three) throw new Error('three lines were made');
  const others = [
    ...[one, { ...two, remittance: 'other' }, { ...three, counterpartyAccount: '622200010' }],
    line({ reference: 'K4' }),
  ];
  const dry = { source: camt(main.number, others), dryRun: true };
  const report = await importStatement(deps, platformId, dry);
  expect(report).toMatchObject({
    ...{ recorded: 1, alreadyKnown: 3 },
    notes: [
      {
        ...{ code: 'known_lines_differ', mainAccount: main.number },
        ...{ position: 2, count: 2, sum: 999n },
      },
    ],
  });
  const mt940 = mt940File({
    ...{ accountNumber: main.number, currency: CNY, entries: 1 },
    lineAt: () => ({ ...two, remittance: 'in the way of MT940' }),
  });
  const told = await importStatement(deps, platformId, { source: mt940, dryRun: true });
  expect(told.alreadyKnown).toBe(1);
  expect(told.notes.map(({ code }) => code)).toEqual(['balance_gap']);
});
