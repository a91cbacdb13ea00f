import { describe, expect, test } from 'vitest';
import { readClosed, readEvents, readFailure, readLines } from '../testing/read-statement.ts';

/** A statement in EUR that opens at 10.00. */
const file = (
  body: string,
  closing: string,
  head = ':20:S1\n:25:37040044/0532013000\n:28C:7/2\n',
) => `${head}:60F:C260302EUR10,00\n${body}:62F:${closing}\n`;

describe('a line', () => {
  test('German sub-fields, entry date, reference of the bank', async () => {
    const body =
      ':61:2603020303CR12,5NTRFKREF7//B-9\n/OCMT/x\n' +
      ':86:166?00GUTSCHRIFT?109310?20EREF+E-1?21SVWZ+Aufladung 3110000?220000000000017 Bestel\n' +
      'lung?30BANKDEFF?31DE02120300000000202051?32Li und ?33Partner\n';
    const [opened, line] = await readEvents(file(body, 'C260303EUR22,50'));
    expect(opened).toMatchObject({
      accountNumber: '37040044/0532013000',
      statementId: 'S1',
      sequence: '7/2',
      opening: { amount: 1000n, date: '2026-03-02' },
    });
    expect(line).toMatchObject({
      position: 5,
      direction: 'credit',
      amount: 1250n,
      valueDate: '2026-03-02',
      bookingDate: '2026-03-03',
      reference: 'B-9',
      referenceSource: 'bank',
      counterpartyName: 'Li und Partner',
      counterpartyAccount: 'DE02120300000000202051',
      remittance: 'Aufladung 3110000\n0000000000017 Bestellung\n/OCMT/x',
      references: ['E-1', 'KREF7'],
      bankCode: 'NTRF',
    });
  });

  test('a sub-field is full by its characters, not by the units of a string', async () => {
    // 26 characters, one of which is two units; and 27.
    for (const [text, joined] of [
      [`𠮷${'a'.repeat(25)}`, '\n'],
      [`𠮷${'a'.repeat(26)}`, ''],
    ] as const) {
      const body = `:61:260302C1,NTRFNONREF//B\n:86:166?20${text}?21b?32${text}?33c\n`;
      const [line] = await readLines(file(body, 'C260302EUR11,00'));
      expect(line).toMatchObject({
        remittance: `${text}${joined}b`,
        counterpartyName: `${text}${joined === '' ? '' : ' '}c`,
      });
    }
  });

  test('a sub-field of 27 characters runs on in the next', async () => {
    const body = `:61:260302C1,NTRFNONREF//B\n:86:166?20${'a'.repeat(27)}?21b\n`;
    const [line] = await readLines(file(body, 'C260302EUR11,'));
    expect(line?.remittance).toBe(`${'a'.repeat(27)}b`);
  });

  test('text in slashes', async () => {
    const body =
      ':61:260302C1,00NTRFNONREF//B\n' +
      ':86:/TRTP/SEPA/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/Jan de Vries/REMI/order 3110\n17/EREF/NOTPROVIDED\n';
    const [line] = await readLines(file(body, 'C260302EUR11,00'));
    expect(line).toMatchObject({
      counterpartyName: 'Jan de Vries',
      counterpartyAccount: 'NL91ABNA0417164300',
      remittance: 'order 311017',
      references: [],
    });
  });

  test('Polish sub-fields, and a plus in the text that begins none', async () => {
    const body =
      ':61:260302C1,00S034NONREF//B\n:86:034<00PRZELEW<20tel. <48 600<21za fakture<32JAN<33NOWAK<38PL61109010140000071219812874\n';
    const [line] = await readLines(file(body, 'C260302EUR11,00'));
    expect(line).toMatchObject({
      remittance: 'tel. <48 600\nza fakture',
      counterpartyName: 'JAN NOWAK',
      counterpartyAccount: 'PL61109010140000071219812874',
    });
  });

  test('free text stays as it is, with the supplementary line', async () => {
    const body = ':61:260302    DD1,00NMSCNONREF//\nMORE\n:86:+49 30 1234 paid\n\n  by card\n';
    const [line] = await readLines(file(body, 'C260302EUR9,00'));
    expect(line).toMatchObject({
      direction: 'debit',
      remittance: '+49 30 1234 paid\nby card\nMORE',
      referenceSource: 'derived',
      references: [],
    });
  });

  test('RC takes a credit back and RD a debit; EC and ED are only expected', async () => {
    const line = (mark: string) => `:61:260302${mark}1,00NTRFNONREF//${mark}\n`;
    const body = line('RC') + line('RD') + line('EC') + line('ED');
    const lines = await readLines(file(body, 'C260302EUR10,00'));
    expect(lines.map(({ direction, reversal }) => [direction, reversal])).toEqual([
      ['debit', true],
      ['credit', true],
    ]);
    expect((await readClosed(file(body, 'C260302EUR10,00')))[0]?.skipped).toEqual({ expected: 2 });
  });

  test('around new year the entry date is in the year that is nearest', async () => {
    const body = ':61:2512310102C1,00NTRFNONREF//A\n:61:2601021231C1,00NTRFNONREF//B\n';
    const lines = await readLines(file(body, 'C260102EUR12,00'));
    expect(lines.map(({ bookingDate }) => bookingDate)).toEqual(['2026-01-02', '2025-12-31']);
  });

  test('zero is counted and left out; zeros beyond the decimals are none', async () => {
    const body = ':61:260302C0,00NTRFNONREF//A\n:61:260302C1,500NTRFNONREF//B\n';
    const [closed] = await readClosed(file(body, 'C260302EUR11,50'));
    expect(closed).toMatchObject({ skipped: { zero_amount: 1 }, credits: { count: 1, sum: 150n } });
  });
});

