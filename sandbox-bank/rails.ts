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
// payment (网上支付跨行清算) systems. A workday here is Monday to Friday: this bank knows no holidays.
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

/** Whether a rail with these hours carries something at that instant. */
export function isOpen(hours: Hours, at: Date): boolean {
  if (hours !== 'large-value') return hours === 'always';
  const { time, weekday } = chinaTime(at);
  const isWorkday = (day: number) => day >= 1 && day <= FRIDAY;
  if (time < CLOSES) return isWorkday(weekday);
  return time >= OPENS && isWorkday((weekday + 1) % 7);
}

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
