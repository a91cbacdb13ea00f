import { describe, expect, test } from 'vitest';
import { readEvents, readFailure, readLines } from '../testing/read-statement.ts';
import type { CsvMapping } from './csv-mapping.ts';

const base: CsvMapping = {
  dateFormat: 'YYYY-MM-DD',
  amount: { signed: 'amount' },
  columns: { bookingDate: 'date', remittance: ['text'] },
  currency: 'EUR',
  accountNumber: 'NL01 BANK',
};
const read = (text: string, mapping: Partial<CsvMapping> = {}) =>
  readEvents(text, { csv: { ...base, ...mapping } });
const fail = (text: string, mapping: Partial<CsvMapping> = {}) =>
  readFailure(text, { csv: { ...base, ...mapping } });
const lines = (text: string, mapping: Partial<CsvMapping> = {}) =>
  readLines(text, { csv: { ...base, ...mapping } });

describe('a row', () => {
  test('with a signed amount, quotes and declared balances', async () => {
    const text = 'date,amount,text\n2026-03-02,-12.50,"a ""b"", c"\n2026-03-03,0.00,x\n';
    const events = await read(text, { openingBalance: '20', closingBalance: '7.50' });
    expect(events).toMatchObject([
      { kind: 'opened', accountNumber: 'NL01BANK', currency: 'EUR', opening: { amount: 2000n } },
      {
        position: 2,
        direction: 'debit',
        amount: 1250n,
        remittance: 'a "b", c',
        referenceSource: 'derived',
      },
      { kind: 'closed', closing: { amount: 750n }, skipped: { zero_amount: 1 } },
    ]);
  });

  test('with a column for the direction', async () => {
    const amount = { unsigned: 'amount', direction: 'way', credit: ['Bij', 'C'], debit: ['Af'] };
    const text = 'date,amount,way,text\n2026-03-02,1,Bij,\n2026-03-02,2,Af,\n';
    expect(await lines(text, { amount })).toMatchObject([
      { direction: 'credit' },
      { direction: 'debit' },
    ]);
    expect(await fail(text.replace('Af', 'X'), { amount })).toMatchObject({
      field: 'amount.direction',
      line: 3,
      found: 'X',
    });
  });

  test('with a column each for credits and debits', async () => {
    const amount = { credit: 'in', debit: 'out' };
    const text = 'date,in,out,text\n2026-03-02,1.00,,\n2026-03-02,0.00,-2.00,\n';
    expect(await lines(text, { amount })).toMatchObject([
      { amount: 100n, direction: 'credit' },
      { amount: 200n, direction: 'debit' },
    ]);
    expect(await fail(text.replace('1.00,', '1.00,3'), { amount })).toMatchObject({
      field: 'amount.credit',
      line: 2,
    });
    expect(await fail(text.replace('1.00', ''), { amount })).toMatchObject({
      field: 'amount.credit',
      line: 2,
    });
  });

  test('by column numbers, without a header, in another charset and after a preamble', async () => {
    const text = Buffer.from('Konto "x\nUms\u00e4tze\n02.03.2026;1.234,50;M\u00fcller\n', 'latin1');
    const csv: CsvMapping = {
      delimiter: ';',
      charset: 'windows-1252',
      header: false,
      skipRows: 2,
      dateFormat: 'DD.MM.YYYY',
      decimalSeparator: ',',
      thousandsSeparator: '.',
      amount: { signed: 2 },
      columns: { bookingDate: 1, counterpartyName: 3 },
      currency: 'EUR',
    };
    const [line] = await readLines(text, { csv });
    expect(line).toMatchObject({
      position: 3,
      amount: 123450n,
      bookingDate: '2026-03-02',
      counterpartyName: 'Müller',
    });
    expect(await readFailure(text, { csv: { ...csv, charset: 'utf-8' } })).toMatchObject({
      code: 'statement_charset_wrong',
      charset: 'utf-8',
    });
    expect(await readFailure(text, { csv: { ...csv, charset: 'klingon' } })).toMatchObject({
      code: 'csv_mapping_invalid',
      field: 'charset',
    });
  });

  test.each([
    ['YYYYMMDD', '20260302'],
    ['DD/MM/YYYY', '02/03/2026'],
    ['MM/DD/YYYY', '3/2/2026'],
    ['YYYY/M/D', '2026/3/2'],
    ['YYYY-MM-DD', '2026-03-02 10:11:12'],
    ['YYYY-MM-DD', '2026-03-02T10:11:12.5+08:00'],
    ['YYYYMMDD', '20260302101112'],
    ['YYYYMMDD', '20260302 101112'],
    ['DD.MM.YY', '02.03.26'],
  ] as const)('date %s', async (dateFormat, date) => {
    const [line] = await lines(`date,amount,text\n${date},1,\n`, { dateFormat });
    expect(line?.bookingDate).toBe('2026-03-02');
  });
});

