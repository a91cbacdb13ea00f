import { describe, expect, test } from 'vitest';
import { readClosed, readEvents, readFailure, readLines } from '../testing/read-statement.ts';

const balance = (type: string, amount: string, currency = 'EUR', indicator = 'CRDT') =>
  `<Bal><Tp><CdOrPrtry><Cd>${type}</Cd></CdOrPrtry></Tp><Amt Ccy="${currency}">${amount}</Amt>` +
  `<CdtDbtInd>${indicator}</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>`;
const entry = (amount: string, indicator: string, rest = '', status = '<Sts>BOOK</Sts>') =>
  `<Ntry><Amt Ccy="EUR">${amount}</Amt><CdtDbtInd>${indicator}</CdtDbtInd>${status}` +
  `<BookgDt><Dt>2026-03-02</Dt></BookgDt>${rest}</Ntry>`;
const account = '<Acct><Id><IBAN>NL01 BANK 0000 0000 01</IBAN></Id><Ccy>EUR</Ccy></Acct>';
const statement = (inner: string, head = account) => `<Stmt><Id>S1</Id>${head}${inner}</Stmt>`;
const message = (inner: string, version = '02') =>
  `<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}">` +
  `<BkToCstmrStmt>${inner}</BkToCstmrStmt></Document>`;
/** A statement that opens at 10.00 and closes at the given balance. */
const file = (entries: string, closing: string) =>
  message(statement(balance('OPBD', '10.00') + balance('CLBD', closing) + entries));

describe('an entry', () => {
  test('gives one line with what the bank says of it', async () => {
    const details =
      '<AcctSvcrRef>B-1</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>' +
      '<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>' +
      '<Refs><EndToEndId>NOTPROVIDED</EndToEndId><InstrId>I-7</InstrId></Refs>' +
      '<RltdPties><Dbtr><Nm>Li &amp; Co</Nm></Dbtr>' +
      '<DbtrAcct><Id><IBAN>de02 1203 0000 0000 2020 51</IBAN></Id></DbtrAcct>' +
      '<CdtrAcct><Id><Othr><Id>3110000000000000017</Id></Othr></Id></CdtrAcct></RltdPties>' +
      '<RmtInf><Ustrd> first </Ustrd><Ustrd>second</Ustrd>' +
      '<Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf>' +
      '<AddtlTxInf>third</AddtlTxInf></TxDtls></NtryDtls><AddtlNtryInf>fourth</AddtlNtryInf>';
    const [opened, line, closed] = await readEvents(file(entry('2.50', 'CRDT', details), '12.50'));
    expect(opened).toMatchObject({ accountNumber: 'NL01BANK0000000001', statementId: 'S1' });
    expect(line).toMatchObject({
      position: 1,
      direction: 'credit',
      amount: 250n,
      reversal: false,
      bookingDate: '2026-03-02',
      valueDate: undefined,
      reference: 'B-1',
      referenceSource: 'bank',
      creditedAccount: '3110000000000000017',
      counterpartyName: 'Li & Co',
      counterpartyAccount: 'DE02120300000000202051',
      remittance: 'first\nsecond\nthird\nfourth',
      references: ['I-7', 'RF18'],
      bankCode: 'PMNT/RCDT/ESCT',
    });
    expect(closed).toMatchObject({ closing: { amount: 1250n }, credits: { count: 1, sum: 250n } });
  });

  test('the new form: status and parties one level deeper, dates with a time', async () => {
    const rest =
      '<ValDt><DtTm>2026-03-03T23:30:00+08:00</DtTm></ValDt><NtryDtls><TxDtls><RltdPties>' +
      '<Cdtr><Pty><Nm>Shop</Nm></Pty></Cdtr></RltdPties></TxDtls></NtryDtls>';
    const [line] = await readLines(
      file(entry('3', 'DBIT', rest, '<Sts>\n<Cd>BOOK</Cd>\n</Sts>'), '7'),
    );
    expect(line).toMatchObject({
      direction: 'debit',
      counterpartyName: 'Shop',
      valueDate: '2026-03-03',
    });
  });

  test('its own account is never the credited account nor the counterparty', async () => {
    const own = '<CdtrAcct><Id><IBAN>NL01BANK0000000001</IBAN></Id></CdtrAcct>';
    const rest = `<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>P</Nm></Dbtr>${own}</RltdPties></TxDtls></NtryDtls>`;
    const [line] = await readLines(file(entry('1', 'CRDT', rest), '11'));
    expect(line).toMatchObject({
      creditedAccount: undefined,
      counterpartyAccount: undefined,
      counterpartyName: 'P',
    });
  });

  test('a reversal keeps its booked direction, and the parties their old roles', async () => {
    const rest =
      '<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Payer</Nm></Dbtr><Cdtr><Nm>We</Nm></Cdtr></RltdPties></TxDtls></NtryDtls>';
    const reversed = entry('1', 'DBIT', `<RvslInd>true</RvslInd>${rest}`);
    const [line] = await readLines(file(reversed, '9'));
    expect(line).toMatchObject({ direction: 'debit', reversal: true, counterpartyName: 'Payer' });
  });

  test('what is not booked, and zero, are counted and left out', async () => {
    const entries =
      entry('5', 'CRDT', '', '<Sts>PDNG</Sts>') +
      entry('6', 'CRDT', '', '<Sts><Cd>INFO</Cd></Sts>') +
      entry('0.00', 'CRDT') +
      entry('1', 'CRDT');
    const [closed] = await readClosed(file(entries, '11'));
    expect(closed?.skipped).toEqual({ status_PDNG: 1, status_INFO: 1, zero_amount: 1 });
    expect(closed?.credits).toEqual({ count: 1, sum: 100n });
  });
});

