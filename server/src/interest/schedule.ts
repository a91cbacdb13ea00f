import { sql } from 'kysely';
import { recordChange } from '../audit/index.ts';
import { type Db, inTransaction } from '../db/database.ts';
import { type BusinessDate, businessDate } from '../kernel/business-date.ts';
import { AppError } from '../kernel/error.ts';
import { interestScheduleInvalid } from './errors.ts';
import type { InterestDeps } from './put-rate.ts';

/** When interest is settled by itself (结息日): up to that day of these months, on the business date after it. */
export interface InterestSchedule {
  /** 1 to 12; none: never by itself. */
  readonly months: readonly number[];
  readonly day: number;
}

/** The custom for demand deposits in China: settled on the 20th, paid on the 21st. */
const QUARTERLY: InterestSchedule = { months: [3, 6, 9, 12], day: 20 };

const MONTHS_A_YEAR = 12;

/** The last day before `open` up to which the schedule settles; undefined when it never does. */
export function lastScheduled(
  { months, day }: InterestSchedule,
  open: BusinessDate,
): BusinessDate | undefined {
  const [year = 0, month = 0] = open.split('-').map(Number);
  for (let back = 0; back <= MONTHS_A_YEAR; back += 1) {
    const count = year * MONTHS_A_YEAR + (month - 1) - back;
    const its = (count % MONTHS_A_YEAR) + 1;
    if (!months.includes(its)) continue;
    const text = [
      `${Math.floor(count / MONTHS_A_YEAR)}`.padStart(4, '0'),
      `${its}`.padStart(2, '0'),
      `${day}`.padStart(2, '0'),
    ];
    const date = businessDate(text.join('-'));
    if (date < open) return date;
  }
  return undefined;
}

/** The schedule of a platform: its own, or quarterly. */
export async function readInterestSchedule(
  { db }: { readonly db: Db },
  platformId: bigint,
): Promise<InterestSchedule> {
  const { rows } = await sql<InterestSchedule>`
    select months, day from interest_schedule where platform_id = ${platformId}`.execute(db);
  return rows[0] ?? QUARTERLY;
}

/** Puts the schedule of a platform. Throws AppError: `interest_schedule_invalid`. */
export async function putInterestSchedule(
  { db, clock, origin }: InterestDeps,
  platformId: bigint,
  { months, day }: InterestSchedule,
): Promise<InterestSchedule> {
  if (new Set(months).size !== months.length) {
    const errors = [{ pointer: '/months', detail: 'must name each month once' }];
    throw new AppError(interestScheduleInvalid, { errors });
  }
  const sorted = months.toSorted((a, b) => a - b);
  const at = clock.now();
  return inTransaction(db, async (tx) => {
    const before = await readInterestSchedule({ db: tx }, platformId);
    await sql`
      insert into interest_schedule (platform_id, months, day, changed_at)
      values (${platformId}, ${sorted}::integer[], ${day}, ${at})
      on conflict (platform_id) do update
        set months = excluded.months, day = excluded.day, changed_at = excluded.changed_at`.execute(
      tx,
    );
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'interest_schedule.put' },
      object: { type: 'interest_schedule', id: `${platformId}` },
      before: { months: before.months.join(' '), day: before.day },
      after: { months: sorted.join(' '), day },
    });
    return { months: sorted, day };
  });
}
