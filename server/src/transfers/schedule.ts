import { addDays, addMonths, type BusinessDate } from '../kernel/business-date.ts';
import type { AccountId } from '../ledger/index.ts';

/** How often a scheduled transfer is made. */
export type Every = 'once' | 'day' | 'week' | 'month';

/** When a scheduled transfer is made: once at an instant, once on a business date, or from one on. */
export type When =
  | { readonly at: Date }
  | { readonly businessDate: BusinessDate }
  | {
      readonly every: Exclude<Every, 'once'>;
      readonly from: BusinessDate;
      /** The last date on which it may be made. */
      readonly until?: BusinessDate | undefined;
    };

/** What never changes about a scheduled transfer (预约转账). Minor units. */
export interface ScheduleFacts {
  readonly scheduleId: string;
  readonly debit: AccountId;
  readonly credit: AccountId;
  readonly amount: bigint;
  readonly reference: string | null;
  readonly memo: string | null;
  readonly every: Every;
  readonly firstAt: Date | null;
  readonly firstDate: BusinessDate | null;
  readonly untilDate: BusinessDate | null;
  readonly createdAt: Date;
}

/** active: more is to come. finished: nothing is. cancelled: somebody ended it. */
export type ScheduleState = 'active' | 'finished' | 'cancelled';

/** How far a schedule has come: which occurrence is next, and which attempt at it. */
export interface Progress {
  readonly state: ScheduleState;
  /** Counted from 1. */
  readonly occurrence: number;
  /** The business date on which it is due; null where it is due at an instant. */
  readonly dueDate: BusinessDate | null;
  readonly attempt: number;
  /** Not before this: an attempt was refused. */
  readonly retryAt: Date | null;
}

/** A scheduled transfer as it stands. */
export interface Schedule extends ScheduleFacts, Progress {}

const MINUTE_MS = 60_000;
/**
 * How long to wait after a refused attempt before the next one. When the last is refused too, the occurrence is
 * given up, and the schedule goes on with the next one.
 */
export const RETRY_PAUSES_MS: readonly number[] = [5, 30, 120, 720].map((each) => each * MINUTE_MS);

/** A schedule that has just been made. */
export function startOf({ firstDate }: Pick<ScheduleFacts, 'firstDate'>): Progress {
  return { state: 'active', occurrence: 1, dueDate: firstDate, attempt: 1, retryAt: null };
}

/**
 * The date of an occurrence. Each is counted from the first, never from the one before: what begins on the 31st is
 * made on the last day of a shorter month and on the 31st again afterwards.
 */
export function dateOfOccurrence(
  { every, firstDate }: { every: Exclude<Every, 'once'>; firstDate: BusinessDate },
  occurrence: number,
): BusinessDate {
  const steps = occurrence - 1;
  switch (every) {
    case 'day':
      return addDays(firstDate, steps);
    case 'week':
      return addDays(firstDate, 7 * steps);
    case 'month':
      return addMonths(firstDate, steps);
  }
}

/** How a schedule goes on after its occurrence was made, or given up. */
export function afterOccurrence(schedule: Schedule): Progress {
  const { every, firstDate, untilDate, occurrence, dueDate, attempt } = schedule;
  const ended = { state: 'finished', occurrence, dueDate, attempt, retryAt: null } as const;
  if (every === 'once' || firstDate === null) return ended;
  const next = dateOfOccurrence({ every, firstDate }, occurrence + 1);
  if (untilDate !== null && next > untilDate) return ended;
  return { state: 'active', occurrence: occurrence + 1, dueDate: next, attempt: 1, retryAt: null };
}

/** How a schedule goes on after an attempt was refused at a moment. */
export function afterRefusal(schedule: Schedule, at: Date): Progress {
  const pauseMs = RETRY_PAUSES_MS[schedule.attempt - 1];
  if (pauseMs === undefined) return afterOccurrence(schedule);
  const { state, occurrence, dueDate, attempt } = schedule;
  const retryAt = new Date(at.getTime() + pauseMs);
  return { state, occurrence, dueDate, attempt: attempt + 1, retryAt };
}