describe('a batch booking', () => {
  const detail = (amount: string, rest = '') =>
    `<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">${amount}</Amt></TxAmt></AmtDtls>${rest}</TxDtls>`;
  const batch = (details: string) => `<AcctSvcrRef>B</AcctSvcrRef><NtryDtls>${details}</NtryDtls>`;

  test('whose details add up gives a line for each', async () => {
    const details =
      detail('4', '<Refs><AcctSvcrRef>OWN</AcctSvcrRef></Refs>') +
      detail('3', '<Refs><AcctSvcrRef>B</AcctSvcrRef></Refs>') +
      detail('1', '<CdtDbtInd>DBIT</CdtDbtInd>');
    const lines = await readLines(file(entry('6', 'CRDT', batch(details)), '16'));
    expect(lines.map(({ reference, direction, amount }) => [reference, direction, amount])).toEqual(
      [
        ['OWN', 'credit', 400n],
        ['B/2', 'credit', 300n],
        ['B/3', 'debit', 100n],
      ],
    );
  });

  test('whose details do not add up is one line with their texts', async () => {
    const text = (t: string) => `<RmtInf><Ustrd>${t}</Ustrd></RmtInf>`;
    const details = detail('4', text('one')) + detail('3', text('two'));
    const lines = await readLines(file(entry('6', 'CRDT', batch(details)), '16'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ reference: 'B', amount: 600n, remittance: 'one\ntwo' });
  });
});

