import { strict as assert } from 'node:assert';
import { type Selectable, sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { ScheduledTransfer } from '../db/tables.ts';
import { int4Array, int8Array, textArray } from '../db/wire.ts';
import { type BusinessDate, businessDate } from '../kernel/business-date.ts';
import { accountId, type DocumentWriter } from '../ledger/index.ts';
import type { Every, Progress, Schedule, ScheduleFacts, ScheduleState } from './schedule.ts';

/** What became of an attempt. */
export interface ScheduleRun {
  readonly occurrence: number;
  readonly attempt: number;
  readonly dueDate: string | null;
  readonly triedAt: Date;
  readonly transferId: bigint | null;
  readonly refusalCode: string | null;
}

/** What is written with the money of an occurrence: which attempt it was, and how the schedule goes on. */
export interface OccurrenceRecord {
  readonly schedule: Schedule;
  readonly next: Progress;
}

/**
 * Notes that an occurrence was made, with its money. A schedule that was cancelled, or has gone on, meanwhile
 * undoes the submission: a cancelled schedule moves nothing from the cancellation on.
 */
export const occurrenceWriter: DocumentWriter<OccurrenceRecord> = {
  write: (platformId, items) => {
    const of = <T>(value: (record: OccurrenceRecord) => T) => items.map(({ row }) => value(row));
    return {
      name: 'transfers_occurrence',
      text: `with made as (
               update scheduled_transfer s
                  set state = v.state, occurrence = v.next_occurrence, due_date = v.next_date, attempt = 1,
                      retry_at = null
                 from unnest($2::text[]::uuid[], $3::int[], $4::int[], $5::text[]::date[], $6::text[], $7::int[],
                             $8::text[]::date[], $9::bigint[], $10::text[]::timestamptz[])
                        v (id, occurrence, attempt, due_date, state, next_occurrence, next_date, transfer_id, at)
                where s.platform_id = $1 and s.schedule_id = v.id and s.state = 'active'
                  and s.occurrence = v.occurrence and s.attempt = v.attempt
               returning v.id, v.occurrence, v.attempt, v.due_date, v.at, v.transfer_id),
             kept as (
               insert into scheduled_transfer_run (platform_id, schedule_id, occurrence, attempt, due_date, tried_at,
                      transfer_id)
               select $1, made.* from made
               returning 1)
             select expect_count(count(*), $11) from kept`,
      values: [
        platformId,
        textArray(of(({ schedule }) => schedule.scheduleId)),
        int4Array(of(({ schedule }) => schedule.occurrence)),
        int4Array(of(({ schedule }) => schedule.attempt)),
        textArray(of(({ schedule }) => schedule.dueDate)),
        textArray(of(({ next }) => next.state)),
        int4Array(of(({ next }) => next.occurrence)),
        textArray(of(({ next }) => next.dueDate)),
        int8Array(items.map(({ answer }) => answer.postings[0]?.moveId ?? null)),
        textArray(items.map(({ answer }) => answer.bookedAt.toISOString())),
        items.length,
      ],
    };
  },
};

/** Notes that an attempt was refused, and how the schedule goes on; false when somebody else has, or cancelled it. */
export async function insertRefusal(
  db: Db,
  platformId: bigint,
  { schedule, next, at, code }: { schedule: Schedule; next: Progress; at: Date; code: string },
): Promise<boolean> {
  const { scheduleId, occurrence, attempt, dueDate } = schedule;
  const { rows } = await sql`
    with refused as (
      update scheduled_transfer
         set state = ${next.state}, occurrence = ${next.occurrence}, due_date = ${next.dueDate},
             attempt = ${next.attempt}, retry_at = ${next.retryAt}
       where platform_id = ${platformId} and schedule_id = ${scheduleId} and state = 'active'
         and occurrence = ${occurrence} and attempt = ${attempt}
      returning schedule_id)
    insert into scheduled_transfer_run (platform_id, schedule_id, occurrence, attempt, due_date, tried_at, refusal_code)
    select ${platformId}, schedule_id, ${occurrence}, ${attempt}, ${dueDate}, ${at}, ${code} from refused
    returning 1 as one`.execute(db);
  return rows.length > 0;
}

/** Keeps a new schedule; false when the request id has one. */
export async function insertSchedule(
  db: Db,
  platformId: bigint,
  { requestId, schedule }: { requestId: string; schedule: Schedule },
): Promise<boolean> {
  const added = await db
    .insertInto('scheduled_transfer')
    .values({
      platform_id: platformId,
      schedule_id: schedule.scheduleId,
      request_id: requestId,
      debit_account_id: schedule.debit,
      credit_account_id: schedule.credit,
      amount: schedule.amount,
      reference: schedule.reference,
      memo: schedule.memo,
      every: schedule.every,
      first_at: schedule.firstAt,
      first_date: schedule.firstDate,
      until_date: schedule.untilDate,
      created_at: schedule.createdAt,
      state: schedule.state,
      occurrence: schedule.occurrence,
      due_date: schedule.dueDate,
      attempt: schedule.attempt,
      retry_at: schedule.retryAt,
    })
    .onConflict((conflict) => conflict.columns(['platform_id', 'request_id']).doNothing())
    .returning('schedule_id')
    .executeTakeFirst();
  return added !== undefined;
}

/** Ends a schedule that is active. */
export async function cancelActive(db: Db, platformId: bigint, scheduleId: string): Promise<void> {
  await db
    .updateTable('scheduled_transfer')
    .set({ state: 'cancelled' })
    .where('platform_id', '=', platformId)
    .where('schedule_id', '=', scheduleId)
    .where('state', '=', 'active')
    .execute();
}

/** Schedules of a platform, newest first, below the id `before`. */
export async function selectSchedules(
  db: Db,
  platformId: bigint,
  filter: {
    readonly scheduleId?: string | undefined;
    readonly requestId?: string | undefined;
    readonly state?: ScheduleState | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<readonly Schedule[]> {
  const { scheduleId, requestId, state, before, limit } = filter;
  let query = db.selectFrom('scheduled_transfer').selectAll().where('platform_id', '=', platformId);
  if (scheduleId !== undefined) query = query.where('schedule_id', '=', scheduleId);
  if (requestId !== undefined) query = query.where('request_id', '=', requestId);
  if (state !== undefined) query = query.where('state', '=', state);
  if (before !== undefined) query = query.where('schedule_id', '<', before);
  const rows = await query.orderBy('schedule_id', 'desc').limit(limit).execute();
  return rows.map(toSchedule);
}

/** Schedules that are due at a moment of a business date, those that wait for long first. */
export async function selectDue(
  db: Db,
  platformId: bigint,
  { at, date, limit }: { at: Date; date: BusinessDate; limit: number },
): Promise<readonly Schedule[]> {
  const rows = await db
    .selectFrom('scheduled_transfer')
    .selectAll()
    .where('platform_id', '=', platformId)
    .where('state', '=', 'active')
    .where(({ or, eb }) => or([eb('first_at', '<=', at), eb('due_date', '<=', date)]))
    .where(({ or, eb }) => or([eb('retry_at', 'is', null), eb('retry_at', '<=', at)]))
    .orderBy('due_date')
    .orderBy('schedule_id')
    .limit(limit)
    .execute();
  return rows.map(toSchedule);
}

/** What became of the attempts of a schedule, latest first. */
export async function selectRuns(
  db: Db,
  platformId: bigint,
  { scheduleId, limit }: { scheduleId: string; limit: number },
): Promise<readonly ScheduleRun[]> {
  const rows = await db
    .selectFrom('scheduled_transfer_run')
    .selectAll()
    .where('platform_id', '=', platformId)
    .where('schedule_id', '=', scheduleId)
    .orderBy('occurrence', 'desc')
    .orderBy('attempt', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    occurrence: row.occurrence,
    attempt: row.attempt,
    dueDate: row.due_date,
    triedAt: row.tried_at,
    transferId: row.transfer_id,
    refusalCode: row.refusal_code,
  }));
}

const EVERY: readonly Every[] = ['once', 'day', 'week', 'month'];
const STATES: readonly ScheduleState[] = ['active', 'finished', 'cancelled'];
type Row = Readonly<Selectable<ScheduledTransfer>>;

function toSchedule(row: Row): Schedule {
  return { ...toFacts(row), ...toProgress(row) };
}

function toFacts(row: Row): ScheduleFacts {
  return {
    scheduleId: row.schedule_id,
    debit: accountId(row.debit_account_id),
    credit: accountId(row.credit_account_id),
    amount: row.amount,
    reference: row.reference,
    memo: row.memo,
    every: oneOf(EVERY, row.every),
    firstAt: row.first_at,
    firstDate: dateOrNull(row.first_date),
    untilDate: dateOrNull(row.until_date),
    createdAt: row.created_at,
  };
}

function toProgress(row: Row): Progress {
  return {
    state: oneOf(STATES, row.state),
    occurrence: row.occurrence,
    dueDate: dateOrNull(row.due_date),
    attempt: row.attempt,
    retryAt: row.retry_at,
  };
}

const dateOrNull = (text: string | null) => (text === null ? null : businessDate(text));

function oneOf<T extends string>(all: readonly T[], text: string): T {
  const found = all.find((each) => each === text);
  assert(found, `the table allows no ${text}`);
  return found;
}
