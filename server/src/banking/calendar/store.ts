import { sql } from 'kysely';
import type { Db } from '../../db/database.ts';
import type { StatedDay } from './calendar.ts';

/** A day as a platform stated it. */
export interface OwnDay extends StatedDay {
  readonly date: string;
}

/** Reads what a platform stated itself. One platform has hundreds of such days, not more. */
export async function selectOwnDays(
  db: Db,
  platformId: bigint,
): Promise<{ years: ReadonlySet<number>; days: readonly OwnDay[] }> {
  const years = await db
    .selectFrom('calendar_year')
    .select('year')
    .where('platform_id', '=', platformId)
    .execute();
  const days = await db
    .selectFrom('calendar_day')
    .select(['day', 'source', 'working', 'name'])
    .where('platform_id', '=', platformId)
    .orderBy('day')
    .execute();
  return {
    years: new Set(years.map(({ year }) => year)),
    days: days.map(({ day, source, working, name }) => ({
      ...{ date: day, working, name },
      source: source === 'edited' ? 'edited' : 'imported',
    })),
  };
}

/** States one day. */
export async function upsertEditedDay(
  db: Db,
  platformId: bigint,
  day: { date: string; working: boolean; name: string | null; at: Date },
): Promise<void> {
  const { date, working, name, at } = day;
  await sql`
    insert into calendar_day (platform_id, day, source, working, name, changed_at)
    values (${platformId}, ${date}, 'edited', ${working}, ${name}, ${at})
    on conflict (platform_id, day, source) do update
       set working = excluded.working, name = excluded.name, changed_at = excluded.changed_at`.execute(
    db,
  );
}

/** Takes the statement of one day back. Says false when there was none. */
export async function deleteEditedDay(db: Db, platformId: bigint, date: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from calendar_day
     where platform_id = ${platformId} and day = ${date} and source = 'edited'`.execute(db);
  return Boolean(numAffectedRows);
}

/** Replaces the imported days of a year by these, in the transaction that is given; edited days stay. */
export async function replaceYear(
  tx: Db,
  platformId: bigint,
  input: {
    year: number;
    days: readonly { date: string; working: boolean; name: string | null }[];
    at: Date;
  },
): Promise<void> {
  const { year, days, at } = input;
  // The row of the year is the lock: two imports of one year come one after another.
  await sql`
    insert into calendar_year (platform_id, year, changed_at) values (${platformId}, ${year}, ${at})
    on conflict (platform_id, year) do update set changed_at = excluded.changed_at`.execute(tx);
  await sql`
    delete from calendar_day
     where platform_id = ${platformId} and source = 'imported'
       and day between make_date(${year}, 1, 1) and make_date(${year}, 12, 31)`.execute(tx);
  await sql`
    insert into calendar_day (platform_id, day, source, working, name, changed_at)
    select ${platformId}, day, 'imported', working, name, ${at}
      from unnest(${days.map(({ date }) => date)}::date[], ${days.map(({ working }) => working)}::boolean[],
                  ${days.map(({ name }) => name)}::text[]) as stated (day, working, name)`.execute(
    tx,
  );
}