describe('what banks write around and between', () => {
  test.each(['-1.00', '−1.00', '1.00-', '(1.00)'])('%s is money that went out', async (text) => {
    const [line] = await lines(`date,amount,text\n2026-03-02,${text},a\n`);
    expect(line).toMatchObject({ direction: 'debit', amount: 100n });
  });

  test('dashes in the other column, separators at the end of a row, UTF-16', async () => {
    const text = 'date,in,out,text\n2026-03-02,1.00,-,a,,\n2026-03-02,--,2.00,b\n';
    const mapping = { amount: { credit: 'in', debit: 'out' } };
    const read = await lines(text, mapping);
    expect(read).toMatchObject([
      { direction: 'credit', amount: 100n, remittance: 'a' },
      { direction: 'debit', amount: 200n, remittance: 'b' },
    ]);
    const wide = Buffer.from(`\ufeff${text}`, 'utf16le');
    expect(await readLines(wide, { csv: { ...base, ...mapping } })).toEqual(read);
  });

  test('totals at the end are left out when the mapping says so, and never by a guess', async () => {
    const text = 'date,amount,text\n2026-03-02,1.00,a\n\n合计,1.00,\n共1笔\n\n';
    expect(await lines(text, { skipLastRows: 2 })).toHaveLength(1);
    expect(await fail(text, { skipLastRows: 1 })).toMatchObject({
      ...{ code: 'statement_field_invalid', field: 'columns.bookingDate', found: '合计', line: 4 },
    });
    expect(await fail(text)).toMatchObject({ field: 'columns.bookingDate', line: 4 });
  });

  test('人民币 is CNY', async () => {
    const { currency: _, ...rest } = base;
    const csv = { ...rest, columns: { ...base.columns, currency: 'ccy' } };
    const [line] = await readEvents('date,amount,text,ccy\n2026-03-02,1,a,人民币\n', { csv });
    expect(line).toMatchObject({ currency: 'CNY' });
  });
});

describe('a running balance', () => {
  const mapping = { columns: { ...base.columns, runningBalance: 'balance' } };
  const rows = ['2026-03-02,1,a,11', '2026-03-02,-4,b,7', '2026-03-02,2,c,9'];
  test('is followed in either order', async () => {
    for (const order of [rows, rows.toReversed()]) {
      const events = await read(`date,amount,text,balance\n${order.join('\n')}`, {
        ...mapping,
        openingBalance: '10',
      });
      expect(events.at(-1)).toMatchObject({ closing: { amount: 900n } });
    }
  });
  test('that breaks, or does not meet the declared balances, is refused', async () => {
    const text = `date,amount,text,balance\n${rows.join('\n')}`;
    expect(await fail(text.replace(',9', ',8'), mapping)).toMatchObject({
      reason: 'running_balance',
      line: 4,
      expected: '9.00 EUR',
      found: '8.00 EUR',
    });
    expect(await fail(text, { ...mapping, openingBalance: '11' })).toMatchObject({
      code: 'statement_totals_disagree',
    });
    expect(await fail(text, { ...mapping, closingBalance: '8' })).toMatchObject({
      code: 'statement_totals_disagree',
    });
  });
});

