import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type BusinessDate, businessDate } from '../kernel/business-date.ts';
import { moveIdAt } from '../kernel/id.ts';

/** Opens a platform's first business day. Done once, when the platform is opened. */
export async function openFirstDay(
  tx: Db,
  platformId: bigint,
  { date, at }: { date: BusinessDate; at: Date },
): Promise<void> {
  await tx
    .insertInto('business_day')
    .values({
      platform_id: platformId,
      business_date: date,
      first_move_id: moveIdAt(at),
      opened_at: at,
    })
    .execute();
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

/**
 * Closes the open business day and opens a later one: a crisp cut. It waits for the batches that share the
 * open day; no later one can carry the old date, and the new day's moves all have higher numbers than the
 * old day's, so that a date is a range of numbers. Does nothing, and says false, when the open day is not
 * before `next`.
 */
export async function rollDay(
  db: Db,
  platformId: bigint,
  { next, at }: { next: BusinessDate; at: Date },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const { rows: open } = await sql<{ business_date: string }>`
      select business_date from business_day
       where platform_id = ${platformId} and closed_at is null for update`.execute(tx);
    const [day] = open;
    if (!day || day.business_date >= next) return false;
    await sql`
      update business_day set closed_at = ${at}
       where platform_id = ${platformId} and business_date = ${day.business_date}`.execute(tx);
    await sql`
      insert into business_day (platform_id, business_date, first_move_id, opened_at)
      select p.platform_id, ${next}::date, greatest(${moveIdAt(at)}::bigint,
               (select max(transfer_id) + 1 from transfer where platform_id = ${platformId}),
               (select max(move_id) + 1 from hold_event where platform_id = ${platformId})), ${at}
        from platform p where p.platform_id = ${platformId}`.execute(tx);
    return true;
  });
}
