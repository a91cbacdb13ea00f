// Goal: working days as the State Council announced them for 2025 and 2026, and silence beyond.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { businessDate } from '../../kernel/business-date.ts';
import { dayOf, isWorkingDay, knownUntil, nextWorkingDay, withOwnDays } from './calendar.ts';
import { chinaCalendar } from './china.ts';
import { type Hours, openStateAt } from './hours.ts';
import { addDays, atShanghai, shanghaiDate } from './shanghai-time.ts';

const d = businessDate;

test.each([
  ['2026-11-23', true, 'a Monday'],
  ['2026-11-22', false, 'a Sunday'],
  ['2026-10-01', false, 'National Day, a Thursday'],
  ['2026-10-10', true, 'a Saturday that is worked'],
  ['2026-09-20', true, 'a Sunday that is worked'],
  ['2026-02-14', true, 'a Saturday before the Spring Festival that is worked'],
  ['2026-02-23', false, 'the last Monday of the Spring Festival'],
  ['2026-12-31', true, 'the last day that is known'],
  ['2025-09-28', true, 'a Sunday that is worked'],
  ['2025-10-08', false, 'the Wednesday of National Day and Mid-Autumn'],
  ['2003-06-02', undefined, 'before the library begins'],
  ['2027-01-01', undefined, 'not announced'],
  ['2027-01-04', undefined, 'a Monday of a year that is not known'],
] as const)('%s: %s, %s', (date, working, _why) => {
  expect(isWorkingDay(chinaCalendar, d(date))).toBe(working);
});

test('the next working day passes holidays and takes make-up days', () => {
  const next = (date: string) => nextWorkingDay(chinaCalendar, d(date));
  expect(next('2026-11-27')).toEqual({ date: '2026-11-30' });
  expect(next('2026-09-30')).toEqual({ date: '2026-10-08' });
  expect(next('2026-10-09')).toEqual({ date: '2026-10-10' });
  expect(next('2026-02-14')).toEqual({ date: '2026-02-24' });
  expect(next('2026-12-31')).toEqual({ unknownFrom: '2027-01-01' });
  expect(knownUntil(chinaCalendar)).toBe('2026-12-31');
});

test('the next working day is one, and no day before it is', () => {
  const days = fc.integer({ min: 0, max: 8300 }).map((n) => addDays(d('2004-01-01'), n));
  fc.assert(
    fc.property(days, (after) => {
      const next = nextWorkingDay(chinaCalendar, after);
      if ('unknownFrom' in next) throw new Error('2026 is known whole');
      expect(isWorkingDay(chinaCalendar, next.date)).toBe(true);
      for (let day = addDays(after, 1); day < next.date; day = addDays(day, 1))
        expect(isWorkingDay(chinaCalendar, day)).toBe(false);
    }),
  );
});

test('an imported year replaces its year, and an edited day outranks both', () => {
  const day = (date: string, working: boolean, source: 'imported' | 'edited') => ({
    ...{ date, working, source, name: null },
  });
  const own = withOwnDays(chinaCalendar, {
    years: new Set([2026, 2027]),
    days: [
      day('2027-01-04', true, 'edited'),
      day('2027-01-04', false, 'imported'),
      day('2028-01-01', false, 'edited'),
    ],
  });
  expect(isWorkingDay(own, d('2026-10-01'))).toBe(true); // the import states no holiday in 2026
  expect(dayOf(own, d('2027-01-04'))).toMatchObject({ working: true, source: 'edited' });
  expect(dayOf(own, d('2027-01-02'))).toMatchObject({ working: false, source: 'week' });
  expect(isWorkingDay(own, d('2025-10-01'))).toBe(false);
  expect(isWorkingDay(own, d('2028-01-01'))).toBe(false);
  expect(isWorkingDay(own, d('2028-01-03'))).toBeUndefined();
  expect(knownUntil(own)).toBe('2027-12-31');
});

test('Shanghai’s date turns at 16:00 UTC', () => {
  expect(shanghaiDate(new Date('2026-11-23T15:59:59.999Z'))).toBe('2026-11-23');
  expect(shanghaiDate(new Date('2026-11-23T16:00:00.000Z'))).toBe('2026-11-24');
  expect(atShanghai(d('2026-11-23'), '24:00')).toEqual(new Date('2026-11-23T16:00:00Z'));
  expect(addDays(d('2026-03-01'), -1)).toBe('2026-02-28');
});

const office: Hours = {
  ...{ days: 'working', opens: '09:00', opensDayBefore: false, closes: '17:00', marginMinutes: 5 },
};
test.each([
  ['2026-10-10T08:59:59.999+08:00', false],
  ['2026-10-10T09:00:00.000+08:00', true],
  ['2026-10-10T16:54:59.999+08:00', true],
  ['2026-10-10T16:55:00.000+08:00', false],
  ['2026-10-11T12:00:00.000+08:00', false],
] as const)('office hours at %s: %s', (at, open) => {
  expect(openStateAt(office, chinaCalendar, new Date(at))).toEqual({ open });
});

test('hours of a day that is not known are not said to be open or closed', () => {
  const at = new Date('2027-01-04T12:00:00+08:00');
  expect(openStateAt(office, chinaCalendar, at)).toEqual({ open: false, unknownDay: '2027-01-04' });
  expect(openStateAt({ ...office, days: 'every' }, chinaCalendar, at)).toEqual({ open: true });
});
