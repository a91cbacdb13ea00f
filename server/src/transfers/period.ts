import type { Db } from '../db/database.ts';
import { type BusinessDate, isBusinessDate } from '../kernel/business-date.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import { moveIdAt } from '../kernel/id.ts';
import { boundAfterDate, boundAtInstant, openBusinessDate } from '../ledger/index.ts';
import { periodInvalid } from './errors.ts';

/**
 * A period by business dates (营业日) or by instants of booking, both ends included. What is left out is not
 * bounded on that side.
 */
export interface Period {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly fromInstant?: Date | undefined;
  readonly toInstant?: Date | undefined;
}

/** A period as numbers of moves: from `lower` on, up to `upper`, not included. */
export interface Bounds {
  readonly lower: bigint;
  /** Undefined: up to now. */
  readonly upper: bigint | undefined;
}

/** Nothing was booked before: numbers of moves count from here (`moveIdAt`). */
export const FIRST_INSTANT = new Date(Date.UTC(2020, 0, 1));

/** Says that a field of the query is not what it must be. */
export function refusePeriod(field: string, detail: string): AppError {
  return new AppError(periodInvalid, { errors: [{ pointer: `query/${field}`, detail }] });
}

/**
 * The numbers of the moves in a period. Throws AppError: `period_invalid` (dates mixed with instants, a date
 * that is none, an end before the start, a start in the future).
 */
export async function boundsOf(
  { db, clock }: { db: Db; clock: Clock },
  platformId: bigint,
  { from, to, fromInstant, toInstant }: Period,
): Promise<Bounds> {
  const byDate = from !== undefined || to !== undefined;
  if (byDate && (fromInstant !== undefined || toInstant !== undefined)) {
    throw refusePeriod('fromInstant', 'must be left out when business dates are given');
  }
  if (byDate) return datesToBounds(db, platformId, { from, to });
  if (fromInstant && toInstant && toInstant < fromInstant) {
    throw refusePeriod('toInstant', 'must not be before fromInstant');
  }
  if (fromInstant && fromInstant > clock.now()) {
    throw refusePeriod('fromInstant', 'must not be in the future');
  }
  return {
    lower: fromInstant ? moveIdAt(fromInstant < FIRST_INSTANT ? FIRST_INSTANT : fromInstant) : 0n,
    upper: toInstant && boundAtInstant(toInstant),
  };
}

async function datesToBounds(
  db: Db,
  platformId: bigint,
  { from, to }: { from?: string | undefined; to?: string | undefined },
): Promise<Bounds> {
  if (from !== undefined && to !== undefined && to < from) {
    throw refusePeriod('to', 'must not be before from');
  }
  const first = from === undefined ? undefined : dateOf(from, 'from');
  const last = to === undefined ? undefined : dateOf(to, 'to');
  if (first !== undefined && first > (await openBusinessDate(db, platformId))) {
    throw refusePeriod('from', 'must not be after the open business date');
  }
  return {
    lower: first === undefined ? 0n : await lowerBound(db, platformId, first),
    upper: last === undefined ? undefined : await boundAfterDate(db, platformId, last),
  };
}

/** The first number of the first day from that date on. There is one: the open day is not before it. */
async function lowerBound(db: Db, platformId: bigint, date: BusinessDate): Promise<bigint> {
  return (await boundAfterDate(db, platformId, dayBefore(date))) ?? 0n;
}

const DAY_MS = 86_400_000;

function dayBefore(date: BusinessDate): BusinessDate {
  const before = new Date(Date.parse(`${date}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);
  return dateOf(before, 'from');
}

/** A date of the query. Throws AppError: `period_invalid`. */
export function dateOf(text: string, field: string): BusinessDate {
  if (isBusinessDate(text)) return text;
  throw refusePeriod(field, 'must be a calendar date, YYYY-MM-DD');
}
