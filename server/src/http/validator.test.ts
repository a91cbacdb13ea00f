import { expect, test } from 'vitest';
import { AppError } from '../kernel/error.ts';
import { recordOf } from './record.ts';
import {
  AccountNumber,
  AmountIn,
  CLOSED,
  DryRunQuery,
  IdempotencyHeaders,
  InstantIn,
  IsoDate,
  Metadata,
  Name,
  Nullable,
  PageQuery,
  Text,
  Type,
} from './schemas.ts';
import { compileValidator } from './validator.ts';

type Schema = Parameters<typeof compileValidator>[0]['schema'];

/** What the validator says is wrong; undefined when nothing is. */
function wrong(schema: Schema, value: unknown, httpPart = 'body'): unknown {
  const result = compileValidator({ schema, httpPart, method: 'POST', url: '/' })(value);
  const error = typeof result === 'object' && 'error' in result ? result.error : undefined;
  return error instanceof AppError ? recordOf(error.facts)['errors'] : error;
}

/** What arrives at the route. */
function read(schema: Schema, value: unknown): unknown {
  const result = compileValidator({ schema, httpPart: 'querystring', method: 'GET', url: '/' })(
    value,
  );
  return typeof result === 'object' && 'value' in result ? result.value : result;
}

const Transfer = Type.Object(
  { debitAccount: AccountNumber, amount: AmountIn, memo: Type.Optional(Text({ max: 5 })) },
  CLOSED,
);
const debitAccount = '8888800000000000017';
const allowed = 'text with something to see in it, without control characters or broken Unicode';
const nameAllowed =
  'text with something to see in it, without control characters, broken Unicode, or characters that reorder text ' +
  '(U+202A to U+202E and U+2066 to U+2069)';

test('what is well-formed passes as it is', () => {
  expect(wrong(Transfer, { debitAccount, amount: 1 })).toBeUndefined();
  expect(
    wrong(Transfer, { debitAccount, amount: Number.MAX_SAFE_INTEGER, memo: '备注😀' }),
  ).toBeUndefined();
});

test.each([
  [0, 'must be at least 1'],
  [-5, 'must be at least 1'],
  [1.5, 'must be an integer'],
  ['1', 'must be an integer'],
  [true, 'must be an integer'],
  [null, 'must be an integer'],
  [2 ** 53, 'must be at most 9007199254740991'],
])('an amount of %s is refused where it is', (amount, detail) => {
  expect(wrong(Transfer, { debitAccount, amount })).toEqual([{ pointer: '/amount', detail }]);
});

test('everything that is wrong is said at once, with what is allowed', () => {
  expect(wrong(Transfer, { debitAccount: '123', memo: 'a\u0007', other: 1 })).toEqual([
    { pointer: '/amount', detail: 'is required' },
    { pointer: '/other', detail: 'is not a field here: allowed are debitAccount, amount, memo' },
    { pointer: '/debitAccount', detail: 'must be: 19 digits, such as 8888800000000000017' },
    { pointer: '/memo', detail: `must be: ${allowed}` },
  ]);
  expect(wrong(Transfer, [])).toEqual([{ pointer: '', detail: 'must be an object' }]);
});

test('a pattern is told as a rule in words, never as what the field is for', () => {
  const code = Type.String({
    ...{ pattern: '^[0-9A-Z]{4}$', description: 'For the remittance text' },
    'x-allowed': '4 digits or capital letters',
  });
  expect(wrong(code, 'a')).toEqual([
    { pointer: '', detail: 'must be: 4 digits or capital letters' },
  ]);
  expect(wrong(IdempotencyHeaders, { 'idempotency-key': 'a b' }, 'headers')).toEqual([
    {
      pointer: 'header/idempotency-key',
      detail: 'must be: 1 to 128 visible ASCII characters, such as order-20261123-0001',
    },
  ]);
  const bare = Type.String({ pattern: '^x$', description: 'For the remittance text' });
  expect(wrong(bare, 'a')).toEqual([{ pointer: '', detail: 'must match ^x$' }]);
});

