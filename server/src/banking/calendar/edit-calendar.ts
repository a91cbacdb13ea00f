import { type Originated, recordChange } from '../../audit/index.ts';
import { type Db, inTransaction } from '../../db/database.ts';
import { type BusinessDate, isBusinessDate } from '../../kernel/business-date.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError } from '../../kernel/error.ts';
import { calendarDayNotEdited, calendarInvalid } from '../errors.ts';
import {
  type Calendar,
  dayOf,
  type KnownDay,
  nextWorkingDay,
  withOwnDays,
  yearOf,
} from './calendar.ts';
import { chinaCalendar } from './china.ts';
import { addDays } from './shanghai-time.ts';
import { deleteEditedDay, replaceYear, selectOwnDays, upsertEditedDay } from './store.ts';

/** What the use cases of calendars need. */
export interface CalendarDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
}

/** A day of a list; `working` is null, and its source `unknown`, where the calendar knows nothing. */
export interface CalendarDay extends Omit<KnownDay, 'working' | 'source'> {
  readonly date: BusinessDate;
  readonly working: boolean | null;
  readonly source: KnownDay['source'] | 'unknown';
  /** The first working day after it; null when a day on the way is not known. */
  readonly nextWorkingDay: BusinessDate | null;
}

/** The most days of one list. */
const MAX_LISTED_DAYS = 400;

/** The working days of China with what the platform stated on top. */
export async function readCalendar(
  { db }: Pick<CalendarDeps, 'db'>,
  platformId: bigint,
): Promise<Calendar> {
  return withOwnDays(chinaCalendar, await selectOwnDays(db, platformId));
}

/** The days from `from` to `to`, both in. Throws AppError: `calendar_invalid`. */
export function listDays(
  calendar: Calendar,
  { from, to }: { from: string; to: string },
): readonly CalendarDay[] {
  const errors = [
    ...(isBusinessDate(from) ? [] : [{ pointer: 'query/from', detail: 'must be a date' }]),
    ...(isBusinessDate(to) ? [] : [{ pointer: 'query/to', detail: 'must be a date' }]),
    ...(to < from ? [{ pointer: 'query/to', detail: 'must not be before from' }] : []),
  ];
  if (errors.length > 0 || !isBusinessDate(from)) throw new AppError(calendarInvalid, { errors });
  const days: CalendarDay[] = [];
  for (let date = from; date <= to; date = addDays(date, 1)) {
    if (days.length === MAX_LISTED_DAYS) {
      const detail = `must be at most ${MAX_LISTED_DAYS - 1} days after from`;
      throw new AppError(calendarInvalid, { errors: [{ pointer: 'query/to', detail }] });
    }
    days.push(calendarDay(calendar, date));
  }
  return days;
}

function calendarDay(calendar: Calendar, date: BusinessDate): CalendarDay {
  const known = dayOf(calendar, date);
  const next = nextWorkingDay(calendar, date);
  return {
    ...{ date, working: null, name: null, source: 'unknown' as const, ...known },
    nextWorkingDay: 'date' in next ? next.date : null,
  };
}

/** What the audit log tells of a day. */
const factsOf = ({ working, name, source }: CalendarDay) => ({ working, name, source });

/** States that a day is worked, or is not. Throws AppError: `calendar_invalid`. */
export async function editDay(
  deps: CalendarDeps,
  platformId: bigint,
  { date, working, name }: { date: string; working: boolean; name: string | null },
): Promise<CalendarDay> {
  if (!isBusinessDate(date)) {
    const errors = [{ pointer: 'path/date', detail: 'must be a date of the calendar' }];
    throw new AppError(calendarInvalid, { errors });
  }
  const { db, clock, origin } = deps;
  const at = clock.now();
  return inTransaction(db, async (tx) => {
    const before = calendarDay(await readCalendar({ db: tx }, platformId), date);
    await upsertEditedDay(tx, platformId, { date, working, name, at });
    const after = calendarDay(await readCalendar({ db: tx }, platformId), date);
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'calendar_day.edited', object: { type: 'calendar_day', id: date } },
      ...{ before: factsOf(before), after: factsOf(after) },
    });
    return after;
  });
}

/** Takes back what was stated of a day. Throws AppError: `calendar_day_not_edited`. */
export async function forgetDay(
  { db, clock, origin }: CalendarDeps,
  platformId: bigint,
  date: string,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    if (!isBusinessDate(date)) throw new AppError(calendarDayNotEdited, { date });
    const before = calendarDay(await readCalendar({ db: tx }, platformId), date);
    if (!(await deleteEditedDay(tx, platformId, date)))
      throw new AppError(calendarDayNotEdited, { date });
    const after = calendarDay(await readCalendar({ db: tx }, platformId), date);
    await recordChange(tx, platformId, {
      ...{ origin, at: clock.now(), action: 'calendar_day.forgotten' },
      object: { type: 'calendar_day', id: date },
      ...{ before: factsOf(before), after: factsOf(after) },
    });
  });
}

/**
 * States a whole year: from then on all its days are known, those that are not listed as the week says. Imported
 * again it is replaced; days that were edited one by one stay. Throws AppError: `calendar_invalid`.
 */
export async function importYear(
  { db, clock, origin }: CalendarDeps,
  platformId: bigint,
  input: { year: number; days: readonly { date: string; working: boolean; name: string | null }[] },
): Promise<void> {
  const { year, days } = input;
  const seen = new Set<string>();
  const errors = days.flatMap(({ date }, i) => {
    const isRepeated = seen.has(date);
    seen.add(date);
    const pointer = `/days/${i}/date`;
    if (!isBusinessDate(date) || yearOf(date) !== year)
      return [{ pointer, detail: `must be a date of ${year}` }];
    return isRepeated ? [{ pointer, detail: 'must be in the list once' }] : [];
  });
  if (errors.length > 0) throw new AppError(calendarInvalid, { errors });
  const at = clock.now();
  await inTransaction(db, async (tx) => {
    await replaceYear(tx, platformId, { year, days, at });
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'calendar_year.imported', before: null },
      object: { type: 'calendar_year', id: `${year}` },
      after: {
        days: days.map(({ date, working }) => `${date} ${working ? 'working' : 'holiday'}`),
      },
    });
  });
}
