import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import type { NewUuid } from '../kernel/id.ts';

/** Events put in order by one transaction. */
export const SEQUENCED_AT_ONCE = 1_000;

interface Waiting {
  readonly sequence: bigint;
  readonly type: string;
  readonly objectId: string;
  readonly data: string;
  readonly createdAt: Date;
}

/**
 * Puts events that were committed into the feed, and in the same transaction before the endpoints that ask for them.
 * Says how many. Positions are given under a lock that is held until the commit, to rows that are there: so no
 * position becomes visible behind a reader, however late the transaction of an event commits. May run anywhere, any
 * number of times.
 */
export async function sequenceEvents(
  { db, clock, newUuid }: { db: Db; clock: Clock; newUuid: NewUuid },
  platformId: bigint,
): Promise<number> {
  if (!(await hasWaiting(db, platformId))) return 0;
  return db.transaction().execute(async (tx) => {
    const last = await lockFeed(tx, platformId);
    const waiting = await takeWaiting(tx, platformId);
    if (waiting.length === 0) return 0;
    const positions = waiting.map((_, i) => last + BigInt(i + 1));
    await sql`
      insert into event (platform_id, position, event_id, type, object_id, data, created_at)
        select ${platformId}, v.position, v.event_id, v.type, v.object_id, v.data::jsonb, v.created_at
          from unnest(${positions}::bigint[], ${waiting.map(() => newUuid())}::uuid[],
                      ${waiting.map(({ type }) => type)}::text[],
                      ${waiting.map(({ objectId }) => objectId)}::text[],
                      ${waiting.map(({ data }) => data)}::text[],
                      ${waiting.map(({ createdAt }) => createdAt)}::timestamptz[])
                 v (position, event_id, type, object_id, data, created_at)`.execute(tx);
    await sql`
      update event_feed set last_position = ${positions.at(-1)}
       where platform_id = ${platformId}`.execute(tx);
    await sql`
      insert into webhook_delivery (platform_id, webhook_endpoint_id, position, object_id, state, due_at)
        select e.platform_id, w.webhook_endpoint_id, e.position, e.object_id, 'pending', ${clock.now()}
          from event e
          join webhook_endpoint w on w.platform_id = e.platform_id and w.state = 'enabled'
                                 and (w.event_types = '{}' or e.type = any (w.event_types))
         where e.platform_id = ${platformId} and e.position > ${last}`.execute(tx);
    return waiting.length;
  });
}

async function hasWaiting(db: Db, platformId: bigint): Promise<boolean> {
  const row = await db
    .selectFrom('outbox')
    .select('sequence')
    .where('platform_id', '=', platformId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Waits for whoever gives positions now, and says which was the last. */
async function lockFeed(tx: Db, platformId: bigint): Promise<bigint> {
  await sql`
    insert into event_feed (platform_id) values (${platformId}) on conflict do nothing`.execute(tx);
  const { last_position } = await tx
    .selectFrom('event_feed')
    .select('last_position')
    .where('platform_id', '=', platformId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return last_position;
}

async function takeWaiting(tx: Db, platformId: bigint): Promise<readonly Waiting[]> {
  const { rows } = await sql<Waiting>`
    delete from outbox
     where platform_id = ${platformId}
       and sequence in (select sequence from outbox where platform_id = ${platformId}
                         order by sequence limit ${SEQUENCED_AT_ONCE})
    returning sequence, type, object_id as "objectId", data::text as data, created_at as "createdAt"`.execute(
    tx,
  );
  return rows.toSorted((a, b) => (a.sequence < b.sequence ? -1 : 1));
}
