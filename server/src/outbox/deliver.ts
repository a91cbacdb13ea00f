import { recordChange } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import type { Sealer } from '../sealing/index.ts';
import { type Leased, leaseDeliveries, type Outcome, recordAttempt } from './delivery-store.ts';
import { type EndpointRow, endpointTextId } from './endpoint.ts';
import {
  disableEndpoint,
  markFailing,
  markSucceeding,
  selectDueEndpoints,
} from './endpoint-store.ts';
import { eventBody, toEvent } from './event.ts';
import { isFailingTooLong, pauseAfter, quietAfter } from './retry.ts';
import { openSecrets, type Signing, signingAt } from './secret.ts';
import { SEND_LIMIT_MS, type Sent, sendMessage } from './send.ts';
import { writeEvents } from './write-events.ts';

/** Messages under way to one endpoint from one process. */
const AT_ONCE = 10;
/** To one that fails: enough to see whether it is back. */
const AT_ONCE_FAILING = 1;
/** Rounds for one endpoint before it is looked at again. */
const MAX_ROUNDS = 20;
/** Endpoints that one process sends to at once. */
const MAX_ENDPOINTS_AT_ONCE = 64;
/** Longer than any attempt takes, with its record. */
const LEASE_MS = 4 * SEND_LIMIT_MS;
/** The endpoint says that it is no more, and wants nothing more (Standard Webhooks). */
const GONE = 410;

/** What the deliverer works with. */
export interface DelivererDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer: Sealer;
  /** See WebhookDeps. */
  readonly webhooksToPrivate: boolean;
  /** Told of faults of ours or of the database; what an endpoint does wrong is in the delivery log. */
  readonly onError: (error: unknown) => void;
}

/** Sends what is due. */
export interface Deliverer {
  /** Begins to send to each endpoint of the platform that has something due, and waits for none of them. */
  deliver(platformId: bigint): Promise<void>;
  /** Begins no further round, and ends when what is under way is recorded. */
  settle(): Promise<void>;
}

/**
 * Makes a deliverer. A slow endpoint keeps no other one waiting. Any number of processes may deliver side by side:
 * each delivery is leased to one of them, in a statement of its own; nothing is sent inside a transaction.
 */
export function openDeliverer(deps: DelivererDeps): Deliverer {
  const busy = new Map<string, Promise<void>>();
  let settling = false;
  const start = (platformId: bigint, endpoint: EndpointRow) => {
    const key = `${platformId}/${endpoint.endpointId}`;
    if (settling || busy.has(key) || busy.size >= MAX_ENDPOINTS_AT_ONCE) return;
    const work = deliverTo(deps, platformId, { endpoint, isSettling: () => settling })
      .catch(deps.onError)
      .finally(() => busy.delete(key));
    busy.set(key, work);
  };
  return {
    deliver: async (platformId) => {
      const look = { now: deps.clock.now(), limit: MAX_ENDPOINTS_AT_ONCE };
      for (const endpoint of await selectDueEndpoints(deps.db, platformId, look)) {
        start(platformId, endpoint);
      }
    },
    settle: async () => {
      settling = true;
      await Promise.all(busy.values());
      settling = false;
    },
  };
}

/** Sends to one endpoint round by round, until nothing is due, it takes nothing, or we are to end. */
async function deliverTo(
  deps: DelivererDeps,
  platformId: bigint,
  { endpoint, isSettling }: { endpoint: EndpointRow; isSettling: () => boolean },
): Promise<void> {
  const { db, clock } = deps;
  const { endpointId } = endpoint;
  // Before anything is taken: without its key nothing could be sent.
  const signing = openSecrets(deps.sealer, platformId, endpoint);
  const limit = endpoint.failingSince === null ? AT_ONCE : AT_ONCE_FAILING;
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const now = clock.now();
    const leasedUntil = new Date(now.getTime() + LEASE_MS);
    const leased = await leaseDeliveries(db, platformId, { endpointId, now, leasedUntil, limit });
    if (leased.length === 0) return;
    const sent = await Promise.all(
      leased.map((delivery) => attempt(deps, platformId, { endpoint, signing, delivery })),
    );
    if (!sent.some(({ error }) => error === null)) {
      await leaveInPeace(deps, platformId, endpoint, sent);
      return;
    }
    if (endpoint.failingSince !== null) await markSucceeding(db, platformId, endpointId);
    if (isSettling() || limit === AT_ONCE_FAILING) return;
  }
}

async function attempt(
  { db, clock, random, webhooksToPrivate }: DelivererDeps,
  platformId: bigint,
  { endpoint, signing, delivery }: { endpoint: EndpointRow; signing: Signing; delivery: Leased },
): Promise<Sent> {
  const event = toEvent(delivery);
  const message = { id: event.id, body: eventBody(event) };
  const to = { url: endpoint.url, secrets: signingAt(signing, clock.now()) };
  const sent = await sendMessage({ clock, toPrivate: webhooksToPrivate }, message, to);
  const outcome = outcomeOf(sent, { tries: delivery.tries, at: clock.now(), random });
  await recordAttempt(db, platformId, endpoint.endpointId, { leased: delivery, sent, outcome });
  return sent;
}

function outcomeOf(
  { error }: Sent,
  { tries, at, random }: { tries: number; at: Date; random: Random },
): Outcome {
  if (error === null) return { state: 'delivered', at };
  const pauseMs = pauseAfter(tries, random);
  if (pauseMs === undefined) return { state: 'failed' };
  return { state: 'pending', dueAt: new Date(at.getTime() + pauseMs) };
}

/** After a round without a success: a pause for the endpoint, or its end. */
async function leaveInPeace(
  { db, clock }: DelivererDeps,
  platformId: bigint,
  { endpointId, failedRounds }: EndpointRow,
  sent: readonly Sent[],
): Promise<void> {
  const at = clock.now();
  const quietUntil = new Date(at.getTime() + quietAfter(failedRounds + 1));
  await db.transaction().execute(async (tx) => {
    const since = await markFailing(tx, platformId, endpointId, { at, quietUntil });
    if (!since) return;
    const isGone = sent.some(({ status }) => status === GONE);
    if (!isGone && !isFailingTooLong(since, at)) return;
    const reason = isGone ? 'gone' : 'failing';
    if (!(await disableEndpoint(tx, platformId, endpointId, reason))) return;
    const event = { type: 'webhook_endpoint.disabled', data: { reason }, createdAt: at };
    const object = { type: 'webhook_endpoint', id: endpointTextId(endpointId) };
    const states = { before: { state: 'enabled' }, after: { state: 'disabled', reason } };
    const action = 'webhook_endpoint.disabled';
    await recordChange(tx, platformId, { at, action, object, ...states });
    await writeEvents(tx, platformId, [{ ...event, objectId: endpointTextId(endpointId) }]);
  });
}
