import { expect, test } from 'vitest';
import { AppError } from '../kernel/error.ts';
import { readJson } from './read-json.ts';

function refusalOf(text: string): unknown {
  const read = readJson(Buffer.from(text));
  return read instanceof AppError ? read.facts : { accepted: read.value };
}

test.each([
  ['{"a":"b', { reason: 'it is cut off', position: 7 }],
  ['{"a":1,', { reason: 'it is cut off', position: 7 }],
  ['[1,2', { reason: 'it is cut off', position: 4 }],
  ['xyz', { reason: 'it is broken', position: 0 }],
  ['{"a":tru}', { reason: 'it is broken', position: 8 }],
  ['{"amount":+1}', { reason: 'it is broken', position: 10 }],
  ['{"amount":NaN}', { reason: 'it is broken', position: 10 }],
  ['{"a":1}}', { reason: 'it is broken', position: 7 }],
  ['\uFEFF{', { reason: 'it is cut off', position: 1 }],
  ['\uFEFF', { reason: 'it is empty' }],
  ['\uFEFF\uFEFF{}', { reason: 'it is broken', position: 0 }],
  [' ', { reason: 'it is empty' }],
])('%j is no JSON, and it says where', (text, facts) => {
  expect(refusalOf(text)).toEqual(facts);
});

// RFC 8259, section 8.1: who reads JSON may ignore the mark.
test('a byte order mark in front is ignored, and only there', () => {
  expect(refusalOf('\uFEFF{"a":1}')).toEqual({ accepted: { a: 1 } });
  expect(refusalOf('{"a":"\uFEFF"}')).toEqual({ accepted: { a: '\uFEFF' } });
  expect(refusalOf('\uFEFF{"a":1,"a":2}')).toMatchObject({ errors: [{ pointer: '/a' }] });
});

test.each([
  '1.0000000000000000001',
  '1.00000000000000000001e2',
  '1000000000000000000001e-19',
  '1.00000000000000000001E0',
  '9007199254740991.4e0',
  '-9007199254740991.4',
  // Digits on both sides of the point, few on either.
  '9999.9999999999999',
  '1000.00000000000001',
  '12345678901.00000001',
])('%s would pass for an integer that it is not', (number) => {
  const reason = 'the number at "amount" has more digits than can be read exactly';
  expect(refusalOf(`{"amount":${number}}`)).toEqual({ reason });
});

test.each([
  ['1.5000000000000000', 1.5],
  ['100.0000000000000000', 100],
  ['1.0000000000000000e2', 100],
  ['100000000000000000e-15', 100],
  ['0.0000000000000000', 0],
  ['12.5', 12.5],
  ['1e3', 1000],
])('%s is read as it is', (number, amount) => {
  expect(refusalOf(`{"amount":${number}}`)).toEqual({ accepted: { amount } });
});

test('depth: a text that has to be read with care goes down only so far', () => {
  const deep = (levels: number) =>
    `{"n":1.0000000000000000,"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  const reason = 'it is nested deeper than 64 levels';
  expect(refusalOf(deep(480_000))).toEqual({ reason });
  expect(refusalOf(deep(66))).toEqual({ reason });
  expect(refusalOf(deep(60))).toHaveProperty('accepted');
});

test('a field that would change what an object is', () => {
  const reason = 'it has a field named __proto__';
  expect(refusalOf('{"__proto__":1}')).toEqual({ reason });
  expect(refusalOf('{"a":{"\\u005f_proto__":1}}')).toEqual({ reason });
});

const errors = [
  { pointer: '', detail: 'has more than 20000 fields and list items, counted at any depth' },
];
const joined = (count: number, one: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => one(i)).join(',');

test.each([
  ['fields', `{${joined(20_001, (i) => `"f${i}":1`)}}`],
  ['fields with escapes', `{${joined(90_000, (i) => `"\\u0041${i}":1`)}}`],
  ['items', `[${joined(20_001, () => '0')}]`],
  ['fields of items', `{"items":[${joined(10_001, () => '{"a":1,"b":2}')}]}`],
  ['fields in which one is given twice', `{${joined(20_001, (i) => `"f${i}":1`)},"f0":1}`],
])('more %s than anything takes are refused before they are looked at', (_, text) => {
  expect(refusalOf(text)).toEqual({ errors });
});

test('as many values as may be, and commas in text, are read', () => {
  expect(refusalOf(`[${joined(20_000, () => '0')}]`)).toHaveProperty('accepted');
  expect(refusalOf(`{"memo":"${','.repeat(30_000)}"}`)).toHaveProperty('accepted');
});
