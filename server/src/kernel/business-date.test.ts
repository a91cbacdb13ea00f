import { expect, test } from 'vitest';
import { addDays, addMonths, businessDate } from './business-date.ts';

test('days go over the ends of months, years and leap years', () => {
  const add = (date: string, days: number) => addDays(businessDate(date), days);
  expect(add('2026-12-31', 1)).toBe('2027-01-01');
  expect(add('2028-02-28', 1)).toBe('2028-02-29');
  expect(add('2026-03-01', -1)).toBe('2026-02-28');
  expect(() => add('9999-12-31', 1)).toThrow(RangeError);
});

test('a month later is the same day, or the last day of a month that has no such day', () => {
  const add = (date: string, months: number) => addMonths(businessDate(date), months);
  expect(add('2026-01-15', 1)).toBe('2026-02-15');
  expect(add('2026-01-31', 1)).toBe('2026-02-28');
  expect(add('2028-01-31', 1)).toBe('2028-02-29');
  expect(add('2026-10-31', 14)).toBe('2027-12-31');
  expect(add('2026-12-30', 2)).toBe('2027-02-28');
});
