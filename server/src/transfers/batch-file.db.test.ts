import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';

const { app, http, clock, keyOf } = await testApp();
const platformId = 7n;
const fixture = { platformId, members: 2, funds: 1000n };
const { numbers } = await testPlatform({ ...app, clock }, fixture);
const [alice, bob] = numbers as [string, string];
const authorization = `Bearer ${await keyOf({ platformId })}`;

let keys = 0;
const newKey = () => {
  keys += 1;
  return `file-${keys}`;
};
const send = (
  file: string | Uint8Array,
  rest: object = {},
  { key = newKey(), dryRun = false } = {},
) =>
  http.inject({
    ...{ method: 'POST', url: `/v1/batches/files?dryRun=${String(dryRun)}` },
    headers: { authorization, 'idempotency-key': key },
    payload: {
      ...{ mode: 'independent', charset: 'utf-8', currency: 'CNY' },
      content: Buffer.from(file).toString('base64'),
      ...rest,
    },
  });
const header = 'debitAccount,creditAccount,amount,reference,memo';
const available = async (number: string) => {
  const url = `/v1/virtual-accounts/${number}/balance`;
  const read = await http.inject({ url, headers: { authorization } });
  return read.json<{ available: number }>().available;
};

test('a file is a batch: each row for itself, with its line, repeated byte for byte', async () => {
  const file = `${header}\n${alice},${bob},1.50,A-1,"货款, 一"\n\n${bob},${alice},99999.00,,\n`;
  const foretold = await send(file, {}, { dryRun: true });
  expect(foretold.json()).toMatchObject({ status: 'partial', lines: [2, 4], dryRun: true });
  expect(await available(bob)).toBe(1000);
  const key = newKey();
  const done = await send(file, {}, { key });
  expect([done.statusCode, done.json()]).toMatchObject([
    200,
    {
      ...{ mode: 'independent', status: 'partial', lines: [2, 4] },
      summary: { count: 2, posted: 1, refused: 1, amount: 150 },
      items: [
        { index: 0, transfer: { amount: 150, reference: 'A-1', memo: '货款, 一' }, problem: null },
        { index: 1, transfer: null, problem: { code: 'insufficient_funds' } },
      ],
    },
  ]);
  const again = await send(file, {}, { key });
  expect([again.body, again.headers['idempotent-replayed']]).toEqual([done.body, 'true']);
  expect(await available(bob)).toBe(1150);
});

test('a GBK file with columns of its own is read, and one of another charset is told so', async () => {
  // "付款,收款,金额,备注" and "货款" in GBK; the column of serials is left out.
  const words = {
    serial: 'd0f2bac5',
    from: 'b8b6bfee',
    to: 'cad5bfee',
    amount: 'bdf0b6ee',
    memo: 'b1b8d7a2',
  };
  const gbk = (hex: string) => Buffer.from(hex, 'hex');
  const comma = Buffer.from(',');
  const file = Buffer.concat([
    ...[gbk(words.serial), comma, gbk(words.from), comma, gbk(words.to), comma],
    ...[gbk(words.amount), comma, gbk(words.memo), Buffer.from(`\r\n1,${alice},${bob},0.5,`)],
    ...[gbk('bbf5bfee'), Buffer.from('\r\n')],
  ]);
  const columns = { debitAccount: '付款', creditAccount: '收款', amount: '金额', memo: '备注' };
  const rest = { mode: 'atomic', charset: 'gbk', columns };
  const done = await send(file, rest);
  expect([done.statusCode, done.json()]).toMatchObject([
    201,
    { status: 'posted', items: [{ transfer: { amount: 50, memo: '货款' } }] },
  ]);
  expect((await send(file, { ...rest, charset: 'utf-8' })).json()).toMatchObject({
    code: 'batch_file_invalid',
    errors: [{ detail: expect.stringContaining('utf-8') as unknown }],
  });
});

test('rows that cannot be read are told by line and field, all at once, and nothing is done', async () => {
  const before = await available(alice);
  const rows = [
    `${alice},${bob},1.00,,`,
    `123,${bob},1.00,,`,
    `${alice},${bob},1.005,,`,
    `${alice},${bob},-1,,${'x'.repeat(257)}`,
    `${alice},${bob},1.00`,
  ];
  const refused = await send([header, ...rows].join('\n'));
  expect([refused.statusCode, refused.json()]).toMatchObject([
    400,
    {
      ...{ code: 'batch_file_invalid', errorCount: 5 },
      errors: [
        { line: 3, field: 'debitAccount', detail: 'must be 19 digits' },
        { line: 4, field: 'amount', detail: 'has more decimals than CNY' },
        { line: 5, field: 'amount' },
        { line: 5, field: 'memo' },
        { line: 6, detail: '3 columns, and the header has 5' },
      ],
    },
  ]);
  expect(await available(alice)).toBe(before);
});

test.each([
  ['', 'the file has no header'],
  [header, 'there is no row'],
  ['debitAccount,amount\n1,2', 'there is no column creditAccount'],
  [`${header},extra\n`, 'an unknown column: extra'],
  [`${header},memo\n`, 'there are two columns memo'],
  [`${header}\n"a,b`, 'not CSV'],
  [`${header}\n${'1,2,3,4,5\n'.repeat(1001)}`, 'at most 1000 rows'],
])('a file %j is refused: %s', async (file, detail) => {
  const refused = await send(file === '' ? '\n' : file);
  expect(refused.json<{ errors: { detail: string }[] }>().errors[0]?.detail).toContain(detail);
});

test('a currency that is none is refused as that', async () => {
  const refused = await send(`${header}\n`, { currency: 'ZZZ' });
  expect(refused.json()).toMatchObject({ errors: [{ pointer: '/currency' }] });
});
