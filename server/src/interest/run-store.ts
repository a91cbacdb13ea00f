import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { BusinessDate } from '../kernel/business-date.ts';
import { type AccountId, accountId } from '../ledger/index.ts';

/** A scheduled settlement: up to which day, on which business date. */
export interface Run {
  readonly to: BusinessDate;
  readonly date: BusinessDate;
}

/**
 * How far the run has looked; begins it when it is new. Undefined when there is nothing to do: it is through today, or
 * was on an earlier date without a problem; or no rate was ever put.
 */
export async function beginRun(
  db: Db,
  platformId: bigint,
  { to, date }: Run,
): Promise<AccountId | undefined> {
  const { rows: done } = await sql`
    select from interest_run
     where platform_id = ${platformId} and period_to = ${to}::date and finished_at is not null
       and (problems = 0 or business_date = ${date}::date)
     limit 1`.execute(db);
  if (done.length > 0) return undefined;
  const { rows } = await sql<{ lookedTo: bigint }>`
    insert into interest_run (platform_id, period_to, business_date)
    select ${platformId}, ${to}::date, ${date}::date
     where exists (select from interest_rate where platform_id = ${platformId} and valid_from <= ${to}::date)
    on conflict (platform_id, period_to, business_date) do update set looked_to = interest_run.looked_to
    returning looked_to as "lookedTo"`.execute(db);
  return rows[0] && accountId(rows[0].lookedTo);
}

/** Notes how far the run has looked: never back. */
export async function advanceRun(
  db: Db,
  platformId: bigint,
  { to, date, lookedTo }: Run & { lookedTo: AccountId },
): Promise<void> {
  await sql`
    update interest_run set looked_to = greatest(looked_to, ${lookedTo})
     where platform_id = ${platformId} and period_to = ${to}::date and business_date = ${date}::date`.execute(
    db,
  );
}

/** Notes that the run is through, and how many accounts have a problem. */
export async function finishRun(
  db: Db,
  platformId: bigint,
  { to, date, at }: Run & { at: Date },
): Promise<void> {
  await sql`
    update interest_run set finished_at = ${at}, problems = (
             select count(*) from interest_account a
              where a.platform_id = ${platformId} and a.problem is not null)
     where platform_id = ${platformId} and period_to = ${to}::date and business_date = ${date}::date
       and finished_at is null`.execute(db);
}
