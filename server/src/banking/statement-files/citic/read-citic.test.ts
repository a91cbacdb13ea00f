import { describe, expect, test } from 'vitest';
import {
  citicSubAccountFile,
  encodeGbk,
  sampleLine,
} from '../../../../test/support/statement-samples.ts';
import { currency } from '../../../kernel/currency.ts';
import { openStatementFile } from '../open-statement-file.ts';
import {
  collect,
  inPieces,
  readClosed,
  readEvents,
  readFailure,
  readLines,
} from '../testing/read-statement.ts';

type Row = Readonly<Record<string, string>>;
const fields = (row: Row) =>
  Object.entries(row)
    .map(([name, text]) => `<${name}>${text}</${name}>`)
    .join('');
const reply = (rows: readonly Row[], scalars: Row = {}) => {
  const list = rows.map((row) => `<row>${fields(row)}</row>`).join('');
  const head = { status: 'AAAAAAA', statusText: '交易成功', ...scalars };
  return `<?xml version='1.0' encoding="GBK"?>\n<stream>${fields(head)}<list name="userDataList">${list}</list></stream>`;
};
const main = (row: Row): Row => ({
  tranDate: '20260302',
  tranNo: 'SC1',
  sumTranNo: '2',
  tranAmount: '1.00',
  creditDebitFlag: 'C',
  balance: '11.00',
  ...row,
});
const sub = (row: Row): Row => ({
  TRANTYPE: '23',
  TRANDATE: '20260302',
  HOSTFLW: 'SC1',
  HOSTSEQ: '2',
  CDFG: 'C',
  TRANAMT: '1.00',
  subAccNo: '3110000000000000017',
  ...row,
});

describe('DLTRNALL, the main account', () => {
  test('its rows, in GBK, and the balances they run through', async () => {
    const row = main({
      oppAccountName: '喆堃镕有限公司',
      oppAccountNo: '6222',
      abstract: '充值',
      hostTranCode: 'H1',
    });
    const events = await readEvents(
      encodeGbk(reply([row], { accountNo: ' 8110 ', totalRecords: '7' })),
    );
    expect(events).toMatchObject([
      {
        kind: 'opened',
        accountNumber: '8110',
        currency: 'CNY',
        sequence: '1 of 7',
        opening: { amount: 1000n },
      },
      {
        reference: '20260302-SC1-2',
        counterpartyName: '喆堃镕有限公司',
        counterpartyAccount: '6222',
        remittance: '充值',
        bankCode: 'H1',
        reversal: false,
      },
      { kind: 'closed', closing: { amount: 1100n } },
    ]);
  });

  test('oldest first and newest first give the same balances', async () => {
    const rows = [
      main({ tranNo: 'A', tranAmount: '1.00', balance: '11.00' }),
      main({ tranNo: 'B', tranAmount: '4.00', creditDebitFlag: 'D', balance: '7.00' }),
      main({ tranNo: 'C', tranAmount: '2.00', balance: '9.00' }),
    ];
    for (const order of [rows, rows.toReversed()]) {
      const [opened, , , , closed] = await readEvents(reply(order));
      expect(opened).toMatchObject({ opening: { amount: 1000n } });
      expect(closed).toMatchObject({ closing: { amount: 900n } });
    }
  });

  test('a negative amount and a returned one are reversals', async () => {
    const rows = [
      main({ tranAmount: '-3.00', creditDebitFlag: 'D', balance: '3.00' }),
      main({ tranNo: 'B', tranAmount: '1.00', balance: '4.00', e3rtFlag: '0' }),
    ];
    const lines = await readLines(reply(rows));
    expect(lines).toMatchObject([
      { direction: 'credit', amount: 300n, reversal: true },
      { direction: 'credit', amount: 100n, reversal: true },
    ]);
  });
});

describe('DLSTRNDT, sub-accounts', () => {
  test('transfers from outside name the account that was paid; moves inside are counted', async () => {
    const rows = [
      sub({}),
      sub({ TRANTYPE: '15', HOSTFLW: 'SC2' }),
      sub({ TRANTYPE: '15' }),
      sub({ TRANTYPE: '16' }),
      sub({ TRANAMT: '0.00' }),
    ];
    const events = await readEvents(reply(rows), { accountNumber: '8110' });
    expect(events).toMatchObject([
      { accountNumber: '8110', opening: undefined },
      { reference: '20260302-SC1-2', creditedAccount: '3110000000000000017', bankCode: '23' },
      {
        skipped: { trantype_15: 2, trantype_16: 1, zero_amount: 1 },
        credits: { count: 1, sum: 100n },
      },
    ]);
  });

  test('a generated reply is read as it was written', async () => {
    const creditedAccounts = ['3110000000000000017', '3110000000000000025'];
    const sample = {
      accountNumber: '8110',
      currency: currency('CNY'),
      entries: 50,
      creditedAccounts,
    };
    const inField = { ...sample, creditedIn: 'field' as const };
    const lines = await readLines(await collect(citicSubAccountFile(inField)));
    const said = lines.map(({ amount, creditedAccount, counterpartyName }) => [
      amount,
      creditedAccount,
      counterpartyName,
    ]);
    const written = lines.map((_, index) => {
      const { amount, creditedAccount, counterpartyName } = sampleLine(inField, index);
      return [amount, creditedAccount, counterpartyName];
    });
    expect(said).toEqual(written);
    expect(said).toHaveLength(50);
  });

  test('a withdrawal that bounced is a credit that takes a debit back', async () => {
    const [line] = await readLines(reply([sub({ CDFG: 'D', TRANAMT: '-5.00' })]));
    expect(line).toMatchObject({
      direction: 'credit',
      amount: 500n,
      reversal: true,
      creditedAccount: undefined,
    });
  });
});

