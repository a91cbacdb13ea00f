import type { Db } from '../db/database.ts';
import {
  CLOSED,
  InstantIn,
  InstantOut,
  MoveId,
  Nullable,
  nextCursorOf,
  numberAt,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import { parseInstant } from '../kernel/instant.ts';
import { listAuditEntries, ORIGIN_KINDS } from './index.ts';

const Facts = Type.Unsafe<Readonly<Record<string, unknown>>>(
  Type.Object({}, { additionalProperties: true }),
);
const AuditEntry = Type.Object(
  {
    id: MoveId('aud'),
    at: InstantOut,
    origin: Type.Object({
      kind: Type.Enum([...ORIGIN_KINDS]),
      name: Type.String({
        description: 'The id of the API key, the operator, or the user of the command line',
      }),
      address: Nullable(Type.String({ description: 'Where the request came from' })),
      requestId: Nullable(
        Type.String({ description: 'The request, as the log of the server names it' }),
      ),
    }),
    action: Type.String({ examples: ['api_key.revoked'] }),
    object: Type.Object({ type: Type.String(), id: Type.String() }),
    before: Nullable(Facts),
    after: Nullable(Facts),
    sequence: Nullable(
      Type.Unsafe<bigint>(
        Type.Integer({
          description:
            'Its place in the chain of the platform; null for a moment, until it has one',
        }),
      ),
    ),
    hash: Nullable(
      Type.String({ description: 'SHA-256 of the link before, the place and the entry, as hex' }),
    ),
  },
  { title: 'AuditEntry' },
);
const Filter = Text({ max: 200 });

/** Reads the audit log. */
export const auditRoutes: Routes<{ deps: { readonly db: Db } }> = async (app, { deps }) => {
  app.get(
    '/v1/audit-log',
    {
      config: { scope: 'audit:read' },
      schema: {
        operationId: 'listAuditEntries',
        summary: 'Who changed what, when and from where, newest first 审计日志',
        tags: ['audit'],
        querystring: Type.Object(
          {
            ...PageQuery,
            action: Type.Optional(Filter),
            objectType: Type.Optional(Filter),
            object: Type.Optional(Filter),
            origin: Type.Optional(Filter),
            from: Type.Optional(InstantIn),
            to: Type.Optional(InstantIn),
          },
          CLOSED,
        ),
        response: { 200: Page(AuditEntry) },
      },
    },
    async ({ platformId, query: { cursor, from, to, ...filter } }) => {
      const { entries, next } = await listAuditEntries(deps, platformId, {
        ...filter,
        from: from === undefined ? undefined : parseInstant(from),
        to: to === undefined ? undefined : parseInstant(to),
        before: positionOf(cursor, numberAt),
      });
      return { data: [...entries], nextCursor: nextCursorOf(next) };
    },
  );
};
