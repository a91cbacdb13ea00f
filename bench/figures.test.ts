import { expect, test } from 'vitest';
import { latenciesOf, median } from './figures.ts';

test('the median is the value in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('percentiles are values that were measured, by nearest rank', () => {
  const values = Float64Array.from({ length: 1000 }, (_, i) => 1000 - i);
  expect(latenciesOf(values)).toEqual({ p50: 500, p99: 990, p999: 999, max: 1000 });
  expect(latenciesOf(Float64Array.of(7))).toEqual({ p50: 7, p99: 7, p999: 7, max: 7 });
});
