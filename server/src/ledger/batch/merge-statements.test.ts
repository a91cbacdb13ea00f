import { expect, test } from 'vitest';
import { mergeStatements } from './merge-statements.ts';

const one = { name: 'a', text: 'update x set y = $2 where z = $1', values: [1, 2] };
const two = {
  name: 'b',
  text: 'delete from x where z = $1 and y = $11 returning 1',
  values: [3, ...Array(10)],
  expected: 'must_be_one(count(*))',
};

test('parameters are numbered on, the name says which parts there are, and what is expected is looked at', () => {
  const text =
    'with part_0 as (update x set y = $2 where z = $1), part_1 as (delete from x where z = $3 and y = $13 returning 1) select (select must_be_one(count(*)) from part_1)';
  expect(mergeStatements([one, two])).toEqual({
    name: 'a+b',
    text,
    values: [1, 2, 3, ...Array(10)],
  });
});

test('the same parts give the same text with the values of this time', () => {
  const first = mergeStatements([one, two]);
  const second = mergeStatements([{ ...one, values: [7, 8] }, two]);
  expect(second.text).toBe(first.text);
  expect(second.values).toEqual([7, 8, 3, ...Array(10)]);
});
