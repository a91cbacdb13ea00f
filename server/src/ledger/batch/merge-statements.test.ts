import { expect, test } from 'vitest';
import { mergeStatements } from './merge-statements.ts';

test('parameters are numbered on, and the name says which parts there are', () => {
  const one = { name: 'a', text: 'update x set y = $2 where z = $1', values: [1, 2] };
  const two = {
    name: 'b',
    text: 'delete from x where z = $1 and y = $11',
    values: [3, ...Array(10)],
  };
  expect(mergeStatements([one, two])).toEqual([
    {
      name: 'a+b',
      text: 'with part_0 as (update x set y = $2 where z = $1), part_1 as (delete from x where z = $3 and y = $13) select',
      values: [1, 2, 3, ...Array(10)],
    },
  ]);
});

test('one statement stays as it is, and none is none', () => {
  const one = { name: 'a', text: 'select $1', values: [1] };
  expect(mergeStatements([one])).toEqual([one]);
  expect(mergeStatements([])).toEqual([]);
});