describe('what is refused', () => {
  const text = 'date,amount,text\n2026-03-02,1.00,a\n';
  test('columns that are not there, or twice, naming those found', async () => {
    const columnsFound = ['date', 'amount', 'text'];
    expect(await fail(text, { amount: { signed: 'Betrag' } })).toEqual({
      code: 'csv_mapping_invalid',
      field: 'amount.signed',
      problem: 'the file has no column "Betrag"',
      columnsFound,
    });
    expect(await fail(text, { amount: { signed: 4 } })).toMatchObject({
      field: 'amount.signed',
      columnsFound,
    });
    expect(await fail(text.replace('text', 'date'))).toMatchObject({
      field: 'columns.bookingDate',
    });
  });

  test.each([
    ['delimiter', ';;', 'one character'],
    ['quote', '""', 'one character, or empty for none'],
    ['charset', '', 'a name of the Encoding Standard, such as gb18030'],
    ['charset', 'klingon', 'a name of the Encoding Standard, such as gb18030'],
    ['header', 'yes', 'true or false'],
    ['skipRows', 1_001, 'a whole number from 0 to 1000'],
    ['skipLastRows', -1, 'a whole number from 0 to 100'],
    ['currency', 'yuan', '3 capital letters, such as CNY'],
    ['accountNumber', '', 'a text of 1 to 64 characters'],
    ['openingBalance', '1,00', 'a balance with a decimal point, such as -12.30'],
  ])('%s %j in a mapping, with what is allowed', async (field, value, allowed) => {
    const csv = { ...base, [field]: value };
    expect(await readFailure(text, { csv })).toEqual({
      ...{ code: 'csv_mapping_invalid', field, problem: `must be ${allowed}` },
    });
  });

  test('a mapping that does not fit its schema, naming the field', async () => {
    const bad = async (change: object) => readFailure(text, { csv: { ...base, ...change } });
    expect(await bad({ dateFormat: 'D.M.' })).toMatchObject({
      code: 'csv_mapping_invalid',
      field: 'dateFormat',
    });
    expect(await bad({ columns: {} })).toMatchObject({ field: 'columns.bookingDate' });
    expect(await bad({ surprise: 1 })).toMatchObject({
      field: 'surprise',
      problem: 'there is no such field in a mapping',
      allowed: expect.arrayContaining(['delimiter', 'amount', 'columns']),
    });
    expect(await bad({ columns: { bookingDate: 'date', valueDate: 0 } })).toMatchObject({
      field: 'columns.valueDate',
    });
    expect(await bad({ amount: { signed: 1, debit: 2 } })).toMatchObject({ field: 'amount.debit' });
    expect(await bad({ columns: { bookingdate: 'date' } })).toMatchObject({
      field: 'columns.bookingdate',
      allowed: expect.arrayContaining(['bookingDate', 'remittance']),
    });
    expect(await bad({ columns: { bookingDate: 'date', remittance: ['text', 0] } })).toMatchObject({
      field: 'columns.remittance.1',
      problem: 'must be the name of a column, or its number, from 1',
    });
    expect(await bad({ dateFormat: 'D.M.' })).toMatchObject({
      allowed: expect.arrayContaining(['YYYYMMDD']),
    });
    expect(await bad({ amount: { sum: 'amount' } })).toMatchObject({
      field: 'amount',
      allowed: expect.arrayContaining(['{ "signed": column }']),
    });
    expect(await bad({ amount: { credit: 'amount' } })).toMatchObject({
      field: 'amount.debit',
      problem: 'is missing',
    });
    const words = { unsigned: 'amount', direction: 'text', credit: 'in', debit: ['out'] };
    expect(await bad({ amount: words })).toMatchObject({ field: 'amount.credit' });
    expect(await bad({ thousandsSeparator: '.' })).toMatchObject({ field: 'thousandsSeparator' });
    expect(await bad({ header: false })).toMatchObject({ field: 'columns.bookingDate' });
    expect(await bad({ currency: undefined })).toMatchObject({ field: 'currency' });
    expect(await readFailure(text, { format: 'csv' })).toMatchObject({
      code: 'csv_mapping_invalid',
    });
  });

  const cases: [name: string, file: string, error: Record<string, unknown>][] = [
    ['an open quote', `${text}2026-03-02,2,"open\n`, { code: 'statement_truncated', line: 3 }],
    ['a row that is too short', `${text}2026-03-02,2\n`, { code: 'statement_malformed', line: 3 }],
    [
      'a field that goes on behind its quote',
      `${text}2026-03-02,2,"a"b\n`,
      { code: 'statement_malformed' },
    ],
    [
      'a date in another form',
      text.replace('2026-03-02', '02.03.2026'),
      { code: 'statement_field_invalid', field: 'columns.bookingDate', line: 2 },
    ],
    [
      'an amount with letters',
      text.replace('1.00', '1e3'),
      { code: 'statement_field_invalid', field: 'amount.signed', found: '1e3' },
    ],
    [
      'a comma for a point',
      text.replace('1.00', '"1,00"'),
      { code: 'statement_field_invalid', field: 'amount.signed' },
    ],
    ['no header', '\n\n', { code: 'statement_truncated', missing: 'the header row' }],
    [
      'NUL characters further on',
      `${text}${'2026-03-02,1.00,a\n'.repeat(2_000)}\0`,
      { code: 'statement_malformed' },
    ],
  ];
  test.each(cases)('%s', async (_, file, error) => {
    expect(await fail(file)).toMatchObject(error);
  });

  test('thousands that are not grouped by three', async () => {
    const file = text.replace('1.00', '"1,00.00"');
    expect(await fail(file, { thousandsSeparator: ',' })).toMatchObject({ field: 'amount.signed' });
  });

  test('two currencies in one file', async () => {
    const file = 'date,amount,text,ccy\n2026-03-02,1,a,EUR\n2026-03-02,1,a,USD\n';
    const csv = { ...base, columns: { ...base.columns, currency: 'ccy' } };
    expect(await readFailure(file, { csv })).toMatchObject({ field: 'columns.currency', line: 3 });
    const { currency: _, ...open } = csv;
    expect(await readFailure(file, { csv: open })).toMatchObject({
      code: 'statement_currencies_mixed',
      expected: 'EUR',
      found: 'USD',
    });
  });
});
