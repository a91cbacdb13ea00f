import { expect, test } from 'vitest';
import { seededRandom } from '../../test/support/fakes.ts';
import { isFailingTooLong, pauseAfter, quietAfter } from './retry.ts';

const never = { bytes: (count: number) => new Uint8Array(count) };

test('ten tries in three days, each pause longer than the one before it, then an end', () => {
  const pauses = Array.from({ length: 9 }, (_, i) => pauseAfter(i + 1, never) ?? 0);
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
  const days = pauses.reduce((sum, pause) => sum + pause, 0) / 86_400_000;
  expect(days).toBeGreaterThan(3);
  expect(days).toBeLessThan(4);
  expect(pauseAfter(10, never)).toBe(undefined);
});

test('chance adds a fifth at most, and not the same each time', () => {
  const random = seededRandom(7);
  const pauses = Array.from({ length: 50 }, () => pauseAfter(1, random) ?? 0);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5_000);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(6_000);
  expect(new Set(pauses).size).toBeGreaterThan(40);
});

test('an endpoint that fails is left in peace longer each time, up to five minutes', () => {
  expect([1, 2, 3, 7, 100].map(quietAfter)).toEqual([5_000, 10_000, 20_000, 300_000, 300_000]);
});

test('five days are too long', () => {
  const since = new Date('2026-03-02T00:00:00Z');
  expect(isFailingTooLong(since, new Date('2026-03-06T23:59:59Z'))).toBe(false);
  expect(isFailingTooLong(since, new Date('2026-03-07T00:00:00Z'))).toBe(true);
});
