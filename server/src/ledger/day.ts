import { sql } from 'kysely';
import { type Db, inTransaction } from '../db/database.ts';
import { type BusinessDate, businessDate } from '../kernel/business-date.ts';
import { moveIdAt } from '../kernel/id.ts';

/** Opens a platform's first business day. Done once, when the platform is opened. */
export async function openFirstDay(
  tx: Db,
  platformId: bigint,
  { date, at }: { date: BusinessDate; at: Date },
): Promise<void> {
  await insertDay(tx, platformId, { date, at, firstMoveId: moveIdAt(at) });
}

/** The business date that moves of the platform are stamped with now. */
export async function openBusinessDate(db: Db, platformId: bigint): Promise<BusinessDate> {
  const { business_date } = await db
    .selectFrom('business_day')
    .select('business_date')
    .where('platform_id', '=', platformId)
    .where('closed_at', 'is', null)
    .executeTakeFirstOrThrow();
  return businessDate(business_date);
}

/** The open business date, and the version of the rules that hold: see `changeRules`. */
export async function readRulesVersion(
  db: Db,
  platformId: bigint,
): Promise<{ readonly businessDate: BusinessDate; readonly rulesVersion: bigint }> {
  const row = await db
    .selectFrom('business_day')
    .select(['business_date', 'rules_version'])
    .where('platform_id', '=', platformId)
    .where('closed_at', 'is', null)
    .executeTakeFirstOrThrow();
  return { businessDate: businessDate(row.business_date), rulesVersion: row.rules_version };
}

/**
 * Says that rules above the ledger change with this transaction, and does `work` under the lane's lock: what was
 * looked at under the rules before (`Submission.rulesVersion`) is not done any more once it has committed.
 */
export async function changeRules<T>(
  db: Db,
  platformId: bigint,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  return inTransaction(db, async (tx) => {
    await lockLane(tx, platformId);
    await sql`update business_day set rules_version = rules_version + 1
               where platform_id = ${platformId} and closed_at is null`.execute(tx);
    return work(tx);
  });
}

/** Days that may close one after another while somebody waits for the open one. */
const MAX_DAYS_WAITED_FOR = 5;

/**
 * Locks the platform's lane until the transaction ends: no batch of the platform runs meanwhile, and what
 * servers remember of its accounts counts no longer. Whoever changes a guarded account or the business day
 * takes this lock first.
 */
export async function lockLane(
  tx: Db,
  platformId: bigint,
): Promise<{
  readonly businessDate: BusinessDate;
  readonly lastMoveId: bigint;
  readonly rulesVersion: bigint;
}> {
  // A day that closes while we wait for it is no longer the open one: then there is a next.
  for (let attempt = 1; attempt <= MAX_DAYS_WAITED_FOR; attempt += 1) {
    const day = await lockOpenDay(tx, platformId);
    if (day) return day;
  }
  throw new Error(`platform ${platformId} has no open business day`);
}

async function lockOpenDay(tx: Db, platformId: bigint) {
  const { rows } = await sql<{ businessDate: string; lastMoveId: bigint; rulesVersion: bigint }>`
    update business_day set version = version + 1 where platform_id = ${platformId} and closed_at is null
    returning business_date as "businessDate", last_move_id as "lastMoveId", rules_version as "rulesVersion"`.execute(
    tx,
  );
  const [day] = rows;
  return day && { ...day, businessDate: businessDate(day.businessDate) };
}

/**
 * Closes the open business day and opens a later one: a crisp cut. It waits for the batch under way; no later
 * one can carry the old date, and the new day's moves all have higher numbers than the old day's, so that a
 * date is a range of numbers. Does nothing, and says false, when the open day is not before `next`.
 */
export async function rollDay(
  db: Db,
  platformId: bigint,
  { next, at }: { next: BusinessDate; at: Date },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const day = await lockLane(tx, platformId);
    if (day.businessDate >= next) return false;
    const now = moveIdAt(at);
    const firstMoveId = now > day.lastMoveId ? now : day.lastMoveId + 1n;
    await tx
      .updateTable('business_day')
      .set({ closed_at: at })
      .where('platform_id', '=', platformId)
      .where('business_date', '=', day.businessDate)
      .execute();
    await insertDay(tx, platformId, {
      ...{ date: next, at, firstMoveId, rulesVersion: day.rulesVersion },
    });
    return true;
  });
}

async function insertDay(
  tx: Db,
  platformId: bigint,
  {
    date,
    at,
    firstMoveId,
    rulesVersion = 0n,
  }: { date: BusinessDate; at: Date; firstMoveId: bigint; rulesVersion?: bigint },
): Promise<void> {
  await tx
    .insertInto('business_day')
    .values({
      platform_id: platformId,
      business_date: date,
      first_move_id: firstMoveId,
      last_move_id: firstMoveId - 1n,
      opened_at: at,
      rules_version: rulesVersion,
    })
    .execute();
}
