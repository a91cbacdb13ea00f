import { CLOSED, Id, InstantOut, type Routes, Text, Type } from '../http/schemas.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { endpointRoutes } from './endpoint-routes.ts';
import type { WebhookDeps } from './endpoints.ts';
import { eventNotFound } from './errors.ts';
import { listEvents, readEvent } from './read-events.ts';
import { EventType } from './shared-routes.ts';

const Event = Type.Object(
  {
    id: Id('evt'),
    type: Type.String({ examples: ['bank_entry.credited'] }),
    objectId: Type.String({ description: 'What it is about: an id, or an account number' }),
    data: Type.Unsafe<Readonly<Record<string, unknown>>>(
      Type.Object({}, { additionalProperties: true }),
    ),
    createdAt: InstantOut,
  },
  { title: 'Event' },
);
const tags = ['events'];

/** Routes of the event feed and of webhooks. */
export const outboxRoutes: Routes<{ deps: WebhookDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/events',
    {
      config: { scope: 'read', problems: [eventNotFound] },
      schema: {
        operationId: 'listEvents',
        summary: 'Events, in the order of the feed, behind the one with the id `after` 事件',
        description:
          'The order never changes, and nothing is added behind an event that was seen: keep the id of the last ' +
          'one that you have dealt with, and go on after it.',
        tags,
        querystring: Type.Object(
          {
            after: Type.Optional(Id('evt')),
            type: Type.Optional(EventType),
            object: Type.Optional(Text({ max: 64, description: 'The `objectId` of the events' })),
            limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
          },
          CLOSED,
        ),
        response: {
          200: Type.Object({
            data: Type.Array(Event),
            hasMore: Type.Boolean({ description: 'There are more: ask again after the last one' }),
          }),
        },
      },
    },
    async ({ platformId, query }) => {
      const { after, type, object: objectId, limit } = query;
      const types = type === undefined ? undefined : [type];
      const { events, hasMore } = await listEvents(deps, platformId, {
        ...{ after, types, objectId, limit },
      });
      return { data: [...events], hasMore };
    },
  );

  app.get(
    '/v1/events/:id',
    {
      config: { scope: 'read', problems: [eventNotFound] },
      schema: {
        operationId: 'readEvent',
        summary: 'One event 事件',
        tags,
        params: Type.Object({ id: Id('evt') }),
        response: { 200: Event },
      },
    },
    async ({ platformId, params }) => readEvent(deps, platformId, params.id),
  );

  await app.register(endpointRoutes, { deps });
  await app.register(deliveryRoutes, { deps });
};