describe('statements', () => {
  const body = ':61:260302C1,NTRFNONREF//A\n';
  const plain = file(body, 'C260302EUR11,');

  test('the envelope of SWIFT, control bytes, CRLF and endings do not matter', async () => {
    const events = (await readEvents(plain)).map((event) => ({ ...event, position: 0 }));
    const forms = [
      `${plain}-\n`,
      `\u0001\r\n${plain.replaceAll('\n', '\r\n')}-\u0003`,
      `{1:F01BANKDEFFXXXX0000000000}{2:O940BANKDEFFXXXXN}{4:\n${plain}-}{5:}\n`,
      `{1:F01BANKDEFFXXXX0000000000}{2:I940BANKDEFFXXXXN}{4:${plain}-}`,
      plain.slice(0, -1),
      `${plain}:64:C260302EUR11,\n:86:of the statement\n-\n`,
    ];
    for (const form of forms) {
      const read = (await readEvents(form)).map((event) => ({ ...event, position: 0 }));
      expect(read).toEqual(events);
    }
  });

  test('headings of Dutch banks, and the currency behind the account number', async () => {
    const events = (await readEvents(plain)).map((event) => ({ ...event, position: 0 }));
    for (const heading of ['ABNANL2A\n940\nABNANL2A\n', ':940:\n', 'DABAIE2D\r\n\r\n']) {
      const twice = `${heading}${plain}-\n${heading}${plain}-\n`;
      const read = (await readEvents(twice)).map((event) => ({ ...event, position: 0 }));
      expect(read.slice(0, events.length)).toEqual(events);
      expect(read).toHaveLength(2 * events.length);
    }
    for (const account of ['DE02120300000000202051EUR', 'DE02120300000000202051 EUR']) {
      const [opened] = await readEvents(file(body, 'C260302EUR11,', `:20:S\n:25:${account}\n`));
      expect(opened).toMatchObject({ accountNumber: 'DE02120300000000202051' });
    }
  });

  test('an opening balance without a date', async () => {
    const [opened] = await readEvents(plain.replace('C260302EUR10', 'C000000EUR10'));
    expect(opened).toMatchObject({ opening: { amount: 1000n, date: undefined } });
  });

  test('pages follow on; a missing one is a gap', async () => {
    const page = (opening: string, closing: string) =>
      `:20:S\n:25:1\n:28C:1/1\n:60M:${opening}\n:62M:${closing}\n-\n`;
    const balance = 'C260302EUR1,';
    const gap = await readClosed(page(balance, balance) + page('C260302EUR2,', 'C260302EUR2,'));
    expect(gap.map((closed) => closed.gap)).toEqual([
      undefined,
      { previousClosing: 100n, opening: 200n },
    ]);
  });

  test('an overdraft is negative', async () => {
    const [closed] = await readClosed(file(':61:260302D15,NTRFNONREF\n', 'D260302EUR5,'));
    expect(closed?.closing?.amount).toBe(-500n);
  });
});

