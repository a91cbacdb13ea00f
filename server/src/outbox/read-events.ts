import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { eventNotFound } from './errors.ts';
import { type Event, type EventRow, eventUuid, toEvent } from './event.ts';

const COLUMNS = sql`position, event_id as "eventId", type, object_id as "objectId", data,
                    created_at as "createdAt"`;

/**
 * Events in the order of the feed, which never changes, behind the event with the id `after`, or from the first.
 * `hasMore`: there are more of them already. Throws AppError: `event_not_found` (`after`).
 */
export async function listEvents(
  { db }: { db: Db },
  platformId: bigint,
  filter: {
    after?: string | undefined;
    types?: readonly string[] | undefined;
    objectId?: string | undefined;
    limit: number;
  },
): Promise<{ events: readonly Event[]; hasMore: boolean }> {
  const { after, types, objectId, limit } = filter;
  const start = after === undefined ? 0n : (await rowOf(db, platformId, after)).position;
  const { rows } = await sql<EventRow>`
    select ${COLUMNS} from event
     where platform_id = ${platformId} and position > ${start}
       and (${types ?? null}::text[] is null or type = any (${types ?? null}::text[]))
       and (${objectId ?? null}::text is null or object_id = ${objectId ?? null})
     order by position limit ${limit + 1}`.execute(db);
  return { events: rows.slice(0, limit).map(toEvent), hasMore: rows.length > limit };
}

/** One event by `evt_…`. Throws AppError: `event_not_found`. */
export async function readEvent(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<Event> {
  return toEvent(await rowOf(db, platformId, id));
}

/** The row of one event by `evt_…`. Throws AppError: `event_not_found`. */
export async function rowOf(db: Db, platformId: bigint, id: string): Promise<EventRow> {
  const { rows } = await sql<EventRow>`
    select ${COLUMNS} from event
     where platform_id = ${platformId} and event_id = ${eventUuid(id) ?? null}::uuid`.execute(db);
  const [row] = rows;
  if (!row) throw new AppError(eventNotFound, { event: id });
  return row;
}
