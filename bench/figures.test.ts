import { expect, test } from 'vitest';
import { figuresOfSlices, latenciesOf, median, pooled, rateOf, sliceRatios } from './figures.ts';

const slice = (
  transfers: number,
  ms: number,
  cpu: { node: number; postgres?: number } = { node: 0 },
) => ({
  ...{ transfers, ms },
  cpu: { postgres: undefined, ...cpu },
});

test('the median is the value in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a rate is the total by the total of the time, not the mean of rates', () => {
  expect(rateOf([slice(100, 1000), slice(300, 3000), slice(200, 500)])).toBeCloseTo(600 / 4.5);
  expect(rateOf([])).toBeNaN();
});

test('ratios are those of slices of the same turn: one slow second spoils one of them', () => {
  const ratios = sliceRatios(
    [slice(500, 1000), slice(500, 1000), slice(250, 1000)],
    [slice(100, 1000), slice(10, 1000), slice(50, 1000)],
  );
  expect(ratios).toEqual([5, 50, 5]);
  expect(median(ratios)).toBe(5);
  expect(sliceRatios([slice(1, 1)], [])).toEqual([]);
});

test('CPU is told for each transfer, of PostgreSQL only where it was seen in every slice', () => {
  const seen = [slice(10, 5, { node: 1, postgres: 2 }), slice(30, 5, { node: 1, postgres: 4 })];
  expect(figuresOfSlices('x', seen)).toEqual({
    x: 4000,
    'x, node CPU µs': 50_000,
    'x, PostgreSQL CPU µs': 150_000,
  });
  expect(Object.keys(figuresOfSlices('x', [...seen, slice(1, 1)]))).toEqual([
    'x',
    'x, node CPU µs',
  ]);
});

test('percentiles are values that were measured, by nearest rank', () => {
  const values = Float64Array.from({ length: 1000 }, (_, i) => 1000 - i);
  expect(latenciesOf(values)).toEqual({ p50: 500, p99: 990, p999: 999, max: 1000 });
  expect(latenciesOf(Float64Array.of(7))).toEqual({ p50: 7, p99: 7, p999: 7, max: 7 });
});

test('pooled windows count by their values', () => {
  expect(pooled([Float64Array.of(1, 2), Float64Array.of(), Float64Array.of(3)])).toEqual(
    Float64Array.of(1, 2, 3),
  );
});
