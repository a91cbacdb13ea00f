import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import { importStatement } from './import-statement.ts';
import { depositDeps, everything, findings } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);
let platforms = 1n;
const mainAccount = '11223344556677';
const { platformId } = await testPlatform(app, {
  ...{ platformId: 1n, mainAccount },
});

const source = async function* (content: string) {
  yield await Promise.resolve(Buffer.from(content));
};
const balance = (type: string, amount: string) =>
  `<Bal><Tp><CdOrPrtry><Cd>${type}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">${amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>`;
const entry = (amount: string, way: string, rest = '') =>
  `<Ntry><NtryRef>1</NtryRef><Amt Ccy="CNY">${amount}</Amt><CdtDbtInd>${way}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>${rest}</Ntry>`;
const page = (number: number, last: boolean, inner: string) =>
  `<Stmt><Id>S</Id><StmtPgntn><PgNb>${number}</PgNb><LastPgInd>${last}</LastPgInd></StmtPgntn><Acct><Id><Othr><Id>1122 3344 5566 77</Id></Othr></Id></Acct>${inner}</Stmt>`;
const camt = (pages: string) =>
  `<?xml version="1.0" encoding="UTF-16"?><!-- made by hand --><c:Document xmlns:c="urn:iso:std:iso:20022:tech:xsd:camt.053.001.13"><c:BkToCstmrStmt>${pages.replace(/<(\/?)([A-Z])/g, '<$1c:$2')}</c:BkToCstmrStmt></c:Document>`;

const pages = camt(
  page(1, false, balance('OPBD', '10.00') + entry('1.00', 'CRDT') + entry('1.00', 'CRDT')) +
    page(2, false, entry('0.00', 'CRDT') + entry('0.50', 'DBIT', '<RvslInd>true</RvslInd>')) +
    page(3, true, entry('1.00', 'CRDT') + balance('CLBD', '12.50')),
);
const mt940 =
  'ABNANL2A\r\n940\r\nABNANL2A\r\n:20:X\r\n:25:11223344556677CNY\r\n:28C:3/1\r\n:60M:C260302CNY12,5\r\n' +
  ':61:260303RD2,NTRFNONREF\r\n:86:/EREF/E1//REMI/back/\r\n:61:260303C2,NTRFNONREF\r\n:62M:C260303CNY16,5\r\n-\r\n';

// Goal: files as banks write them go the whole way once. Method: each twice; the second time nothing changes.
test.each([
  ['camt.053 in pages, with twins and a wrong charset', pages, { recorded: 5, lines: 4 }],
  ['MT940 with a heading, RD and no entry dates', mt940, { recorded: 2, lines: 2 }],
])('%s', async (_, content, report) => {
  const first = await importStatement(deps, platformId, { source: source(content) });
  expect(first).toMatchObject({ ...report, changed: true, notes: [] });
  expect(await findings(app, platformId)).toEqual([]);
  const before = await everything(app);
  const again = await importStatement(deps, platformId, { source: source(content) });
  expect(again).toMatchObject({ changed: false, recorded: 0, sameFileAs: first.id });
  expect(await everything(app)).toEqual(before);
});

// Goal: a number that the bank's line limit has cut finds its account, and no piece finds another's entry.
test.each([
  [
    'plain text of MT940 in lines of 65 characters',
    (main: string, [first, second]: readonly string[]) =>
      `:20:X\r\n:25:${main}\r\n:28C:1/1\r\n:60F:C260302CNY0,\r\n:61:260302C2,NTRFNONREF//M1\r\n` +
      `:86:${first}\r\n${second}\r\n:62F:C260302CNY2,\r\n-\r\n`,
    65,
  ],
  [
    'two Ustrd of camt.053, the first of 140 characters',
    (main: string, ustrd: readonly string[]) =>
      '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id>' +
      `<Acct><Id><Othr><Id>${main}</Id></Othr></Id></Acct>` +
      `${balance('OPBD', '0')}${balance('CLBD', '2')}` +
      entry(
        '2.00',
        'CRDT',
        `<NtryDtls><TxDtls><Refs><EndToEndId>17</EndToEndId></Refs><RmtInf>${ustrd.map((text) => `<Ustrd>${text}</Ustrd>`).join('')}</RmtInf></TxDtls></NtryDtls>`,
      ) +
      '</Stmt></BkToCstmrStmt></Document>',
    140,
  ],
] as const)('a number cut in %s', async (_, file, limit) => {
  platforms += 1n;
  const { main, numbers, platformId: id } = await testPlatform(app, { platformId: platforms });
  const number = numbers[0] ?? '';
  for (const [from, credited] of [
    [limit - 7, 1],
    [limit - 8, 0],
  ] as const) {
    const text = `${'x'.repeat(from)}${number.slice(0, 7)}`;
    const content = file(main.number, [text, `${number.slice(7)} thanks`]);
    const report = await importStatement(deps, id, { source: source(content), dryRun: true });
    expect(report).toMatchObject({ credited: { count: credited }, lines: 1 });
  }
});

test('a structured reference does not go on with the text before it', async () => {
  platforms += 1n;
  const { main, numbers, platformId: id } = await testPlatform(app, { platformId: platforms });
  const number = numbers[0] ?? '';
  const content =
    `:20:X\r\n:25:${main.number}\r\n:28C:1/1\r\n:60F:C260302CNY0,\r\n` +
    `:61:260302C2,NTRF${number.slice(7)}//M1\r\n:86:${'x'.repeat(58)}${number.slice(0, 7)}\r\n` +
    ':62F:C260302CNY2,\r\n-\r\n';
  const report = await importStatement(deps, id, { source: source(content), dryRun: true });
  expect(report).toMatchObject({ credited: { count: 0 }, suspended: { count: 1 } });
});
