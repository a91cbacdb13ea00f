import { expect, test } from 'vitest';
import { isOpen } from './rails.ts';

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
  expect(isOpen('large-value', at(local))).toBe(open);
  expect(isOpen('always', at(local))).toBe(true);
  expect(isOpen('never', at(local))).toBe(false);
});
