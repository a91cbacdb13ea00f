import { type Originated, recordChange } from '../audit/index.ts';
import { type Db, inTransaction } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import { textId } from '../kernel/id.ts';
import type { Random } from '../kernel/random.ts';
import type { Sealer } from '../sealing/index.ts';
import { urlRefusal } from './address.ts';
import {
  type Endpoint,
  type EndpointRow,
  endpointTextId,
  endpointUuid,
  toEndpoint,
} from './endpoint.ts';
import {
  type EndpointChange,
  insertEndpoint,
  removeEndpointRow,
  replaceSecret,
  selectEndpoints,
  updateEndpoint,
} from './endpoint-store.ts';
import { tooManyWebhookEndpoints, webhookEndpointNotFound, webhookUrlRefused } from './errors.ts';
import { eventBody } from './event.ts';
import { newWebhookSecret, openSecrets, sealSecret, signingAt } from './secret.ts';
import { type Sent, sendMessage } from './send.ts';

/** What the use cases of webhooks need. */
export interface WebhookDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly newUuid: NewUuid;
  readonly sealer: Sealer;
  /** Webhooks may go to private and loopback addresses, and over plain http. */
  readonly webhooksToPrivate: boolean;
}

/** Endpoints of one platform. */
export const MAX_ENDPOINTS = 50;

/** What an endpoint is added with. */
export interface NewEndpoint {
  readonly url: string;
  readonly description?: string | undefined;
  readonly eventTypes?: readonly string[] | undefined;
}

/**
 * Adds an endpoint (Webhook 端点): it is told of events from now on. The secret is in the answer this once. Throws
 * AppError: `webhook_url_refused`, `too_many_webhook_endpoints`.
 */
export async function addEndpoint(
  deps: WebhookDeps,
  platformId: bigint,
  { url, description = '', eventTypes = [] }: NewEndpoint,
): Promise<Endpoint & { readonly secret: string }> {
  const { db, clock, random, newUuid, sealer, origin } = deps;
  checkUrl(deps, url);
  const others = await selectEndpoints(db, platformId, { limit: MAX_ENDPOINTS });
  if (others.length >= MAX_ENDPOINTS) {
    throw new AppError(tooManyWebhookEndpoints, { limit: MAX_ENDPOINTS });
  }
  const endpointId = newUuid();
  const secret = newWebhookSecret(random);
  const createdAt = clock.now();
  const types = [...new Set(eventTypes)];
  const sealed = sealSecret(sealer, platformId, { endpointId, secret });
  await inTransaction(db, async (tx) => {
    const row = { endpointId, url, description, secret: sealed, eventTypes: types, createdAt };
    await insertEndpoint(tx, platformId, row);
    await recordChange(tx, platformId, {
      ...{ origin, at: createdAt, action: 'webhook_endpoint.added', before: null },
      object: { type: 'webhook_endpoint', id: endpointTextId(endpointId) },
      after: { url, eventTypes: types },
    });
  });
  return { ...toEndpoint(await rowOfEndpoint(db, platformId, endpointId)), secret };
}

/** The endpoints of a platform, in the order of adding. */
export async function listEndpoints(
  { db }: { db: Db },
  platformId: bigint,
): Promise<readonly Endpoint[]> {
  return (await selectEndpoints(db, platformId, { limit: MAX_ENDPOINTS })).map(toEndpoint);
}

