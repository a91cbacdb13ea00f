import {
  askedBy,
  CLOSED,
  Id,
  InstantOut,
  Nullable,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import type { Endpoint } from './endpoint.ts';
import {
  addEndpoint,
  changeEndpoint,
  listEndpoints,
  MAX_ENDPOINTS,
  pingEndpoint,
  readEndpoint,
  removeEndpoint,
  rotateSecret,
  type WebhookDeps,
} from './endpoints.ts';
import { tooManyWebhookEndpoints, webhookEndpointNotFound, webhookUrlRefused } from './errors.ts';
import { EventType, SentFields } from './shared-routes.ts';

const MAX_EVENT_TYPES = 50;
const OVERLAP_HOURS = 24;
const MAX_OVERLAP_HOURS = 168;
const HOUR_MS = 3_600_000;

const Url = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'https, with a public address',
  examples: ['https://shop.example.com/guanjia'],
});
const Description = Text({ min: 0, max: 256, description: 'For people' });
const EventTypes = Type.Array(EventType, {
  maxItems: MAX_EVENT_TYPES,
  description: 'What it is told of; empty: everything',
});
const EndpointFields = {
  id: Id('whe'),
  url: Type.String(),
  description: Type.String(),
  eventTypes: Type.Array(Type.String()),
  state: Type.Enum(['enabled', 'disabled', 'removed']),
  disabledReason: Nullable(
    Type.String({ description: 'asked, failing (for 5 days), or gone (it answered 410)' }),
  ),
  failingSince: Nullable(InstantOut),
  previousSecretUntil: Nullable(InstantOut),
  createdAt: InstantOut,
};
const WebhookEndpoint = Type.Object(EndpointFields, { title: 'WebhookEndpoint' });
const EndpointWithSecret = Type.Object(
  {
    ...EndpointFields,
    secret: Type.String({ description: '`whsec_…`, to verify messages. It is shown this once.' }),
  },
  { title: 'WebhookEndpointWithSecret' },
);
const tags = ['webhooks'];
const params = Type.Object({ id: Id('whe') });

/** Routes of webhook endpoints. */
export const endpointRoutes: Routes<{ deps: WebhookDeps }> = async (app, { deps }) => {
  await app.register(listAndAdd, { deps });
  await app.register(readAndChange, { deps });
  await app.register(secretAndPing, { deps });
};

const listAndAdd: Routes<{ deps: WebhookDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/webhook-endpoints',
    {
      config: { scope: 'webhooks:manage' },
      schema: {
        operationId: 'listWebhookEndpoints',
        summary: `Webhook endpoints, ${MAX_ENDPOINTS} at most Webhook 端点列表`,
        tags,
        response: { 200: Type.Object({ data: Type.Array(WebhookEndpoint) }) },
      },
    },
    async ({ platformId }) => ({ data: (await listEndpoints(deps, platformId)).map(body) }),
  );

  app.post(
    '/v1/webhook-endpoints',
    {
      config: {
        scope: 'webhooks:manage',
        problems: [webhookUrlRefused, tooManyWebhookEndpoints],
      },
      schema: {
        operationId: 'addWebhookEndpoint',
        summary: 'Add a webhook endpoint: it is told of events from now on 添加 Webhook 端点',
        tags,
        body: Type.Object(
          {
            url: Url,
            description: Type.Optional(Description),
            eventTypes: Type.Optional(EventTypes),
          },
          CLOSED,
        ),
        response: { 201: EndpointWithSecret },
      },
    },
    async (request, reply) => {
      const { platformId, body: input } = request;
      const added = await addEndpoint(askedBy(request, deps), platformId, input);
      const { secret, ...endpoint } = added;
      reply.header('cache-control', 'no-store');
      return reply.code(201).send({ ...body(endpoint), secret });
    },
  );
};

const readAndChange: Routes<{ deps: WebhookDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/webhook-endpoints/:id',
    {
      config: { scope: 'webhooks:manage', problems: [webhookEndpointNotFound] },
      schema: {
        operationId: 'readWebhookEndpoint',
        summary: 'One webhook endpoint Webhook 端点',
        tags,
        params,
        response: { 200: WebhookEndpoint },
      },
    },
    async ({ platformId, params }) => body(await readEndpoint(deps, platformId, params.id)),
  );

  app.patch(
    '/v1/webhook-endpoints/:id',
    {
      config: {
        scope: 'webhooks:manage',
        problems: [webhookEndpointNotFound, webhookUrlRefused],
      },
      schema: {
        operationId: 'changeWebhookEndpoint',
        summary: 'Change URL, description or types; disable and enable 修改 Webhook 端点',
        tags,
        params,
        body: Type.Object(
          {
            url: Type.Optional(Url),
            description: Type.Optional(Description),
            eventTypes: Type.Optional(EventTypes),
            state: Type.Optional(Type.Enum(['enabled', 'disabled'])),
          },
          CLOSED,
        ),
        response: { 200: WebhookEndpoint },
      },
    },
    async (request) => {
      const { platformId, params, body: change } = request;
      return body(await changeEndpoint(askedBy(request, deps), platformId, params.id, change));
    },
  );

  app.delete(
    '/v1/webhook-endpoints/:id',
    {
      config: { scope: 'webhooks:manage', problems: [webhookEndpointNotFound] },
      schema: {
        operationId: 'removeWebhookEndpoint',
        summary: 'Remove a webhook endpoint: nothing more is sent to it 删除 Webhook 端点',
        tags,
        params,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await removeEndpoint(askedBy(request, deps), request.platformId, request.params.id);
      return reply.code(204).send(null);
    },
  );
};

const secretAndPing: Routes<{ deps: WebhookDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/webhook-endpoints/:id/secret',
    {
      config: { scope: 'webhooks:manage', problems: [webhookEndpointNotFound] },
      schema: {
        operationId: 'rotateWebhookSecret',
        summary: 'Make a new secret; the one before it signs too for a while 轮换密钥',
        tags,
        params,
        body: Type.Object(
          {
            overlapHours: Type.Optional(
              Type.Integer({
                ...{ minimum: 0, maximum: MAX_OVERLAP_HOURS },
                description:
                  'For so long both secrets sign: 24 when left out; 0 when the old one was leaked',
              }),
            ),
          },
          CLOSED,
        ),
        response: { 200: EndpointWithSecret },
      },
    },
    async (request, reply) => {
      const {
        platformId,
        params,
        body: { overlapHours = OVERLAP_HOURS },
      } = request;
      const overlapMs = overlapHours * HOUR_MS;
      const rotated = await rotateSecret(askedBy(request, deps), platformId, params.id, {
        overlapMs,
      });
      const { secret, ...endpoint } = rotated;
      reply.header('cache-control', 'no-store');
      return reply.send({ ...body(endpoint), secret });
    },
  );

  app.post(
    '/v1/webhook-endpoints/:id/ping',
    {
      config: { scope: 'webhooks:manage', problems: [webhookEndpointNotFound] },
      schema: {
        operationId: 'pingWebhookEndpoint',
        summary: 'Send a test message now, and say what came of it 测试 Webhook 端点',
        tags,
        params,
        body: Type.Object({}, CLOSED),
        response: {
          200: Type.Object({ delivered: Type.Boolean(), ...SentFields }, { title: 'WebhookPing' }),
        },
      },
    },
    async ({ platformId, params }) => {
      const { status, error, elapsedMs } = await pingEndpoint(deps, platformId, params.id);
      return { delivered: error === null, status, error, elapsedMs };
    },
  );
};

const body = (endpoint: Endpoint) => ({ ...endpoint, eventTypes: [...endpoint.eventTypes] });
