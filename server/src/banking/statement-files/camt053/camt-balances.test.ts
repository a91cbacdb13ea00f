import { expect, test } from 'vitest';
import { readFailure, readLines } from '../testing/read-statement.ts';

const balance = (type: string, amount: string, currency = 'EUR') =>
  `<Bal><Tp><CdOrPrtry><Cd>${type}</Cd></CdOrPrtry></Tp>\n<Amt Ccy="${currency}">${amount}</Amt>\n` +
  '<CdtDbtInd>CRDT</CdtDbtInd></Bal>';
const entry =
  '<Ntry><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd>\n<Sts>BOOK</Sts>' +
  '<BookgDt><Dt>2026-03-02</Dt></BookgDt></Ntry>';
/** Each part begins on a line of its own: the first on line 5. */
const statement = (id: string, parts: readonly string[], currency = '<Ccy>EUR</Ccy>') =>
  `<Stmt><Id>${id}</Id><Acct>\n<Id><IBAN>NL01BANK0000000001</IBAN></Id>${currency}</Acct>\n` +
  `${parts.join('\n')}\n</Stmt>`;
const message = (...statements: string[]) =>
  '<?xml version="1.0"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>\n' +
  `${statements.join('\n')}\n</BkToCstmrStmt></Document>`;

/** The line of the only place where the text stands. */
function lineOf(file: string, text: string): number {
  expect(file.split(text)).toHaveLength(2);
  return file.slice(0, file.indexOf(text)).split('\n').length;
}

const sound = statement('FIRST', [balance('OPBD', '10'), balance('CLBD', '11'), entry]);
const cases: [name: string, second: string, at: string, error: Record<string, unknown>][] = [
  [
    'the closing balance, when it does not follow',
    statement('S2', [balance('OPBD', '11'), entry, balance('CLBD', '13')]),
    '<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>\n<Amt Ccy="EUR">13',
    { code: 'statement_totals_disagree', accountNumber: 'NL01BANK0000000001' },
  ],
  [
    'the end of the statement, when it has no closing balance',
    statement('S2', [balance('OPBD', '11'), entry]),
    '</Stmt>\n</BkTo',
    { code: 'statement_field_invalid', field: 'Stmt/Bal', found: '' },
  ],
  [
    'the end of the statement, when it has no opening balance',
    statement('S2', [entry, balance('CLBD', '12')]),
    '</Stmt>\n</BkTo',
    { code: 'statement_field_invalid', field: 'Stmt/Bal', found: '' },
  ],
  [
    'a closing balance in another currency',
    statement('S2', [balance('OPBD', '11'), entry, balance('CLBD', '12', 'SEK')]),
    '<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>\n<Amt Ccy="SEK">',
    {
      ...{ code: 'statement_currencies_mixed', field: 'Bal/CLBD/Amt/@Ccy' },
      ...{ expected: 'EUR', found: 'SEK', accountNumber: 'NL01BANK0000000001' },
    },
  ],
  ...['OPBD', 'PRCD', 'ITBD', 'CLBD'].map((type): (typeof cases)[number] => [
    `${type} in a second currency beside that of the account`,
    statement('S2', [
      ...[balance('OPBD', '11'), balance(type, '0.00', 'SEK'), balance('CLBD', '12')],
      entry,
    ]),
    `<Bal><Tp><CdOrPrtry><Cd>${type}</Cd></CdOrPrtry></Tp>\n<Amt Ccy="SEK">`,
    { code: 'statement_currencies_mixed', field: `Bal/${type}/Amt/@Ccy`, found: 'SEK' },
  ]),
  [
    'a second currency where the account does not say its own',
    statement('S2', [balance('OPBD', '11'), balance('OPBD', '5', 'SEK'), entry], ''),
    '<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>\n<Amt Ccy="SEK">',
    { code: 'statement_currencies_mixed', expected: 'EUR', found: 'SEK' },
  ],
  [
    'an amount of a balance that is none',
    statement('S2', [balance('OPBD', '1,1'), balance('CLBD', '12'), entry]),
    '<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>\n<Amt Ccy="EUR">1,1',
    { code: 'statement_field_invalid', field: 'Bal/OPBD/Amt', found: '1,1' },
  ],
  ...['OPBD', 'CLBD'].map((type): (typeof cases)[number] => [
    `${type} that is stated twice, and differently`,
    statement('S2', [
      ...[balance('OPBD', '11'), balance('CLBD', '12'), entry],
      balance(type, '1000'),
    ]),
    `<Bal><Tp><CdOrPrtry><Cd>${type}</Cd></CdOrPrtry></Tp>\n<Amt Ccy="EUR">1000`,
    { code: 'statement_field_invalid', field: `Bal/${type}/Amt`, found: '1000' },
  ]),
];

test('a balance may be stated twice when it is the same, or of another day', async () => {
  const dated = (type: string, amount: string, day: string) =>
    balance(type, amount).replace('</Bal>', `<Dt><Dt>2026-03-${day}</Dt></Dt></Bal>`);
  const twice = [balance('OPBD', '10'), balance('OPBD', '10.00'), balance('CLBD', '11'), entry];
  expect(
    await readLines(message(statement('S1', [...twice, balance('CLBD', '11.0')]))),
  ).toHaveLength(1);
  const days = [dated('OPBD', '10', '02'), dated('CLBD', '10', '02'), dated('OPBD', '10', '03')];
  const later = message(statement('S1', [...days, dated('CLBD', '11', '03'), entry]));
  expect(await readLines(later)).toHaveLength(1);
  const same = message(
    statement('S1', [...days, dated('CLBD', '11', '03'), entry, dated('CLBD', '9', '03')]),
  );
  expect(await readFailure(same)).toMatchObject({ field: 'Bal/CLBD/Amt', found: '9' });
});

test.each(cases)('names the statement and the line of %s', async (_, second, at, error) => {
  const file = message(sound, second);
  const failure = await readFailure(file);
  expect(failure).toMatchObject({ ...error, statementId: 'S2', line: lineOf(file, at) });
  expect(failure).not.toHaveProperty('entry');
  // The line does not depend on who reads the tags.
  const special = file.replace('\n<Document', '\n<!-- a comment\nof two lines -->\n<Document');
  expect(await readFailure(special)).toMatchObject({ line: lineOf(special, at) });
});

test('balances that are neither opening nor closing may be in any currency', async () => {
  const parts = [balance('OPBD', '10'), balance('CLAV', '99', 'SEK'), balance('CLBD', '11'), entry];
  const file = message(statement('S1', [...parts, balance('FWAV', '7', 'USD')]));
  expect(await readLines(file)).toHaveLength(1);
});