describe('charset', () => {
  const text = reply([main({ oppAccountName: '中信银行股份有限公司' })]);
  test('UTF-8 under a GBK declaration, with a BOM and with NULs behind it', async () => {
    for (const form of [text, `\ufeff${text.replace('GBK', 'UTF-8')}`, `${text}\n\0\0\0`]) {
      const [line] = await readLines(form);
      expect(line?.counterpartyName).toBe('中信银行股份有限公司');
    }
  });
  test('bytes that are neither are refused', async () => {
    const broken = Buffer.concat([Buffer.from(text), Buffer.of(0xff, 0xff)]);
    expect(await readFailure(broken)).toMatchObject({ code: 'statement_charset_wrong' });
  });
});

test.each([
  ['citic-dltrnall', '<totalRecords>0</totalRecords><returnRecords>0</returnRecords>'],
  ['citic-dltrnall', '<accountNo>8110</accountNo><list name="userDataList"></list>'],
  ['citic-dlstrndt', '<returnRecords>0</returnRecords>'],
] as const)('a reply without rows is told by its head: %s %s', async (format, head) => {
  const text = `<stream><status>AAAAAAA</status><statusText/>${head}</stream>`;
  const opened = await openStatementFile(inPieces(text));
  expect(opened.format).toBe(format);
  expect(await readClosed(text)).toMatchObject([{ credits: { count: 0 }, debits: { count: 0 } }]);
});

describe('what is refused', () => {
  test('no record is an empty statement; another status is the bank’s failure', async () => {
    const none =
      '<stream><status>PBRA001</status><statusText>没有符合条件的记录</statusText></stream>';
    const [closed] = await readClosed(none);
    expect(closed).toMatchObject({ credits: { count: 0 }, skipped: {} });
    const failed = '<stream><status>ED11308</status><statusText>频繁</statusText></stream>';
    expect(await readFailure(failed)).toEqual({
      code: 'statement_reply_failed',
      bankStatus: 'ED11308',
      bankStatusText: '频繁',
    });
  });

  const two = [main({}), main({ tranNo: 'B', balance: '13.00' })];
  const cases: [name: string, text: string, error: Record<string, unknown>][] = [
    [
      'a running balance that jumps',
      reply(two),
      {
        code: 'statement_totals_disagree',
        reason: 'running_balance',
        entry: 2,
        expected: '12.00 CNY',
        found: '13.00 CNY',
      },
    ],
    [
      'fewer rows than were returned',
      reply([main({})], { returnRecords: '2' }),
      { code: 'statement_totals_disagree', reason: 'record_count', expected: '2', found: '1' },
    ],
    [
      'a row without its serial',
      reply([main({ tranNo: '' })]),
      { code: 'statement_field_invalid', field: 'tranNo', entry: 1 },
    ],
    [
      'an unknown direction',
      reply([main({ creditDebitFlag: 'X' })]),
      { field: 'creditDebitFlag', found: 'X' },
    ],
    ['an unknown type', reply([sub({ TRANTYPE: '99' })]), { field: 'TRANTYPE', found: '99' }],
    ['another currency', reply([sub({ CRYTYPE: '14' })]), { field: 'CRYTYPE', found: '14' }],
    ['a grouped amount', reply([main({ tranAmount: '1,000.00' })]), { field: 'tranAmount' }],
    [
      'a name with an & as it is',
      reply([main({ oppAccountName: 'Tom & Sons 公司' })]),
      { code: 'statement_malformed', problem: 'an & that is not written as &amp;', line: 2 },
    ],
    ['a reply that is cut off', reply(two).slice(0, -20), { code: 'statement_truncated' }],
  ];
  test.each(cases)('%s', async (_, text, error) => {
    expect(await readFailure(text)).toMatchObject(error);
  });

  test('the account of another file, and a reply larger than is held', async () => {
    const text = reply([main({})], { accountNo: '8110' });
    expect(await readFailure(text, { accountNumber: '9' })).toMatchObject({ field: 'accountNo' });
    const limits = { maxCiticBytes: 100 };
    expect(await readFailure(text, { limits })).toMatchObject({ limit: 'maxCiticBytes' });
  });
});

test('what is wrong with a row names its line too, and what is wrong with the reply its own', async () => {
  const wrong = reply([main({}), main({ tranAmount: 'x', balance: '' })], { accountNo: '8110' });
  const text = wrong.replaceAll('<row>', '\n<row>').replace('<accountNo>', '\n<accountNo>');
  expect(await readFailure(encodeGbk(text))).toMatchObject({
    ...{ code: 'statement_field_invalid', field: 'tranAmount', entry: 2, line: 5 },
  });
  const failure = await readFailure(encodeGbk(text), { accountNumber: '8111' });
  expect(failure).toMatchObject({ code: 'statement_field_invalid', field: 'accountNo', line: 3 });
  expect(failure).not.toHaveProperty('entry');
});