test('lone surrogates and long text are refused; length counts characters', () => {
  const detail = `must be: ${allowed}`;
  const plain = 'must not contain control characters or broken Unicode';
  expect(wrong(Text({ min: 0, max: 5 }), 'a\ud800')).toEqual([{ pointer: '', detail: plain }]);
  expect(wrong(Text({ max: 5 }), 'a\ud800')).toEqual([{ pointer: '', detail }]);
  expect(wrong(Text({ max: 5 }), '😀😀😀😀😀')).toBeUndefined();
  expect(wrong(Text({ max: 5 }), '123456')).toEqual([
    { pointer: '', detail: 'must have at most 5 characters' },
  ]);
});

test.each([
  ...[
    ' ',
    '   ',
    '\u3000\u00a0',
    '\u200b',
    '\u2060\ufeff',
    ' \u200d ',
    '\u3164',
    '\u00ad',
    '\u2800',
  ],
  ...['\u202e', '\ufe0f', '\u{e0100}', '\u0301', ' \u0301'],
])('text in which nothing can be seen is refused: %j', (text) => {
  const schema = Type.Object({ name: Name, memo: Text({ max: 5 }), metadata: Metadata }, CLOSED);
  const detail = `must be: ${allowed}`;
  expect(wrong(schema, { name: text, memo: text, metadata: { [text]: 'x' } })).toEqual([
    { pointer: '/name', detail: `must be: ${nameAllowed}` },
    { pointer: '/memo', detail },
    {
      pointer: `/metadata/${text}`,
      detail: expect.stringContaining('something to see') as unknown,
    },
  ]);
  expect(wrong(Metadata, { note: text })).toBeUndefined();
});

test.each(['\u202egnp.exe', 'Sample\u2066', 'a\u202d\u202cb'])(
  'a name that would reorder text is refused, with what is allowed: %j',
  (name) => {
    const schema = Type.Object({ name: Name, memo: Text({ max: 9 }) }, CLOSED);
    expect(wrong(schema, { name, memo: name })).toEqual([
      { pointer: '/name', detail: `must be: ${nameAllowed}` },
    ]);
  },
);

test('other names pass up to their length', () => {
  for (const name of [
    'x',
    ' 王 ',
    'A shop',
    '\u200b.',
    '👨\u200d👩\u200d👧',
    '❤\ufe0f',
    'x'.repeat(120),
  ]) {
    expect(wrong(Name, name), name).toBeUndefined();
  }
  expect(wrong(Name, '')).toEqual([{ pointer: '', detail: 'must have at least 1 character' }]);
  expect(wrong(Name, 'x'.repeat(121))).toEqual([
    { pointer: '', detail: 'must have at most 120 characters' },
  ]);
  expect(wrong(Name, 'a\u0007')).toHaveLength(1);
  expect(wrong(Name, 'a\ud800')).toHaveLength(1);
});

test('of a union, only the alternative that was chosen is spoken of', () => {
  const Item = Type.Union([
    Type.Object({ type: Type.Literal('transfer'), amount: AmountIn }, CLOSED),
    Type.Object({ type: Type.Literal('hold'), reason: Text({ max: 9 }) }, CLOSED),
  ]);
  const Batch = Type.Object({ items: Type.Array(Item, { minItems: 1, maxItems: 3 }) }, CLOSED);
  expect(
    wrong(Batch, {
      items: [
        { type: 'hold', reason: 'x' },
        { type: 'transfer', amount: 0 },
      ],
    }),
  ).toEqual([{ pointer: '/items/1/amount', detail: 'must be at least 1' }]);
  expect(wrong(Batch, { items: [{ type: 'gift' }] })).toEqual([
    { pointer: '/items/0/type', detail: 'must be one of transfer, hold' },
  ]);
  expect(wrong(Batch, { items: [] })).toEqual([
    { pointer: '/items', detail: 'must have at least 1 item' },
  ]);
});

