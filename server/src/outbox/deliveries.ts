import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import {
  type AttemptRow,
  type DeliveryRow,
  makeDue,
  selectAttempts,
  selectDeliveries,
} from './delivery-store.ts';
import { findEndpoint } from './endpoints.ts';
import { eventNotFound } from './errors.ts';
import { rowOf } from './read-events.ts';

/** Events that one replay makes due: a further one goes on behind them. */
export const MAX_REPLAYED = 10_000;
/** Attempts of a delivery that are shown. */
const MAX_ATTEMPTS_SHOWN = 100;

/** Which deliveries to list. `before` is the position of the last one of the page before. */
export interface DeliveryFilter {
  readonly state?: string | undefined;
  readonly before?: bigint | undefined;
  readonly limit: number;
}

/** The delivery log of an endpoint, the latest event first. Throws AppError: `webhook_endpoint_not_found`. */
export async function listDeliveries(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
  { state, before, limit }: DeliveryFilter,
): Promise<{ deliveries: readonly DeliveryRow[]; next: bigint | undefined }> {
  const { endpointId } = await findEndpoint(db, platformId, id);
  const filter = { endpointId, state, before, limit: limit + 1 };
  const found = await selectDeliveries(db, platformId, filter);
  const deliveries = found.slice(0, limit);
  return { deliveries, next: found.length > limit ? deliveries.at(-1)?.position : undefined };
}

/**
 * The delivery of one event, with its attempts. Throws AppError: `webhook_endpoint_not_found`, `event_not_found`
 * (also when the endpoint was not to be told of it).
 */
export async function readDelivery(
  { db }: { db: Db },
  platformId: bigint,
  { id, event }: { id: string; event: string },
): Promise<DeliveryRow & { readonly log: readonly AttemptRow[] }> {
  const { endpointId } = await findEndpoint(db, platformId, id);
  const { position } = await rowOf(db, platformId, event);
  const [delivery] = await selectDeliveries(db, platformId, { endpointId, position, limit: 1 });
  if (!delivery) throw new AppError(eventNotFound, { event });
  const shown = { endpointId, position, limit: MAX_ATTEMPTS_SHOWN };
  return { ...delivery, log: await selectAttempts(db, platformId, shown) };
}

/**
 * Sends again: one event, or all from an instant that the endpoint asks for, those that it never got among them; with
 * `onlyFailed` those that were given up. What is pending stays as it is. Says how many, at most `MAX_REPLAYED`.
 * Throws AppError: `webhook_endpoint_not_found`, `event_not_found`.
 */
export async function replay(
  { db, clock }: { db: Db; clock: Clock },
  platformId: bigint,
  id: string,
  what: { event: string } | { since: Date; onlyFailed: boolean },
): Promise<number> {
  const { endpointId, eventTypes } = await findEndpoint(db, platformId, id);
  const common = { endpointId, now: clock.now(), limit: MAX_REPLAYED };
  if ('event' in what) {
    const { position } = await rowOf(db, platformId, what.event);
    // By name it is sent whatever its type.
    return makeDue(db, platformId, { ...common, types: [], position, onlyFailed: false });
  }
  return makeDue(db, platformId, { ...common, ...what, types: eventTypes });
}
