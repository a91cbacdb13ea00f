import {
  askedBy,
  CLOSED,
  Id,
  InstantOut,
  IsoDate,
  Name,
  Nullable,
  type Routes,
  requireScopes,
  SCOPES,
  Type,
} from '../http/schemas.ts';
import { apiKeyNotFound } from './errors.ts';
import {
  createApiKey,
  type KeyDeps,
  listApiKeys,
  platformTextId,
  readPlatform,
  revokeApiKey,
} from './index.ts';

const Platform = Type.Object(
  {
    id: Type.String({ examples: ['plt_1'] }),
    name: Type.String(),
    timeZone: Type.String({ examples: ['Asia/Shanghai'] }),
    businessDate: IsoDate,
    sandbox: Type.Boolean(),
  },
  { title: 'Platform' },
);

const Scopes = Type.Array(Type.Enum([...SCOPES]), { minItems: 1, maxItems: SCOPES.length });
const ApiKeyFields = {
  id: Id('key'),
  name: Type.String(),
  scopes: Scopes,
  createdAt: InstantOut,
};
const ApiKey = Type.Object(
  { ...ApiKeyFields, revokedAt: Nullable(InstantOut) },
  { title: 'ApiKey' },
);
const NewApiKey = Type.Object(
  {
    ...ApiKeyFields,
    secret: Type.String({ description: 'The key to send. It is shown this once.' }),
  },
  { title: 'NewApiKey' },
);

/** The platform of the key, and its API keys. */
export const platformRoutes: Routes<{ deps: KeyDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/platform',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readPlatform',
        summary: 'The platform of this API key (平台商户)',
        tags: ['platform'],
        response: { 200: Platform },
      },
    },
    async ({ platformId }) => {
      const { name, timeZone, businessDate, sandbox } = await readPlatform(deps.db, platformId);
      return { id: platformTextId(platformId), name, timeZone, businessDate, sandbox };
    },
  );

  app.get(
    '/v1/api-keys',
    {
      config: { scope: 'keys:manage' },
      schema: {
        operationId: 'listApiKeys',
        summary: 'The API keys, revoked ones included',
        tags: ['platform'],
        response: { 200: Type.Object({ data: Type.Array(ApiKey) }) },
      },
    },
    async ({ platformId }) => ({
      data: (await listApiKeys(deps, platformId)).map((key) => ({
        ...key,
        scopes: [...key.scopes],
      })),
    }),
  );

  app.post(
    '/v1/api-keys',
    {
      config: { scope: 'keys:manage' },
      schema: {
        operationId: 'createApiKey',
        summary: 'Make an API key',
        description: 'With scopes that the key of this request has itself.',
        tags: ['platform'],
        body: Type.Object({ name: Name, scopes: Scopes }, CLOSED),
        response: { 201: NewApiKey },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      // Else a key that may only manage keys could make itself one that moves money.
      requireScopes(request, body.scopes);
      const { revokedAt: _, ...key } = await createApiKey(askedBy(request, deps), {
        platformId,
        ...body,
      });
      // The secret is in it.
      reply.header('cache-control', 'no-store');
      return reply.code(201).send({ ...key, scopes: [...key.scopes] });
    },
  );

  app.delete(
    '/v1/api-keys/:id',
    {
      config: { scope: 'keys:manage', problems: [apiKeyNotFound] },
      schema: {
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key: at once here, within two seconds in other processes',
        tags: ['platform'],
        params: Type.Object({ id: Id('key') }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { platformId, params } = request;
      await revokeApiKey(askedBy(request, deps), { platformId, keyId: params.id });
      return reply.code(204).send(null);
    },
  );
};