describe('what is refused', () => {
  const line = ':61:260302C1,NTRFNONREF//A\n';
  const cases: [name: string, text: string, error: Record<string, unknown>][] = [
    [
      'a closing balance that does not follow',
      file(line, 'C260302EUR12,'),
      { code: 'statement_totals_disagree', expected: '11.00 EUR', found: '12.00 EUR', line: 6 },
    ],
    [
      'a closing balance in another currency',
      file(line, 'C260302USD11,'),
      { code: 'statement_currencies_mixed' },
    ],
    [
      'no closing balance',
      file(line, '').replace(/:62F:\n$/, ''),
      { code: 'statement_truncated', missing: 'the closing balance (:62F:)' },
    ],
    [
      'a statement that the next one interrupts',
      `:20:A\n:25:1\n:60F:C260302EUR1,\n${file(line, 'C260302EUR11,')}`,
      { code: 'statement_truncated' },
    ],
    [
      'no opening balance',
      ':20:A\n:25:1\n:28C:1\n:61:260302C1,NTRF\n',
      { code: 'statement_field_invalid', field: ':60F:', line: 4 },
    ],
    [
      'no account',
      file(line, 'C260302EUR11,', ':20:A\n:28C:1\n'),
      { code: 'statement_field_invalid', field: ':25:' },
    ],
    [
      'a line that is none',
      file(':61:26030C1,\n', 'C260302EUR11,'),
      { code: 'statement_field_invalid', field: ':61:', line: 5 },
    ],
    [
      'a value date that is none',
      file(':61:260230C1,NTRF\n', 'C260302EUR11,'),
      { code: 'statement_field_invalid', field: ':61: value date', found: '260230' },
    ],
    [
      'an entry date that is none',
      file(':61:2603021350C1,NTRF\n', 'C260302EUR11,'),
      { code: 'statement_field_invalid', field: ':61: entry date', found: '1350' },
    ],
    [
      'a decimal point',
      file(':61:260302C1.00NTRF\n', 'C260302EUR11,'),
      { code: 'statement_field_invalid', field: ':61: amount' },
    ],
    [
      'too many decimals',
      file(':61:260302C1,001NTRF\n', 'C260302EUR11,'),
      { code: 'statement_field_invalid', field: ':61: amount', found: '1,001' },
    ],
    [
      'a currency that nobody knows',
      ':20:A\n:25:1\n:60F:C260302QQQ1,\n',
      { code: 'statement_field_invalid', field: ':60F:' },
    ],
    [
      'a line after the closing balance',
      file(line, `C260302EUR11,\n${line.trim()}`),
      { code: 'statement_malformed', found: ':61:' },
    ],
    [
      'NUL characters further on',
      file(`${':86:text\n'.repeat(3_000)}\0`, 'C260302EUR10,'),
      { code: 'statement_malformed' },
    ],
    [
      'an envelope without a statement',
      `${file(line, 'C260302EUR11,')}-}\n{1:F01BANK}{2:O940}{4:\n`,
      { code: 'statement_truncated' },
    ],
  ];
  test.each(cases)('%s', async (_, text, error) => {
    expect(await readFailure(text)).toMatchObject(error);
  });

  test('a line longer than the limit', async () => {
    const text = file(`:61:260302C1,NTRF\n:86:${'x'.repeat(500)}\n`, 'C260302EUR11,');
    expect(await readFailure(text, { limits: { maxLineLength: 400 } })).toMatchObject({
      code: 'statement_too_large',
      limit: 'maxLineLength',
      line: 6,
    });
  });
});
