import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { EventRow } from './event.ts';
import type { Sent } from './send.ts';

/** A delivery that is this process's to send until its lease ends. */
export interface Leased extends EventRow {
  /** The number of the attempt that is to be made. */
  readonly attempts: number;
  /** The same, since it began or was asked for again. */
  readonly tries: number;
}

/**
 * Takes deliveries of an endpoint that are due, the longest due first, until `leasedUntil`. What somebody else has
 * taken is left to them, and nothing is taken while something earlier of its object is yet to be delivered. Who takes
 * one and is not heard of again loses it when the lease ends.
 */
export async function leaseDeliveries(
  db: Db,
  platformId: bigint,
  {
    endpointId,
    now,
    leasedUntil,
    limit,
  }: { endpointId: string; now: Date; leasedUntil: Date; limit: number },
): Promise<readonly Leased[]> {
  const { rows } = await sql<Leased>`
    with due as materialized (
      select c.position from webhook_delivery c
       where c.platform_id = ${platformId} and c.webhook_endpoint_id = ${endpointId} and c.state = 'pending'
         and c.due_at <= ${now} and (c.leased_until is null or c.leased_until <= ${now})
         and not exists (select from webhook_delivery e
                          where e.platform_id = ${platformId} and e.webhook_endpoint_id = ${endpointId}
                            and e.state = 'pending' and e.object_id = c.object_id and e.position < c.position)
       order by c.due_at, c.position
       limit ${limit}
         for update of c skip locked)
    update webhook_delivery d
       set leased_until = ${leasedUntil}, attempts = d.attempts + 1, tries = d.tries + 1
      from due, event e
     where d.platform_id = ${platformId} and d.webhook_endpoint_id = ${endpointId} and d.position = due.position
       and e.platform_id = ${platformId} and e.position = d.position
    returning d.position, d.attempts, d.tries, e.event_id as "eventId", e.type, e.object_id as "objectId", e.data,
              e.created_at as "createdAt"`.execute(db);
  return rows.toSorted((a, b) => (a.position < b.position ? -1 : 1));
}

/** What becomes of a delivery after an attempt. */
export type Outcome =
  | { readonly state: 'delivered'; readonly at: Date }
  | { readonly state: 'failed' }
  | { readonly state: 'pending'; readonly dueAt: Date };

/**
 * Keeps an attempt in the log, and what becomes of the delivery. The latter is left as it is when somebody else has
 * taken it meanwhile: then our lease had ended.
 */
export async function recordAttempt(
  db: Db,
  platformId: bigint,
  endpointId: string,
  { leased, sent, outcome }: { leased: Leased; sent: Sent; outcome: Outcome },
): Promise<void> {
  const { position, attempts } = leased;
  const deliveredAt = outcome.state === 'delivered' ? outcome.at : null;
  const dueAt = outcome.state === 'pending' ? outcome.dueAt : null;
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('webhook_attempt')
      .values({
        ...{ platform_id: platformId, webhook_endpoint_id: endpointId, position, number: attempts },
        ...{ attempted_at: sent.attemptedAt, elapsed_ms: sent.elapsedMs },
        ...{ status: sent.status, error: sent.error },
      })
      .execute();
    await sql`
      update webhook_delivery
         set state = ${outcome.state}, leased_until = null, delivered_at = ${deliveredAt},
             due_at = coalesce(${dueAt}, due_at)
       where platform_id = ${platformId} and webhook_endpoint_id = ${endpointId} and position = ${position}
         and attempts = ${attempts} and state = 'pending'`.execute(tx);
  });
}

/** One line of the delivery log. */
export interface DeliveryRow {
  readonly position: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly objectId: string;
  readonly state: string;
  readonly attempts: number;
  readonly dueAt: Date;
  readonly deliveredAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
}

/** Deliveries of an endpoint, the latest event first, with what the last attempt was answered. */
export async function selectDeliveries(
  db: Db,
  platformId: bigint,
  filter: {
    endpointId: string;
    position?: bigint | undefined;
    state?: string | undefined;
    before?: bigint | undefined;
    limit: number;
  },
): Promise<readonly DeliveryRow[]> {
  const { endpointId, position = null, state = null, before = null, limit } = filter;
  const { rows } = await sql<DeliveryRow>`
    select d.position, e.event_id as "eventId", e.type, d.object_id as "objectId", d.state, d.attempts,
           d.due_at as "dueAt", d.delivered_at as "deliveredAt", a.status as "lastStatus", a.error as "lastError"
      from webhook_delivery d
      join event e on e.platform_id = d.platform_id and e.position = d.position
      left join lateral (select status, error from webhook_attempt
                          where platform_id = d.platform_id and webhook_endpoint_id = d.webhook_endpoint_id
                            and position = d.position order by number desc limit 1) a on true
     where d.platform_id = ${platformId} and d.webhook_endpoint_id = ${endpointId}
       and (${position}::bigint is null or d.position = ${position})
       and (${state}::text is null or d.state = ${state})
       and (${before}::bigint is null or d.position < ${before})
     order by d.position desc limit ${limit}`.execute(db);
  return rows;
}

/** One attempt of the log. */
export interface AttemptRow {
  readonly number: number;
  readonly attemptedAt: Date;
  readonly elapsedMs: number;
  readonly status: number | null;
  readonly error: string | null;
}

/** The attempts of one delivery, the latest first. */
export async function selectAttempts(
  db: Db,
  platformId: bigint,
  { endpointId, position, limit }: { endpointId: string; position: bigint; limit: number },
): Promise<readonly AttemptRow[]> {
  const { rows } = await sql<AttemptRow>`
    select number, attempted_at as "attemptedAt", elapsed_ms as "elapsedMs", status, error from webhook_attempt
     where platform_id = ${platformId} and webhook_endpoint_id = ${endpointId} and position = ${position}
     order by number desc limit ${limit}`.execute(db);
  return rows;
}

/**
 * Makes events of those types due for an endpoint, from `since` or one by its position: also those that it has got or
 * that were given up, and those from before it was there. Says how many; at most `limit`, the earliest ones.
 */
export async function makeDue(
  db: Db,
  platformId: bigint,
  what: {
    endpointId: string;
    types: readonly string[];
    since?: Date | undefined;
    position?: bigint | undefined;
    onlyFailed: boolean;
    now: Date;
    limit: number;
  },
): Promise<number> {
  const { endpointId, types, since = null, position = null, onlyFailed, now, limit } = what;
  const { rows } = await sql`
    insert into webhook_delivery as d (platform_id, webhook_endpoint_id, position, object_id, state, due_at)
      select e.platform_id, ${endpointId}::uuid, e.position, e.object_id, 'pending', ${now}::timestamptz
        from event e
        left join webhook_delivery w on w.platform_id = ${platformId} and w.position = e.position
                                    and w.webhook_endpoint_id = ${endpointId}
       where e.platform_id = ${platformId}
         and (${position}::bigint is null or e.position = ${position})
         and (${since}::timestamptz is null or e.created_at >= ${since})
         and (${types}::text[] = '{}' or e.type = any (${types}::text[]))
         and w.state is distinct from 'pending' and (not ${onlyFailed}::boolean or w.state = 'failed')
       order by e.position limit ${limit}
    on conflict (platform_id, webhook_endpoint_id, position) do update
       set state = 'pending', tries = 0, due_at = ${now}, leased_until = null, delivered_at = null
     where d.state <> 'pending'
    returning 1`.execute(db);
  return rows.length;
}
