import { amount as toAmount } from '../kernel/amount.ts';
import { type BusinessDate, isBusinessDate } from '../kernel/business-date.ts';
import { AppError, type FieldError } from '../kernel/error.ts';
import { type NewUuid, uuidOf } from '../kernel/id.ts';
import { openBusinessDate, refusalErrors, type TransferMove } from '../ledger/index.ts';
import { accountsByNumber } from '../virtual-accounts/index.ts';
import { scheduleFinished, scheduleInvalid, scheduleNotFound } from './errors.ts';
import { type TransferInput, transferMove } from './moves.ts';
import { readSchedule, type ScheduleView, viewOf } from './read-schedules.ts';
import { type Every, type Schedule, type ScheduleFacts, startOf } from './schedule.ts';
import { cancelActive, insertSchedule, selectSchedules } from './schedule-store.ts';
import type { Mode, Submitted, TransferDeps } from './submit.ts';

/** What the use cases of scheduled transfers need. */
export interface ScheduleDeps extends TransferDeps {
  readonly newUuid: NewUuid;
}

/** When, as it is asked: dates are texts that may be none. */
export type WhenInput =
  | { readonly at: Date }
  | { readonly businessDate: string }
  | {
      readonly every: Exclude<Every, 'once'>;
      readonly from: string;
      readonly until?: string | undefined;
    };

/** What a scheduled transfer is asked with. */
export interface ScheduleInput extends TransferInput {
  readonly when: WhenInput;
}

/**
 * Keeps a transfer that is made later (预约转账): once at an instant, once on a business date, or every day, week or
 * month from a business date on. Money is looked at when it is due, not now. Without a request id it is a dry run.
 *
 * Throws AppError: what `transferMove` refuses, `different_main_accounts`, `schedule_invalid`, `request_id_reused`.
 */
export async function scheduleTransfer(
  deps: ScheduleDeps,
  platformId: bigint,
  input: ScheduleInput,
  mode: Mode,
): Promise<Submitted<ScheduleView>> {
  const { db, clock, newUuid } = deps;
  const { debitAccount, creditAccount, when } = input;
  const accounts = await accountsByNumber(db, platformId, [debitAccount, creditAccount]);
  const move = transferMove(input, { accounts, at: '' });
  const [payer, payee] = [accounts.get(debitAccount), accounts.get(creditAccount)];
  if (payer?.mainAccountId !== payee?.mainAccountId) {
    const facts = { debit: debitAccount, credit: creditAccount, field: '/creditAccount' };
    throw new AppError(refusalErrors.different_main_accounts, facts);
  }
  const asked = {
    ...factsOf(move, timesOf(when)),
    ...{ scheduleId: newUuid(), createdAt: clock.now() },
  };
  const schedule: Schedule = { ...asked, ...startOf(asked) };
  const before = mode.dryRun ? undefined : await findRequest(deps, platformId, mode.requestId);
  if (before) return repeatOf(deps, platformId, { before, schedule });
  refusePast(schedule, { now: clock.now(), today: await openBusinessDate(db, platformId) });
  if (mode.dryRun) {
    const view = await viewOf(db, platformId, schedule);
    return { repeated: false, result: { ...view, id: null, dryRun: true } };
  }
  const { requestId } = mode;
  if (await insertSchedule(db, platformId, { requestId, schedule })) {
    return { repeated: false, result: await viewOf(db, platformId, schedule) };
  }
  // The same request at the same time was faster.
  const faster = await findRequest(deps, platformId, requestId);
  if (!faster) throw new AppError(refusalErrors.request_id_reused, {});
  return repeatOf(deps, platformId, { before: faster, schedule });
}

/**
 * Ends a schedule: from the answer on it moves nothing. One that is cancelled already is answered the same way.
 * Throws AppError: `schedule_not_found`, `schedule_finished`.
 */
export async function cancelSchedule(
  { db }: Pick<ScheduleDeps, 'db'>,
  platformId: bigint,
  id: string,
): Promise<ScheduleView> {
  const scheduleId = uuidOf('sch', id);
  if (scheduleId === undefined) throw new AppError(scheduleNotFound, { schedule: id });
  await cancelActive(db, platformId, scheduleId);
  const { runs: _, moreRuns: __, ...schedule } = await readSchedule({ db }, platformId, id);
  if (schedule.state === 'finished') throw new AppError(scheduleFinished, { schedule: id });
  return schedule;
}

async function findRequest(
  { db }: Pick<ScheduleDeps, 'db'>,
  platformId: bigint,
  requestId: string,
): Promise<Schedule | undefined> {
  const [found] = await selectSchedules(db, platformId, { requestId, limit: 1 });
  return found;
}

/** The answer that the request got: the schedule as it was when it was made. */
async function repeatOf(
  { db }: Pick<ScheduleDeps, 'db'>,
  platformId: bigint,
  { before, schedule }: { before: Schedule; schedule: Schedule },
): Promise<Submitted<ScheduleView>> {
  if (contentOf(before) !== contentOf(schedule)) {
    throw new AppError(refusalErrors.request_id_reused, {});
  }
  const made = { ...before, ...startOf(before) };
  return { repeated: true, result: await viewOf(db, platformId, made) };
}

const contentOf = ({ debit, credit, amount, reference, memo, every, ...when }: Schedule) =>
  JSON.stringify([
    ...[debit, credit, amount].map(String),
    ...[reference, memo, every, when.firstAt, when.firstDate, when.untilDate],
  ]);

type Times = Pick<ScheduleFacts, 'every' | 'firstAt' | 'firstDate' | 'untilDate'>;

function timesOf(when: WhenInput): Times {
  if ('at' in when) return { every: 'once', firstAt: when.at, firstDate: null, untilDate: null };
  if ('businessDate' in when) {
    const firstDate = dateOf(when.businessDate, '/when/businessDate');
    return { every: 'once', firstAt: null, firstDate, untilDate: null };
  }
  const firstDate = dateOf(when.from, '/when/from');
  const untilDate = when.until === undefined ? null : dateOf(when.until, '/when/until');
  if (untilDate !== null && untilDate < firstDate) {
    throw invalidAt('/when/until', 'must not be before `from`');
  }
  return { every: when.every, firstAt: null, firstDate, untilDate };
}

function dateOf(text: string, pointer: string): BusinessDate {
  if (isBusinessDate(text)) return text;
  throw invalidAt(pointer, 'must be a date of the calendar, YYYY-MM-DD');
}

function factsOf(move: TransferMove, times: Times) {
  const { debit, credit, amount, reference = null, memo = null } = move;
  return { debit, credit, amount: toAmount(amount), reference, memo, ...times };
}

function refusePast(
  { firstAt, firstDate, every }: Schedule,
  { now, today }: { now: Date; today: BusinessDate },
): void {
  if (firstAt !== null && firstAt <= now) throw invalidAt('/when/at', 'must be still to come');
  if (firstDate !== null && firstDate < today) {
    const field = every === 'once' ? '/when/businessDate' : '/when/from';
    throw invalidAt(field, `must not be before the open business date, ${today}`);
  }
}

function invalidAt(pointer: string, detail: string): AppError {
  const errors: readonly FieldError[] = [{ pointer, detail }];
  return new AppError(scheduleInvalid, { errors });
}
