import { expect, test } from 'vitest';
import { isOpen } from './rails.ts';

const unsaid = () => undefined;
const at = (local: string) => new Date(`${local}+08:00`);

// 2026-11-23 is a Monday.
test.each([
  ['2026-11-23T10:00:00', true],
  ['2026-11-23T17:14:59', true],
  ['2026-11-23T17:15:00', false],
  ['2026-11-23T20:29:59', false],
  ['2026-11-23T20:30:00', true],
  ['2026-11-27T17:15:00', false],
  ['2026-11-27T21:00:00', false],
  ['2026-11-28T10:00:00', false],
  ['2026-11-29T20:29:59', false],
  ['2026-11-29T20:30:00', true],
  ['2026-11-30T00:30:00', true],
])('the large-value rail at %s is open: %s', (local, open) => {
  expect(isOpen('large-value', at(local), unsaid)).toBe(open);
  expect(isOpen('always', at(local), unsaid)).toBe(true);
  expect(isOpen('never', at(local), unsaid)).toBe(false);
});

test('a holiday and a make-up day are kept, and the evening before each', () => {
  const days = (date: string) =>
    new Map([
      ['2026-10-01', false],
      ['2026-10-10', true],
    ]).get(date);
  const large = (local: string) => isOpen('large-value', at(local), days);
  // A Thursday that is a holiday; a Saturday that is worked.
  expect([large('2026-10-01T10:00:00'), large('2026-10-10T10:00:00')]).toEqual([false, true]);
  expect([large('2026-09-30T21:00:00'), large('2026-10-09T21:00:00')]).toEqual([false, true]);
});