test('one of something is told in the singular', () => {
  expect(wrong(Type.Array(Name, { maxItems: 1 }), ['a', 'b'])).toEqual([
    { pointer: '', detail: 'must have at most 1 item' },
  ]);
  expect(wrong(Type.Object({}, { minProperties: 1 }), {})).toEqual([
    { pointer: '', detail: 'must have at least 1 field' },
  ]);
  expect(wrong(Type.String({ maxLength: 1 }), 'ab')).toEqual([
    { pointer: '', detail: 'must have at most 1 character' },
  ]);
});

test('instants need an offset and must exist, dates too', () => {
  expect(wrong(InstantIn, '2026-11-23T08:30:00.123+08:00')).toBeUndefined();
  for (const text of [
    ...['2026-11-23T08:30:00', '2026-02-30T00:00:00Z', '2026-11-23', 'now'],
    // A leap second, in two zones: the clock of the runtime has none.
    ...['2016-12-31T23:59:60Z', '2017-01-01T07:59:60+08:00', '2026-11-23T24:00:00Z'],
  ])
    expect(wrong(InstantIn, text), text).toHaveLength(1);
  expect(wrong(IsoDate, '2024-02-29')).toBeUndefined();
  for (const text of ['2026-02-29', '20260228', '2026-2-8'])
    expect(wrong(IsoDate, text), text).toBeDefined();
});

test('metadata is bounded in keys, in key length and in value length', () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));
  expect(wrong(Metadata, many(50))).toBeUndefined();
  expect(wrong(Metadata, many(51))).toEqual([
    { pointer: '', detail: 'must have at most 50 fields' },
  ]);
  const keys =
    'a key has 1 to 40 characters with something to see among them, and no control characters or broken Unicode';
  for (const key of ['k'.repeat(41), '', 'a\u0007']) {
    expect(wrong(Metadata, { fine: 'v', [key]: 'v' }), key).toEqual([
      { pointer: `/${key}`, detail: `is not allowed here: ${keys}` },
    ]);
  }
  expect(wrong(Metadata, { k: 'v'.repeat(501) })).toEqual([
    { pointer: '/k', detail: 'must have at most 500 characters' },
  ]);
  expect(wrong(Metadata, { k: 1 })).toEqual([{ pointer: '/k', detail: 'must be a string' }]);
});

test('something nullable takes null and its own type only', () => {
  expect(wrong(Nullable(AccountNumber), null)).toBeUndefined();
  expect(wrong(Nullable(AccountNumber), debitAccount)).toBeUndefined();
  expect(wrong(Nullable(AccountNumber), 5)).toEqual([
    { pointer: '', detail: 'must be a string or null' },
  ]);
});

test('what must be one value is told once, whatever came', () => {
  const schema = Type.Object({ on: Type.Literal(true, { 'x-allowed': 'true' }) }, CLOSED);
  for (const on of ['yes', 'true', 1, null, [], {}, false]) {
    expect(wrong(schema, { on }), JSON.stringify(on)).toEqual([
      { pointer: '/on', detail: 'must be true' },
    ]);
  }
  const kind = Type.Literal('shop');
  expect(wrong(Type.Object({ kind }), { kind: 5 })).toEqual([
    { pointer: '/kind', detail: 'must be "shop"' },
  ]);
});

test('a value of the wrong kind is told so, and nothing else of it', () => {
  const schema = Type.Object(
    {
      amount: AmountIn,
      name: Name,
      mode: Type.Enum(['atomic', 'independent']),
      reference: Type.Optional(Nullable(Text({ max: 3 }))),
      tags: Type.Array(Name),
    },
    CLOSED,
  );
  expect(wrong(schema, { amount: 'x', name: 5, mode: 5, reference: 5, tags: {} })).toEqual([
    { pointer: '/amount', detail: 'must be an integer' },
    { pointer: '/name', detail: 'must be a string' },
    { pointer: '/mode', detail: 'must be one of atomic, independent' },
    { pointer: '/reference', detail: 'must be a string or null' },
    { pointer: '/tags', detail: 'must be an array' },
  ]);
});