// A statement that a bank has cut into pages. Method: each way to put the balances, in one file.
describe('pages', () => {
  const page = (number: number, last: boolean, inner: string, id = 'S1') =>
    statement(inner).replace(
      '<Id>S1</Id>',
      `<Id>${id}</Id><StmtPgntn><PgNb>${number}</PgNb><LastPgInd>${last}</LastPgInd></StmtPgntn>`,
    );
  const one = entry('2', 'CRDT');
  const two = entry('1', 'DBIT');
  const whole = { closing: { amount: 600n }, credits: { count: 2 }, debits: { count: 1 } };

  test.each([
    [
      'the first opens, the last closes',
      [balance('OPBD', '3') + one, two, balance('CLBD', '6') + entry('2', 'CRDT')],
    ],
    [
      'each states the balances of the whole',
      [one, two, entry('2', 'CRDT')].map((e) => balance('OPBD', '3') + balance('CLBD', '6') + e),
    ],
    [
      'a page in the middle states one interim balance',
      [
        balance('OPBD', '3') + one,
        balance('ITBD', '5') + two,
        entry('2', 'CRDT') + balance('CLBD', '6'),
      ],
    ],
  ])('%s: together they are one statement', async (_, inner) => {
    const pages = inner.map((each, index) => page(index + 1, index === 2, each));
    expect(await readClosed(message(pages.join('')))).toMatchObject([whole]);
    const wrong = pages.join('').replaceAll('>6<', '>7<');
    expect(await readFailure(message(wrong))).toMatchObject({
      ...{ code: 'statement_totals_disagree', expected: '6.00 EUR', found: '7.00 EUR' },
    });
  });

  test('a page without an opening balance begins where the page before it closed', async () => {
    const pages =
      page(1, false, balance('OPBD', '3') + balance('ITBD', '5') + one) +
      page(2, true, two + balance('CLBD', '4'));
    expect(await readClosed(message(pages))).toMatchObject([
      { closing: { amount: 500n } },
      { closing: { amount: 400n } },
    ]);
  });

  test('version 2 numbers the pages of the message', async () => {
    const paged = (number: number, last: boolean, inner: string) =>
      `<BkToCstmrStmt><GrpHdr><MsgPgntn><PgNb>${number}</PgNb><LastPgInd>${last}</LastPgInd></MsgPgntn></GrpHdr>${statement(inner)}</BkToCstmrStmt>`;
    const pages =
      paged(1, false, balance('OPBD', '3') + one) + paged(2, true, two + balance('CLBD', '4'));
    expect(await readClosed(`<Pages>${pages}</Pages>`)).toMatchObject([
      { credits: { sum: 200n }, debits: { sum: 100n } },
    ]);
  });

  test('a page whose neighbour is not in the file is refused by name', async () => {
    const first = page(1, false, balance('OPBD', '3') + one);
    const last = page(3, true, two + balance('CLBD', '4'));
    const cases: [pages: string, missing: RegExp][] = [
      [first, /^page 2 of the statement S1, with the closing balance/],
      [first + last, /^page 2 of the statement S1/],
      [last, /^the page before page 3 of the statement S1, with the opening balance/],
      [first + page(2, true, balance('CLBD', '4')).replace('0000 01', '0000 02'), /^page 2 /],
    ];
    for (const [pages, missing] of cases) {
      expect(await readFailure(message(pages))).toMatchObject({
        ...{ code: 'statement_truncated', missing: expect.stringMatching(missing) },
      });
    }
  });
});

describe('statements', () => {
  test('version 1: its own message name, balance type and account form', async () => {
    const plain = (type: string, amount: string) =>
      `<Bal><Tp><Cd>${type}</Cd></Tp><Amt Ccy="JPY">${amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>`;
    const text =
      '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.01"><BkToCstmrStmtV01><Stmt><Id>1</Id>' +
      `<Acct><Id><PrtryAcct><Id>77</Id></PrtryAcct></Id></Acct>${plain('OPBD', '5')}${plain('CLBD', '1005')}` +
      '<Ntry><Amt Ccy="JPY">1000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>' +
      '<TxDtls><AddtlTxInf>x</AddtlTxInf></TxDtls></Ntry></Stmt></BkToCstmrStmtV01></Document>';
    const [opened, line] = await readEvents(text);
    expect(opened).toMatchObject({ accountNumber: '77', currency: 'JPY' });
    expect(line).toMatchObject({ amount: 1000n, remittance: 'x' });
  });

  test('prefixes and an envelope do not matter', async () => {
    const plain = file(entry('1', 'CRDT'), '11').replace('<?xml version="1.0"?>', '');
    const prefixed = plain.replace(/<(\/?)([A-Z])/g, '<$1ns:$2').replace('xmlns=', 'xmlns:ns=');
    const wrapped = `<?xml version="1.0"?><Envelope><Body><Stmt>no</Stmt>${prefixed}</Body></Envelope>`;
    expect(await readEvents(wrapped)).toEqual(await readEvents(plain));
  });

  test('pages: interim balances open and close them, and pages that follow on have no gap', async () => {
    const one = statement(balance('OPBD', '1') + balance('ITBD', '3') + entry('2', 'CRDT'));
    const two = statement(balance('ITBD', '3') + balance('ITBD', '4') + entry('1', 'CRDT'));
    const three = statement(balance('ITBD', '4') + balance('CLBD', '6') + entry('2', 'CRDT'));
    const closed = await readClosed(message(one + two + three));
    expect(closed.map(({ gap, closing }) => [gap, closing?.amount])).toEqual([
      [undefined, 300n],
      [undefined, 400n],
      [undefined, 600n],
    ]);
  });

  test('a page that is missing is noted as a gap', async () => {
    const one = statement(balance('OPBD', '1') + balance('CLBD', '1'));
    const two = statement(balance('PRCD', '3') + balance('CLBD', '3'));
    const closed = await readClosed(message(one + two));
    expect(closed[1]?.gap).toEqual({ previousClosing: 100n, opening: 300n });
  });

  test('equal lines without a reference of the bank are told apart, on two pages as well', async () => {
    const twins = entry('1', 'CRDT') + entry('1', 'CRDT');
    const one = statement(balance('OPBD', '1') + balance('ITBD', '3') + twins);
    const two = statement(balance('ITBD', '3') + balance('CLBD', '5') + twins);
    const lines = await readLines(message(one + two));
    expect(new Set(lines.map((line) => line.reference)).size).toBe(4);
    expect(lines.every((line) => line.referenceSource === 'derived')).toBe(true);
    expect(await readLines(message(one + two))).toEqual(lines);
  });
});

