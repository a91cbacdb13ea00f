import fc from 'fast-check';
import { expect, test } from 'vitest';
import { businessDate } from '../kernel/business-date.ts';
import { accountId } from '../ledger/index.ts';
import {
  afterOccurrence,
  afterRefusal,
  dateOfOccurrence,
  RETRY_PAUSES_MS,
  type Schedule,
  startOf,
} from './schedule.ts';

const start = new Date('2026-11-23T00:00:00.000Z');
function schedule(rest: Partial<Schedule>): Schedule {
  const facts = {
    ...{ scheduleId: 'x', debit: accountId(1n), credit: accountId(2n), amount: 1n },
    ...{ reference: null, memo: null, every: 'day' as const, firstAt: null, untilDate: null },
    firstDate: businessDate('2026-11-23'),
    createdAt: start,
  };
  return { ...facts, ...startOf({ ...facts, ...rest }), ...rest };
}
const dates = (every: 'day' | 'week' | 'month', from: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    dateOfOccurrence({ every, firstDate: businessDate(from) }, i + 1),
  );

test('what begins on the 31st is made on the last day of a shorter month, and on the 31st again', () => {
  expect(dates('month', '2026-10-31', 6)).toEqual([
    ...['2026-10-31', '2026-11-30', '2026-12-31', '2027-01-31', '2027-02-28', '2027-03-31'],
  ]);
  expect(dates('month', '2028-01-30', 3)).toEqual(['2028-01-30', '2028-02-29', '2028-03-30']);
});

test('days and weeks go over the ends of months and years', () => {
  expect(dates('day', '2026-12-30', 3)).toEqual(['2026-12-30', '2026-12-31', '2027-01-01']);
  expect(dates('week', '2026-12-21', 3)).toEqual(['2026-12-21', '2026-12-28', '2027-01-04']);
});

test('occurrences of a month are one in each month, never before the day they began with', () => {
  const days = fc.date({
    ...{ min: new Date('2020-01-01'), max: new Date('2060-01-01'), noInvalidDate: true },
  });
  fc.assert(
    fc.property(days, fc.integer({ min: 1, max: 120 }), (day, occurrence) => {
      const firstDate = businessDate(day.toISOString().slice(0, 10));
      const rule = { every: 'month', firstDate } as const;
      const [one, next] = [
        dateOfOccurrence(rule, occurrence),
        dateOfOccurrence(rule, occurrence + 1),
      ];
      const monthsOf = (date: string) => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7));
      expect(monthsOf(next) - monthsOf(one)).toBe(1);
      expect(monthsOf(one) - monthsOf(firstDate)).toBe(occurrence - 1);
      expect(one.slice(8) <= firstDate.slice(8)).toBe(true);
    }),
  );
});

test('a schedule ends with its last date, and one that is made once with that', () => {
  const daily = schedule({ untilDate: businessDate('2026-11-24') });
  const second = { ...daily, ...afterOccurrence(daily) };
  expect(second).toMatchObject({ state: 'active', occurrence: 2, dueDate: '2026-11-24' });
  expect(afterOccurrence(second)).toMatchObject({ state: 'finished', occurrence: 2 });
  expect(afterOccurrence(schedule({ every: 'once' }))).toMatchObject({ state: 'finished' });
});

test('a refused occurrence is tried again after longer and longer, then given up for the next', () => {
  let now = schedule({});
  for (const [i, pauseMs] of RETRY_PAUSES_MS.entries()) {
    now = { ...now, ...afterRefusal(now, start) };
    const retryAt = new Date(start.getTime() + pauseMs);
    expect(now).toMatchObject({ occurrence: 1, attempt: i + 2, retryAt, state: 'active' });
  }
  expect(afterRefusal(now, start)).toEqual({
    ...{ state: 'active', occurrence: 2, dueDate: '2026-11-24', attempt: 1, retryAt: null },
  });
  const once = { ...now, every: 'once' as const };
  expect(afterRefusal(once, start)).toMatchObject({ state: 'finished' });
});
