import fc from 'fast-check';
import { expect, test } from 'vitest';
import { duplicateName } from './duplicate-names.ts';

const pointerIn = (text: string) => duplicateName(text, JSON.parse(text))?.pointer;

test.each([
  ['{"amount":1,"amount":2}', '/amount'],
  ['{"amount":1,"memo":"a:b","amount":2}', '/amount'],
  ['{"a":{"b":1},"c":[{"b":1},{"b":1,"x":":","b" :\n2}]}', '/c/1/b'],
  ['{"a":1,"\\u0061":2}', '/a'],
  ['{"a\\"":1,"b":"\\\\","a\\"":2}', '/a"'],
  ['{"a/~":1,"a/~":1}', '/a~1~0'],
  ['{"a":{"a":1,"a":1,"b":1},"b":1}', '/a/a'],
  ['[{"a":1},{"a":[1,2,{}],"a":{}}]', '/1/a'],
])('%s names a field twice', (text, pointer) => {
  expect(pointerIn(text)).toBe(pointer);
});

test.each([
  '{"a":{"a":1},"b":[{"a":1},{"a":1}]}',
  '{"at":"2026-11-23T08:30:00Z","memo":"{\\"at\\":1,\\"at\\":2}"}',
  '{"memo":"\\\\","x":"memo:memo"}',
  '":"',
  '[":",{}]',
  'null',
])('%s does not', (text) => {
  expect(pointerIn(text)).toBeUndefined();
});

test('whatever is written once is read without complaint; a field put in twice is found', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(pointerIn(text)).toBeUndefined();
      expect(pointerIn(`{"twice": ${text} ,"twice":${text}}`)).toBe('/twice');
      expect(pointerIn(`[0,{"in":${text},"twice":":","twice":${text}}]`)).toBe('/1/twice');
    }),
  );
});

test('depth and length have no limit of their own', () => {
  const deep = `${'['.repeat(100_000)}{"a":1,"a":2}${']'.repeat(100_000)}`;
  expect(pointerIn(deep)).toMatch(/^(\/0){100000}\/a$/);
  expect(pointerIn(`{"memo":"${':\\"'.repeat(100_000)}"}`)).toBeUndefined();
});
