import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { DisabledReason, EndpointRow } from './endpoint.ts';

const COLUMNS = sql`webhook_endpoint_id as "endpointId", url, description, event_types as "eventTypes", state,
                    disabled_reason as "disabledReason", secret, previous_secret as "previousSecret",
                    previous_until as "previousUntil", failing_since as "failingSince",
                    failed_rounds as "failedRounds", created_at as "createdAt"`;

/** Endpoints that were not removed, in the order of adding; one by its UUID. */
export async function selectEndpoints(
  db: Db,
  platformId: bigint,
  { endpointId, limit }: { endpointId?: string | undefined; limit: number },
): Promise<readonly EndpointRow[]> {
  const { rows } = await sql<EndpointRow>`
    select ${COLUMNS} from webhook_endpoint
     where platform_id = ${platformId} and state <> 'removed'
       and (${endpointId ?? null}::uuid is null or webhook_endpoint_id = ${endpointId ?? null})
     order by webhook_endpoint_id limit ${limit}`.execute(db);
  return rows;
}

/** Endpoints that have something to be sent to them now. */
export async function selectDueEndpoints(
  db: Db,
  platformId: bigint,
  { now, limit }: { now: Date; limit: number },
): Promise<readonly EndpointRow[]> {
  const { rows } = await sql<EndpointRow>`
    select ${COLUMNS} from webhook_endpoint w
     where platform_id = ${platformId} and state = 'enabled' and (quiet_until is null or quiet_until <= ${now})
       and exists (select from webhook_delivery d
                    where d.platform_id = ${platformId} and d.webhook_endpoint_id = w.webhook_endpoint_id
                      and d.state = 'pending' and d.due_at <= ${now}
                      and (d.leased_until is null or d.leased_until <= ${now}))
     order by webhook_endpoint_id limit ${limit}`.execute(db);
  return rows;
}

/** Adds an enabled endpoint. */
export async function insertEndpoint(
  db: Db,
  platformId: bigint,
  endpoint: Pick<EndpointRow, 'endpointId' | 'url' | 'description' | 'secret' | 'createdAt'> & {
    readonly eventTypes: readonly string[];
  },
): Promise<void> {
  await db
    .insertInto('webhook_endpoint')
    .values({
      platform_id: platformId,
      webhook_endpoint_id: endpoint.endpointId,
      url: endpoint.url,
      description: endpoint.description,
      event_types: [...endpoint.eventTypes],
      state: 'enabled',
      secret: endpoint.secret,
      created_at: endpoint.createdAt,
    })
    .execute();
}

/** What may be changed about an endpoint; what is not named stays. Enabling begins anew, without its failures. */
export interface EndpointChange {
  readonly url?: string | undefined;
  readonly description?: string | undefined;
  readonly eventTypes?: readonly string[] | undefined;
  readonly state?: 'enabled' | 'disabled' | undefined;
}

/** Changes an endpoint that was not removed. */
export async function updateEndpoint(
  db: Db,
  platformId: bigint,
  endpointId: string,
  { url, description, eventTypes, state }: EndpointChange,
): Promise<void> {
  const anew = { failing_since: null, failed_rounds: 0, quiet_until: null };
  await db
    .updateTable('webhook_endpoint')
    .set({
      url: url ?? sql<string>`url`,
      ...(description === undefined ? {} : { description }),
      ...(eventTypes === undefined ? {} : { event_types: [...eventTypes] }),
      ...(state === 'enabled' ? { state, disabled_reason: null, ...anew } : {}),
      ...(state === 'disabled' ? { state, disabled_reason: 'asked' } : {}),
    })
    .where('platform_id', '=', platformId)
    .where('webhook_endpoint_id', '=', endpointId)
    .where('state', '<>', 'removed')
    .execute();
}

/** Removes an endpoint; what is left of it is its log. Its secrets are forgotten. */
export async function removeEndpointRow(
  db: Db,
  platformId: bigint,
  endpointId: string,
): Promise<void> {
  await db
    .updateTable('webhook_endpoint')
    .set({ state: 'removed', disabled_reason: null, secret: '' })
    .set({ previous_secret: null, previous_until: null })
    .where('platform_id', '=', platformId)
    .where('webhook_endpoint_id', '=', endpointId)
    .execute();
}

/** Puts a new secret in the place of the one that is there, which goes on signing until `until`. */
export async function replaceSecret(
  db: Db,
  platformId: bigint,
  endpointId: string,
  { secret, until }: { secret: string; until: Date },
): Promise<void> {
  await sql`
    update webhook_endpoint set previous_secret = secret, previous_until = ${until}, secret = ${secret}
     where platform_id = ${platformId} and webhook_endpoint_id = ${endpointId} and state <> 'removed'`.execute(
    db,
  );
}

/** Says of an endpoint that it takes messages: what it failed before is over. */
export async function markSucceeding(
  db: Db,
  platformId: bigint,
  endpointId: string,
): Promise<void> {
  await sql`
    update webhook_endpoint set failing_since = null, failed_rounds = 0, quiet_until = null
     where platform_id = ${platformId} and webhook_endpoint_id = ${endpointId}
       and failing_since is not null`.execute(db);
}

/** Says of an endpoint that it took nothing, and until when to leave it in peace. Gives since when it fails. */
export async function markFailing(
  db: Db,
  platformId: bigint,
  endpointId: string,
  { at, quietUntil }: { at: Date; quietUntil: Date },
): Promise<Date | undefined> {
  const { rows } = await sql<{ since: Date }>`
    update webhook_endpoint
       set failing_since = coalesce(failing_since, ${at}), failed_rounds = failed_rounds + 1,
           quiet_until = ${quietUntil}
     where platform_id = ${platformId} and webhook_endpoint_id = ${endpointId} and state = 'enabled'
    returning failing_since as since`.execute(db);
  return rows[0]?.since;
}

/** Disables an enabled endpoint; false when it was not enabled any more. */
export async function disableEndpoint(
  db: Db,
  platformId: bigint,
  endpointId: string,
  reason: DisabledReason,
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update webhook_endpoint set state = 'disabled', disabled_reason = ${reason}
     where platform_id = ${platformId} and webhook_endpoint_id = ${endpointId} and state = 'enabled'`.execute(
    db,
  );
  return numAffectedRows > 0n;
}
