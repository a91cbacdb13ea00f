/** Working days (工作日): pure. What is not known is said, never guessed from the day of the week. */
import { type BusinessDate, businessDate } from '../../kernel/business-date.ts';
import { addDays } from './shanghai-time.ts';

/** What is stated of one day: a holiday, a make-up day (调休), or a day somebody edited. */
export interface StatedDay {
  readonly working: boolean;
  readonly name: string | null;
  readonly source: 'library' | 'imported' | 'edited';
}

/** Days that are not as the week says, and the years that are known whole. */
export interface Calendar {
  readonly years: ReadonlySet<number>;
  readonly days: ReadonlyMap<string, StatedDay>;
}

/** One day: stated, or as the week says in a year that is known. */
export type KnownDay = Omit<StatedDay, 'source'> & {
  readonly source: StatedDay['source'] | 'week';
};

/** What is known of a day; undefined beyond what the calendar knows. */
export function dayOf({ days, years }: Calendar, date: BusinessDate): KnownDay | undefined {
  const stated = days.get(date);
  if (stated || !years.has(yearOf(date))) return stated;
  return { working: !isWeekend(date), name: null, source: 'week' };
}

/** Whether a day is worked, make-up days and holidays included; undefined beyond what is known. */
export function isWorkingDay(calendar: Calendar, date: BusinessDate): boolean | undefined {
  return dayOf(calendar, date)?.working;
}

/** The longest row of holidays that is looked through; the longest so far had 9 days. */
const MAX_HOLIDAYS = 60;

/** The first working day after a date; or the first day on the way of which nothing is known. */
export function nextWorkingDay(
  calendar: Calendar,
  after: BusinessDate,
): { readonly date: BusinessDate } | { readonly unknownFrom: BusinessDate } {
  let date = addDays(after, 1);
  for (let i = 0; i < MAX_HOLIDAYS; i += 1) {
    const working = isWorkingDay(calendar, date);
    if (working === undefined) return { unknownFrom: date };
    if (working) return { date };
    date = addDays(date, 1);
  }
  return { unknownFrom: date };
}

/** The last day of the last year that is known whole; undefined when none is. */
export function knownUntil({ years }: Calendar): BusinessDate | undefined {
  const last = Math.max(...years);
  return years.size === 0 ? undefined : businessDate(`${last}-12-31`);
}

/**
 * A calendar with a platform's own statements on top: a year that it imported replaces that year, and a day that
 * it edited replaces that day.
 */
export function withOwnDays(
  base: Calendar,
  own: {
    readonly years: ReadonlySet<number>;
    readonly days: readonly (StatedDay & { readonly date: string })[];
  },
): Calendar {
  const kept = [...base.days].filter(([date]) => !own.years.has(yearOf(date)));
  const ranked = [...own.days].sort((a, b) => rank(a) - rank(b));
  const stated = ranked.map(({ date, ...day }): [string, StatedDay] => [date, day]);
  return {
    years: new Set([...base.years, ...own.years]),
    days: new Map([...kept, ...stated]),
  };
}

const rank = ({ source }: StatedDay): number => (source === 'edited' ? 1 : 0);

/** The year of a date text. */
export const yearOf = (date: string): number => Number(date.slice(0, 4));

function isWeekend(date: BusinessDate): boolean {
  const day = new Date(`${date}T00:00:00Z`).getUTCDay();
  return day === 0 || day === 6;
}