test('all that is wrong with one field is told as one', () => {
  expect(wrong(Type.Object({ memo: Text({ max: 3 }) }), { memo: 'a\u0007bc' })).toEqual([
    { pointer: '/memo', detail: `must have at most 3 characters; must be: ${allowed}` },
  ]);
});

test('a query is read from text; nothing else is taken for a number or a boolean', () => {
  const Query = Type.Object({ ...PageQuery, number: Type.Optional(Type.String()) }, CLOSED);
  expect(read(Query, {})).toEqual({ limit: 50 });
  expect(read(Query, { limit: '7', number: '0012' })).toEqual({ limit: 7, number: '0012' });
  expect(read(DryRunQuery, { dryRun: 'true' })).toEqual({ dryRun: true });
  expect(wrong(Query, { limit: '1e3' }, 'querystring')).toEqual([
    { pointer: 'query/limit', detail: 'must be an integer' },
  ]);
  expect(wrong(Query, { limit: '0' }, 'querystring')).toEqual([
    { pointer: 'query/limit', detail: 'must be at least 1' },
  ]);
  expect(wrong(Query, { limit: ['1', '2'] }, 'querystring')).toHaveLength(1);
  expect(wrong(DryRunQuery, { dryRun: 'yes' }, 'querystring')).toEqual([
    { pointer: 'query/dryRun', detail: 'must be a boolean' },
  ]);
  expect(wrong(Type.Object({ amount: AmountIn }), { amount: '5' })).toHaveLength(1);
});

test('a hopeless body is answered with a bounded list', () => {
  const body = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`field${i}`, 1]));
  expect(wrong(Transfer, body)).toHaveLength(20);
});

const Wide = Type.Union([
  Type.Object({ type: Type.Literal('transfer'), amount: AmountIn, memo: Name }, CLOSED),
  Type.Object({ type: Type.Literal('hold'), amount: AmountIn, reason: Name }, CLOSED),
]);

test('of a list that is too long only that is told: its items are not looked at', () => {
  const schema = Type.Object({ mode: Name, items: Type.Array(Wide, { maxItems: 3 }) }, CLOSED);
  expect(wrong(schema, { items: [0, {}, { type: 'hold' }, { type: 'hold' }] })).toEqual([
    { pointer: '/mode', detail: 'is required' },
    { pointer: '/items', detail: 'must have at most 3 items' },
  ]);
  expect(wrong(schema, { mode: 'x', items: 5 })).toEqual([
    { pointer: '/items', detail: 'must be an array' },
  ]);
});

test('of a long list each wrong item is told like a single one, up to the limit of an answer', () => {
  const schema = Type.Object({ items: Type.Array(Wide, { maxItems: 1000 }) }, CLOSED);
  const fine = { type: 'hold', amount: 1, reason: 'x' };
  const items = Array.from({ length: 1000 }, (_, i) => (i % 2 ? fine : {}));
  const told = wrong(schema, { items });
  expect(told).toEqual(
    Array.from({ length: 20 }, (_, i) => ({
      pointer: `/items/${2 * i}/type`,
      detail: 'is required',
    })),
  );
});

test('in a list of mixed forms each item is told what is wrong with it', () => {
  const Item = Type.Union([
    Type.Object({ type: Type.Literal('transfer'), amount: AmountIn }, CLOSED),
    Type.Object({ type: Type.Literal('hold'), amount: AmountIn, reason: Text({ max: 5 }) }, CLOSED),
  ]);
  const schema = Type.Object({ items: Type.Array(Item) }, CLOSED);
  const items = [
    { type: 'transfer', amount: 0 },
    { type: 'x' },
    5,
    { type: 'hold', amount: 1 },
    {},
    { type: 'hold', amount: 1, reason: 'ok' },
  ];
  expect(wrong(schema, { items })).toEqual([
    { pointer: '/items/0/amount', detail: 'must be at least 1' },
    { pointer: '/items/1/type', detail: 'must be one of transfer, hold' },
    { pointer: '/items/2', detail: 'must be an object' },
    { pointer: '/items/3/reason', detail: 'is required' },
    { pointer: '/items/4/type', detail: 'is required' },
  ]);
});
