import type { Db } from '../db/database.ts';
import { AppError, type ErrorDefinition } from '../kernel/error.ts';
import { textId, textMoveId, uuidOf } from '../kernel/id.ts';
import { refusalErrors } from '../ledger/index.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import { scheduleNotFound } from './errors.ts';
import type { Every, Schedule, ScheduleState } from './schedule.ts';
import { type ScheduleRun, selectRuns, selectSchedules } from './schedule-store.ts';
import type { AccountLookup } from './view.ts';

/** A scheduled transfer (预约转账). Minor units. */
export interface ScheduleView {
  /** `sch_…`; null on a dry run. */
  readonly id: string | null;
  readonly state: ScheduleState;
  readonly debitAccount: string | null;
  readonly creditAccount: string | null;
  readonly amount: bigint;
  readonly currency: string;
  readonly reference: string | null;
  readonly memo: string | null;
  readonly every: Every;
  /** When it is made once at an instant. */
  readonly at: Date | null;
  /** The first business date. */
  readonly from: string | null;
  readonly until: string | null;
  /** What is to come; null when nothing is. */
  readonly next: {
    /** Counted from 1. */
    readonly occurrence: number;
    readonly businessDate: string | null;
    readonly at: Date | null;
    /** The attempt that is next: above 1 when the ones before were refused. */
    readonly attempt: number;
    readonly notBefore: Date | null;
  } | null;
  readonly createdAt: Date;
  readonly dryRun?: true;
}

/** An attempt: what it was for, and the transfer or why there is none. */
export interface ScheduleRunView {
  readonly occurrence: number;
  readonly attempt: number;
  readonly businessDate: string | null;
  readonly triedAt: Date;
  readonly status: 'posted' | 'refused';
  /** `trf_…` */
  readonly transferId: string | null;
  readonly problem: { readonly code: string; readonly titles: ErrorDefinition['title'] } | null;
}

/** A schedule with its latest attempts, latest first. */
export interface ScheduleHistory extends ScheduleView {
  readonly runs: readonly ScheduleRunView[];
  /** True when there are more than are shown. */
  readonly moreRuns: boolean;
}

/** Attempts of a schedule that are shown. */
const MAX_RUNS = 100;

/** One schedule as it is now, with its attempts. Throws AppError: `schedule_not_found`. */
export async function readSchedule(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<ScheduleHistory> {
  const scheduleId = uuidOf('sch', id);
  const [schedule] =
    scheduleId === undefined ? [] : await selectSchedules(db, platformId, { scheduleId, limit: 1 });
  if (!schedule) throw new AppError(scheduleNotFound, { schedule: id });
  const of = { scheduleId: schedule.scheduleId, limit: MAX_RUNS + 1 };
  const runs = await selectRuns(db, platformId, of);
  return {
    ...(await viewOf(db, platformId, schedule)),
    runs: runs.slice(0, MAX_RUNS).map(runView),
    moreRuns: runs.length > MAX_RUNS,
  };
}

/** Schedules, newest first, below the id `before`. `next`: the `sch_…` to go on below, when there are more. */
export async function listSchedules(
  { db }: { db: Db },
  platformId: bigint,
  filter: {
    readonly state?: ScheduleState | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<{ schedules: readonly ScheduleView[]; next: string | undefined }> {
  const { limit } = filter;
  const found = await selectSchedules(db, platformId, { ...filter, limit: limit + 1 });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const ids = shown.flatMap(({ debit, credit }) => [debit, credit]);
  const accounts = await accountsById(db, platformId, ids);
  return {
    schedules: shown.map((schedule) => scheduleView(schedule, (id) => accounts.get(id))),
    next: last && found.length > limit ? textId('sch', last.scheduleId) : undefined,
  };
}

/** A schedule as people and programs see it. */
export async function viewOf(
  db: Db,
  platformId: bigint,
  schedule: Schedule,
): Promise<ScheduleView> {
  const accounts = await accountsById(db, platformId, [schedule.debit, schedule.credit]);
  return scheduleView(schedule, (id) => accounts.get(id));
}

function scheduleView(schedule: Schedule, accounts: AccountLookup): ScheduleView {
  const { scheduleId, state, debit, credit, amount, reference, memo, every } = schedule;
  const { firstAt, firstDate, untilDate, createdAt } = schedule;
  const { occurrence, dueDate, attempt, retryAt } = schedule;
  const next = { occurrence, businessDate: dueDate, at: firstAt, attempt, notBefore: retryAt };
  return {
    id: textId('sch', scheduleId),
    state,
    debitAccount: accounts(debit)?.number ?? null,
    creditAccount: accounts(credit)?.number ?? null,
    ...{ amount, currency: accounts(debit)?.currency ?? '', reference, memo, every },
    ...{ at: firstAt, from: firstDate, until: untilDate },
    next: state === 'active' ? next : null,
    createdAt,
  };
}

function runView(run: ScheduleRun): ScheduleRunView {
  const { occurrence, attempt, dueDate, triedAt, transferId, refusalCode } = run;
  return {
    ...{ occurrence, attempt, businessDate: dueDate, triedAt },
    status: refusalCode === null ? 'posted' : 'refused',
    transferId: transferId === null ? null : textMoveId('trf', transferId),
    problem: refusalCode === null ? null : { code: refusalCode, titles: titlesOf(refusalCode) },
  };
}

function titlesOf(code: string): ErrorDefinition['title'] {
  const known: readonly ErrorDefinition[] = Object.values(refusalErrors);
  return known.find((each) => each.code === code)?.title ?? { en: code, zh: code };
}
