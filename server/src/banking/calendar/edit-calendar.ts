import type { Db } from '../../db/database.ts';
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
export interface CalendarDeps {
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
  await upsertEditedDay(deps.db, platformId, { date, working, name, at: deps.clock.now() });
  return calendarDay(await readCalendar(deps, platformId), date);
}

/** Takes back what was stated of a day. Throws AppError: `calendar_day_not_edited`. */
export async function forgetDay(
  { db }: Pick<CalendarDeps, 'db'>,
  platformId: bigint,
  date: string,
): Promise<void> {
  const isDeleted = isBusinessDate(date) && (await deleteEditedDay(db, platformId, date));
  if (!isDeleted) throw new AppError(calendarDayNotEdited, { date });
}

/**
 * States a whole year: from then on all its days are known, those that are not listed as the week says. Imported
 * again it is replaced; days that were edited one by one stay. Throws AppError: `calendar_invalid`.
 */
export async function importYear(
  { db, clock }: CalendarDeps,
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
  await replaceYear(db, platformId, { year, days, at: clock.now() });
}
