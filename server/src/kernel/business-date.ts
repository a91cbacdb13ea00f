declare const businessDateBrand: unique symbol;
/** A calendar date as text, YYYY-MM-DD: the date that money is booked under (营业日). */
export type BusinessDate = string & { readonly [businessDateBrand]: true };

/** True for a real calendar date written YYYY-MM-DD (2026-02-30 is none), from the year 1. */
export function isBusinessDate(text: string): text is BusinessDate {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** Brands a date text. Throws a RangeError for one that is no date: edges check before. */
export function businessDate(text: string): BusinessDate {
  if (isBusinessDate(text)) return text;
  throw new RangeError(`not a date of the form YYYY-MM-DD: ${text}`);
}

/** The calendar date of an instant in an IANA time zone, such as Asia/Shanghai. */
export function dateInZone(instant: Date, timeZone: string): BusinessDate {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(instant);
  return businessDate(parts);
}

const DAY_MS = 86_400_000;

/** The date so many days later. Throws a RangeError past the year 9999. */
export function addDays(date: BusinessDate, days: number): BusinessDate {
  const time = Date.parse(`${date}T00:00:00Z`) + days * DAY_MS;
  return businessDate(new Date(time).toISOString().slice(0, 10));
}

/**
 * The date so many months later: the same day of the month, or the month's last day where it has no such day
 * (31 January plus one month is 28 February). Throws a RangeError past the year 9999.
 */
export function addMonths(date: BusinessDate, months: number): BusinessDate {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const lastDay = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  const time = Date.UTC(year, month - 1 + months, Math.min(day, lastDay));
  return businessDate(new Date(time).toISOString().slice(0, 10));
}

/** How many days the second date is after the first; below zero when it is before. */
export function daysBetween(from: BusinessDate, to: BusinessDate): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS;
}
