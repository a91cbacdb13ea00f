import { chinaTime } from './bank-clock.ts';
import { Refusal } from './refusal.ts';
import { type Row, type Store, textOf, wholeOf } from './store.ts';

/** When a rail carries payouts: `large-value` is [20:30 of the day before a workday, 17:15 of the workday). */
export type Hours = 'always' | 'large-value' | 'never';

/** How money travels (汇路). Limits in fen; null has none. */
export interface Rail {
  readonly code: string;
  readonly name: string;
  readonly maximum: bigint | null;
  readonly hours: Hours;
  /** From the order to the arrival. */
  readonly seconds: number;
}

// Amounts and hours as they were known in 2026: PBoC's large-value (大额), small-value (小额) and internet
// payment (网上支付跨行清算) systems. A workday is Monday to Friday, unless the operator says otherwise of a date.
const RAILS: readonly Rail[] = [
  { code: 'intra', name: 'Inside this bank 行内', maximum: null, hours: 'always', seconds: 0 },
  { code: 'instant', name: 'Instant 超级网银', maximum: 100_000_000n, hours: 'always', seconds: 5 },
  {
    code: 'small',
    name: 'Small-value 小额',
    maximum: 100_000_000n,
    hours: 'always',
    seconds: 1_800,
  },
  { code: 'large', name: 'Large-value 大额', maximum: null, hours: 'large-value', seconds: 60 },
];
const OPENS = '20:30';
const CLOSES = '17:15';
const FRIDAY = 5;
const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Writes the rails that the file does not have yet. */
export function seedRails(store: Store): void {
  for (const { code, name, maximum, hours, seconds } of RAILS) {
    store.run(
      'insert into rail values (?, ?, ?, ?, ?) on conflict do nothing',
      ...[code, name, maximum, hours, seconds],
    );
  }
}

export function listRails(store: Store): Rail[] {
  return store.all('select * from rail order by code').map(readRail);
}

function readRail(row: Row): Rail {
  const maximum = row['maximum'];
  const hours = textOf(row, 'hours');
  return {
    code: textOf(row, 'code'),
    name: textOf(row, 'name'),
    maximum: typeof maximum === 'bigint' ? maximum : null,
    hours: hours === 'always' || hours === 'large-value' ? hours : 'never',
    seconds: Number(wholeOf(row, 'seconds')),
  };
}

/** What the operator says of dates: true for a workday (make-up day 调休), false for a holiday. */
export type Days = (date: string) => boolean | undefined;

/** Whether a rail with these hours carries something at that instant. */
export function isOpen(hours: Hours, at: Date, days: Days): boolean {
  if (hours !== 'large-value') return hours === 'always';
  const isWorkday = (instant: Date) => {
    const { date, weekday } = chinaTime(instant);
    return days(date) ?? (weekday >= 1 && weekday <= FRIDAY);
  };
  const { time } = chinaTime(at);
  if (time < CLOSES) return isWorkday(at);
  return time >= OPENS && isWorkday(new Date(at.getTime() + DAY_MS));
}

/** Says of a date that it is a workday or a holiday; undefined goes by the day of the week again. */
export function setDay(store: Store, date: string, working: boolean | undefined): void {
  if (Number.isNaN(Date.parse(`${date}T00:00:00Z`)) || !DATE.test(date)) {
    throw new Refusal(422, 'invalid', 'The date must be YYYY-MM-DD.');
  }
  if (working === undefined) store.run('delete from day where date = ?', date);
  else {
    store.run(
      'insert into day values (?, ?) on conflict (date) do update set working = excluded.working',
      ...[date, working ? 1 : 0],
    );
  }
}

/** The dates of which the operator has said something, in order. */
export function listDays(store: Store): { date: string; working: boolean }[] {
  return store
    .all('select * from day order by date')
    .map((row) => ({ date: textOf(row, 'date'), working: wholeOf(row, 'working') === 1n }));
}

/** What the operator has said, as it is now. */
export const daysOf =
  (store: Store): Days =>
  (date) => {
    const row = store.get('select working from day where date = ?', date);
    return row && wholeOf(row, 'working') === 1n;
  };

/** Changes a rail. Refuses hours that there are not. */
export function setRail(
  store: Store,
  { code, maximum, hours, seconds }: Omit<Rail, 'name' | 'hours'> & { readonly hours: string },
): void {
  if (!['always', 'large-value', 'never'].includes(hours)) {
    throw new Refusal(422, 'invalid', 'hours must be always, large-value or never.');
  }
  store.run(
    'update rail set maximum = ?, hours = ?, seconds = ? where code = ?',
    ...[maximum, hours, seconds, code],
  );
}
