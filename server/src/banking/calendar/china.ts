import chineseDays from 'chinese-days/dist/chinese-days.json' with { type: 'json' };
import { type Calendar, type StatedDay, yearOf } from './calendar.ts';

/**
 * The holidays and make-up days (调休) that the State Council has announced, as the library `chinese-days` has
 * them: whole years, from 2004 to the last announced when the library was made. A later year is not known.
 */
export const chinaCalendar: Calendar = fromLibrary();

function fromLibrary(): Calendar {
  const { holidays, workdays } = chineseDays;
  const stated = (days: Readonly<Record<string, string>>, working: boolean) =>
    Object.entries(days).map(([date, names]): [string, StatedDay] => [
      date,
      { working, name: chineseName(names), source: 'library' },
    ]);
  const days = new Map([...stated(holidays, false), ...stated(workdays, true)]);
  return { days, years: new Set([...days.keys()].map(yearOf)) };
}

/** The library writes `National Day,国庆节,3`. */
function chineseName(names: string): string {
  return names.split(',')[1] ?? names;
}