test('placeholders and endless texts are no references; a repeated one is told apart', async () => {
  const referred = (reference: string) =>
    entry('1', 'CRDT', `<AcctSvcrRef>${reference}</AcctSvcrRef>`);
  const references = ['NOTPROVIDED', 'x'.repeat(141), 'SAME', 'SAME'];
  const lines = await readLines(file(references.map(referred).join(''), '14'));
  expect(lines.map((line) => line.referenceSource)).toEqual(['derived', 'derived', 'bank', 'bank']);
  expect(lines.slice(2).map((line) => line.reference)).toEqual(['SAME', 'SAME#2']);
});

describe('what is refused', () => {
  const cases: [name: string, text: string, error: Record<string, unknown>][] = [
    [
      'a closing balance that does not follow',
      file(entry('1', 'CRDT'), '12'),
      {
        code: 'statement_totals_disagree',
        reason: 'sum',
        expected: '11.00 EUR',
        found: '12.00 EUR',
      },
    ],
    [
      'balances in two currencies',
      message(statement(balance('OPBD', '1') + balance('CLBD', '1', 'SEK'))),
      { code: 'statement_currencies_mixed', found: 'SEK' },
    ],
    [
      'an entry in another currency',
      file(entry('1', 'CRDT').replace('EUR', 'USD'), '11'),
      { code: 'statement_currencies_mixed', entry: 1, field: 'Ntry/Amt/@Ccy' },
    ],
    [
      'no closing balance',
      message(statement(balance('OPBD', '1'))),
      { code: 'statement_field_invalid', field: 'Stmt/Bal' },
    ],
    [
      'a date that is none',
      file(entry('1', 'CRDT').replace('2026-03-02', '2026-02-30'), '11'),
      { code: 'statement_field_invalid', field: 'Ntry/BookgDt', found: '2026-02-30', entry: 1 },
    ],
    [
      'an amount that is none',
      file(entry('1,00', 'CRDT'), '11'),
      { code: 'statement_field_invalid', field: 'Ntry/Amt', found: '1,00' },
    ],
    [
      'more decimals than the currency has',
      file(entry('1.001', 'CRDT'), '11'),
      { code: 'statement_field_invalid', field: 'Ntry/Amt' },
    ],
    [
      'a negative amount',
      file(entry('-1', 'CRDT'), '9'),
      { code: 'statement_field_invalid', field: 'Ntry/Amt' },
    ],
    [
      'an unknown status',
      file(entry('1', 'CRDT', '', '<Sts>DONE</Sts>'), '11'),
      { code: 'statement_field_invalid', field: 'Ntry/Sts' },
    ],
    [
      'no direction',
      file(entry('1', ''), '11'),
      { code: 'statement_field_invalid', field: 'Ntry/CdtDbtInd' },
    ],
    [
      'a file that is cut off',
      file(entry('1', 'CRDT'), '11').slice(0, -40),
      { code: 'statement_truncated' },
    ],
    [
      'tags that cross',
      file(entry('1', 'CRDT'), '11').replace('</Ntry></Stmt>', '</Stmt></Ntry>'),
      { code: 'statement_malformed' },
    ],
    ['a message without a statement', message(''), { code: 'statement_malformed' }],
    [
      'entities',
      file(entry('1', 'CRDT'), '11').replace(
        '<Document',
        '<!DOCTYPE a [<!ENTITY b "c">]><Document',
      ),
      {
        code: 'statement_malformed',
        problem: 'a DOCTYPE is refused: its entities can grow without bound',
      },
    ],
    [
      'an entity that nobody declared',
      file(entry('1', 'CRDT', '<AddtlNtryInf>&b;</AddtlNtryInf>'), '11'),
      { code: 'statement_malformed' },
    ],
  ];
  test.each(cases)('%s', async (_, text, error) => {
    expect(await readFailure(text)).toMatchObject(error);
  });

  test('what is wrong with an entry names its line, its number, and its statement', async () => {
    const begin = balance('OPBD', '1') + balance('CLBD', '1');
    const second = (wrong: string) =>
      message(
        `${statement(begin + entry('0', 'CRDT'))}\n${statement(`${begin}\n${wrong}`)}`,
      ).replace(/(.*)<Id>S1</s, '$1<Id>S2<');
    const wrong = { line: 3, entry: 2, statement: 2, statementId: 'S2' };
    for (const [text, field] of [
      [entry('x', 'CRDT'), 'Ntry/Amt'],
      [entry('1', 'CRDT').replace('EUR', 'USD'), 'Ntry/Amt/@Ccy'],
      [entry('1', 'CRDT', '', '<Sts>\nDONE</Sts>'), 'Ntry/Sts'],
      [entry('1', 'CRDT', '<ValDt><Dt>x</Dt></ValDt>'), 'Ntry/ValDt'],
    ] as const) {
      expect(await readFailure(second(text)), field).toMatchObject({ ...wrong, field });
    }
    const details = entry('1', 'CRDT', '<NtryDtls>\n<TxDtls/><TxDtls/></NtryDtls>');
    const limits = { maxDetailsPerEntry: 1 };
    expect(await readFailure(second(details), { limits })).toMatchObject({
      ...{ code: 'statement_too_large', limit: 'maxDetailsPerEntry' },
      ...wrong,
    });
    // Where the bank gives no name, the number remains.
    const nameless = second(entry('x', 'CRDT')).replace('<Id>S2</Id>', '');
    expect(await readFailure(nameless)).toMatchObject({ line: 3, entry: 2, statement: 2 });
  });

  test('depth, lengths and numbers beyond their limits, by name', async () => {
    const deep = file(entry('1', 'CRDT', '<A>'.repeat(99) + '</A>'.repeat(99)), '11');
    expect(await readFailure(deep)).toMatchObject({
      code: 'statement_too_large',
      limit: 'maxDepth',
    });
    const long = file(
      entry('1', 'CRDT', `<AddtlNtryInf>${'x'.repeat(3_000)}</AddtlNtryInf>`),
      '11',
    );
    const limits = { maxTextLength: 1_000 };
    expect(await readFailure(long, { limits })).toMatchObject({ limit: 'maxTextLength' });
    const comment = file(entry('1', 'CRDT', `<!--${'x'.repeat(300_000)}-->`), '11');
    expect(await readFailure(comment)).toMatchObject({ limit: 'maxTextLength' });
    const many = file(entry('1', 'CRDT', '<NtryDtls><TxDtls/><TxDtls/><TxDtls/></NtryDtls>'), '11');
    expect(await readFailure(many, { limits: { maxDetailsPerEntry: 2 } })).toMatchObject({
      limit: 'maxDetailsPerEntry',
    });
    expect(await readFailure(many, { limits: { maxBytes: 500 } })).toMatchObject({
      limit: 'maxBytes',
    });
  });
});