/** One endpoint by `whe_…`. Throws AppError: `webhook_endpoint_not_found`. */
export async function readEndpoint(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<Endpoint> {
  return toEndpoint(await findEndpoint(db, platformId, id));
}

/**
 * Changes what is named. An endpoint that is enabled again gets what was pending; of what happened while it was
 * disabled it is told by a replay alone. Throws AppError: `webhook_endpoint_not_found`, `webhook_url_refused`.
 */
export async function changeEndpoint(
  deps: WebhookDeps,
  platformId: bigint,
  id: string,
  change: EndpointChange,
): Promise<Endpoint> {
  if (change.url !== undefined) checkUrl(deps, change.url);
  return audited(deps, platformId, { id, action: 'webhook_endpoint.changed' }, async (tx, row) => {
    await updateEndpoint(tx, platformId, row.endpointId, change);
    return readEndpoint({ db: tx }, platformId, id);
  });
}

/** Removes an endpoint: nothing more is sent to it. Throws AppError: `webhook_endpoint_not_found`. */
export async function removeEndpoint(
  deps: ChangeDeps,
  platformId: bigint,
  id: string,
): Promise<void> {
  await audited(deps, platformId, { id, action: 'webhook_endpoint.removed' }, async (tx, row) => {
    await removeEndpointRow(tx, platformId, row.endpointId);
    return null;
  });
}

/**
 * Gives an endpoint a new secret. The one before it goes on signing for `overlapMs`, so that the receiver can change
 * over without missing a message; one before that signs no more. Throws AppError: `webhook_endpoint_not_found`.
 */
export async function rotateSecret(
  deps: ChangeDeps & Pick<WebhookDeps, 'random' | 'sealer'>,
  platformId: bigint,
  id: string,
  { overlapMs }: { overlapMs: number },
): Promise<Endpoint & { readonly secret: string }> {
  const secret = newWebhookSecret(deps.random);
  const until = new Date(deps.clock.now().getTime() + overlapMs);
  const what = { id, action: 'webhook_endpoint.secret_rotated' } as const;
  const endpoint = await audited(deps, platformId, what, async (tx, { endpointId }) => {
    const sealed = sealSecret(deps.sealer, platformId, { endpointId, secret });
    await replaceSecret(tx, platformId, endpointId, { secret: sealed, until });
    return readEndpoint({ db: tx }, platformId, id);
  });
  return { ...endpoint, secret };
}

/**
 * Sends a test message of type `webhook_endpoint.ping` at once, and says what came of it. It is in no feed and no log,
 * and is sent to a disabled endpoint too. Throws AppError: `webhook_endpoint_not_found`.
 */
export async function pingEndpoint(
  { db, clock, newUuid, sealer, webhooksToPrivate }: WebhookDeps,
  platformId: bigint,
  id: string,
): Promise<Sent> {
  const row = await findEndpoint(db, platformId, id);
  const createdAt = clock.now();
  const event = {
    ...{ id: textId('evt', newUuid()), type: 'webhook_endpoint.ping' },
    ...{ objectId: id, data: {}, createdAt },
  };
  const message = { id: event.id, body: eventBody(event) };
  const signing = openSecrets(sealer, platformId, row);
  const to = { url: row.url, secrets: signingAt(signing, createdAt) };
  return sendMessage({ clock, toPrivate: webhooksToPrivate }, message, to);
}

/** What a change of an endpoint needs. */
type ChangeDeps = Pick<WebhookDeps, 'db' | 'clock' | 'origin'>;

/** Changes an endpoint, and writes down what it was and what it is then; null when it is no more. */
async function audited<After extends Endpoint | null>(
  { db, clock, origin }: ChangeDeps,
  platformId: bigint,
  { id, action }: { id: string; action: `webhook_endpoint.${string}` },
  change: (tx: Db, row: EndpointRow) => Promise<After>,
): Promise<After> {
  return inTransaction(db, async (tx) => {
    const row = await findEndpoint(tx, platformId, id);
    const after = await change(tx, row);
    await recordChange(tx, platformId, {
      ...{ origin, at: clock.now(), action },
      object: { type: 'webhook_endpoint', id },
      before: auditFacts(toEndpoint(row)),
      after: after && auditFacts(after),
    });
    return after;
  });
}

const auditFacts = ({ url, eventTypes, state, previousSecretUntil }: Endpoint) => ({
  ...{ url, eventTypes, state },
  previousSecretUntil: previousSecretUntil?.toISOString() ?? null,
});

/** The row of an endpoint by `whe_…`. Throws AppError: `webhook_endpoint_not_found`. */
export async function findEndpoint(db: Db, platformId: bigint, id: string): Promise<EndpointRow> {
  const endpointId = endpointUuid(id);
  const [row] =
    endpointId === undefined ? [] : await selectEndpoints(db, platformId, { endpointId, limit: 1 });
  if (!row) throw new AppError(webhookEndpointNotFound, { webhookEndpoint: id });
  return row;
}

async function rowOfEndpoint(db: Db, platformId: bigint, endpointId: string): Promise<EndpointRow> {
  const [row] = await selectEndpoints(db, platformId, { endpointId, limit: 1 });
  if (!row) throw new Error('the endpoint was added');
  return row;
}

function checkUrl({ webhooksToPrivate: toPrivate }: WebhookDeps, url: string): void {
  const reason = urlRefusal(url, { toPrivate });
  if (reason !== undefined) throw new AppError(webhookUrlRefused, { reason, field: '/url' });
}
