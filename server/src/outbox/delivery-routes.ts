import {
  CLOSED,
  Id,
  InstantIn,
  InstantOut,
  invalid,
  Nullable,
  nextCursorOf,
  numberAt,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Type,
} from '../http/schemas.ts';
import { textId } from '../kernel/id.ts';
import { parseInstant } from '../kernel/instant.ts';
import { listDeliveries, MAX_REPLAYED, readDelivery, replay } from './deliveries.ts';
import type { DeliveryRow } from './delivery-store.ts';
import type { WebhookDeps } from './endpoints.ts';
import { eventNotFound, webhookEndpointNotFound } from './errors.ts';
import { SentFields } from './shared-routes.ts';

const State = Type.Enum(['pending', 'delivered', 'failed']);
const DeliveryFields = {
  event: Id('evt'),
  type: Type.String(),
  objectId: Type.String(),
  state: State,
  attempts: Type.Integer(),
  nextAttemptAt: Nullable(InstantOut),
  deliveredAt: Nullable(InstantOut),
  status: SentFields.status,
  error: SentFields.error,
};
const Delivery = Type.Object(DeliveryFields, { title: 'WebhookDelivery' });
const DeliveryWithLog = Type.Object(
  {
    ...DeliveryFields,
    log: Type.Array(
      Type.Object({ number: Type.Integer(), attemptedAt: InstantOut, ...SentFields }),
      { description: 'The attempts, the latest first' },
    ),
  },
  { title: 'WebhookDeliveryWithLog' },
);
const tags = ['webhooks'];
const params = Type.Object({ id: Id('whe') });

/** Routes of the delivery log and of replays. */
export const deliveryRoutes: Routes<{ deps: WebhookDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/webhook-endpoints/:id/deliveries',
    {
      config: { scope: 'webhooks:manage', problems: [webhookEndpointNotFound] },
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'The delivery log, the latest event first 投递记录',
        tags,
        params,
        querystring: Type.Object({ ...PageQuery, state: Type.Optional(State) }, CLOSED),
        response: { 200: Page(Delivery) },
      },
    },
    async ({ platformId, params, query }) => {
      const { limit, cursor, state } = query;
      const before = positionOf(cursor, numberAt);
      const filter = { state, before, limit };
      const { deliveries, next } = await listDeliveries(deps, platformId, params.id, filter);
      return { data: deliveries.map(body), nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/webhook-endpoints/:id/deliveries/:event',
    {
      config: { scope: 'webhooks:manage', problems: [webhookEndpointNotFound, eventNotFound] },
      schema: {
        operationId: 'readWebhookDelivery',
        summary: 'The delivery of one event, with its attempts 投递详情',
        tags,
        params: Type.Object({ id: Id('whe'), event: Id('evt') }),
        response: { 200: DeliveryWithLog },
      },
    },
    async ({ platformId, params }) => {
      const delivery = await readDelivery(deps, platformId, params);
      return { ...body(delivery), log: [...delivery.log] };
    },
  );

  app.post(
    '/v1/webhook-endpoints/:id/replay',
    {
      config: { scope: 'webhooks:manage', problems: [webhookEndpointNotFound, eventNotFound] },
      schema: {
        operationId: 'replayWebhook',
        summary: 'Send events again: one, or all since an instant 重发事件',
        description:
          `Of what happened since then: all that the endpoint asks for, or with \`onlyFailed\` what was given up; ` +
          `at most ${MAX_REPLAYED} events, the earliest. What is pending stays so. The ids of the messages are ` +
          'those of before.',
        tags,
        params,
        body: Type.Object(
          {
            event: Type.Optional(Id('evt')),
            since: Type.Optional(InstantIn),
            onlyFailed: Type.Optional(Type.Boolean({ description: 'False when left out' })),
          },
          CLOSED,
        ),
        response: { 202: Type.Object({ events: Type.Integer() }) },
      },
    },
    async ({ platformId, params, body: { event, since, onlyFailed = false } }, reply) => {
      const events = await replay(
        deps,
        platformId,
        params.id,
        whatOf({ event, since, onlyFailed }),
      );
      return reply.code(202).send({ events });
    },
  );
};

function whatOf({
  event,
  since,
  onlyFailed,
}: {
  event: string | undefined;
  since: string | undefined;
  onlyFailed: boolean;
}): { event: string } | { since: Date; onlyFailed: boolean } {
  if (event !== undefined && since !== undefined) {
    throw invalid('/since', 'must be left out when event is given');
  }
  if (event !== undefined) return { event };
  const instant = since === undefined ? undefined : parseInstant(since);
  if (!instant) throw invalid('/since', 'must be an instant, or event must be given');
  return { since: instant, onlyFailed };
}

const STATES = ['pending', 'delivered', 'failed'] as const;

function body(row: DeliveryRow) {
  const state = STATES.find((each) => each === row.state) ?? 'failed';
  return {
    ...{ event: textId('evt', row.eventId), type: row.type, objectId: row.objectId, state },
    ...{ attempts: row.attempts, deliveredAt: row.deliveredAt },
    nextAttemptAt: state === 'pending' ? row.dueAt : null,
    ...{ status: row.lastStatus, error: row.lastError },
  };
}
