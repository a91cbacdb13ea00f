import {
  askedBy,
  CLOSED,
  Id,
  MAX_TEXT,
  Metadata,
  Name,
  Nullable,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import { addMember, type MemberDeps } from './add-member.ts';
import { changeMember } from './change-member.ts';
import { memberNotFound, memberReferenceTaken } from './errors.ts';
import type { IdentityDeps } from './identify-member.ts';
import { identityRoutes } from './identity-routes.ts';
import { memberUuid } from './member.ts';
import { listMembers, readMember } from './read-members.ts';
import { reviewRoutes } from './review-routes.ts';
import { Member } from './shared-routes.ts';

const Reference = Text({ max: MAX_TEXT.memberReference, examples: ['seller-1001'] });
const tags = ['members'];
const params = Type.Object({ id: Id('mem') });

/** Routes of members. */
export const memberRoutes: Routes<{ deps: MemberDeps & IdentityDeps }> = async (app, { deps }) => {
  await app.register(listAndAdd, { deps });
  await app.register(readAndChange, { deps });
  await app.register(identityRoutes, { deps });
  await app.register(reviewRoutes, { deps });
};

const listAndAdd: Routes<{ deps: MemberDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/members',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listMembers',
        summary: 'Members, in the order in which they were added 会员列表',
        tags,
        querystring: Type.Object({ ...PageQuery, reference: Type.Optional(Reference) }, CLOSED),
        response: { 200: Page(Member) },
      },
    },
    async ({ platformId, query }) => {
      const { limit, cursor, reference } = query;
      const after = positionOf(cursor, memberAt);
      const { members, next } = await listMembers(deps, platformId, { reference, after, limit });
      return { data: [...members], nextCursor: nextCursorOf(next) };
    },
  );

  app.post(
    '/v1/members',
    {
      config: { scope: 'accounts:write', problems: [memberReferenceTaken] },
      schema: {
        operationId: 'addMember',
        summary: 'Add a person, a sole trader or a company 添加会员',
        description:
          'Active at once, unless `status` says that it is applying: then it is reviewed before it may have accounts.',
        tags,
        body: Type.Object(
          {
            kind: Type.Enum(['person', 'sole_trader', 'company']),
            name: Name,
            status: Type.Optional(Type.Enum(['applying', 'active'])),
            reference: Type.Optional(Reference),
            metadata: Type.Optional(Metadata),
          },
          CLOSED,
        ),
        response: { 201: Member },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      return reply.code(201).send(await addMember(askedBy(request, deps), platformId, body));
    },
  );
};

const readAndChange: Routes<{ deps: MemberDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/members/:id',
    {
      config: { scope: 'read', problems: [memberNotFound] },
      schema: {
        operationId: 'readMember',
        summary: 'One member 会员',
        tags,
        params,
        response: { 200: Member },
      },
    },
    async ({ platformId, params }) => readMember(deps, platformId, params.id),
  );

  app.patch(
    '/v1/members/:id',
    {
      config: { scope: 'accounts:write', problems: [memberNotFound, memberReferenceTaken] },
      schema: {
        operationId: 'changeMember',
        summary: 'Change name, reference or metadata 修改会员',
        tags,
        params,
        body: Type.Object(
          {
            name: Type.Optional(Name),
            reference: Type.Optional(Nullable(Reference)),
            metadata: Type.Optional(Metadata),
          },
          CLOSED,
        ),
        response: { 200: Member },
      },
    },
    async (request) => {
      const { platformId, params, body } = request;
      return changeMember(askedBy(request, deps), platformId, params.id, body);
    },
  );
};

const memberAt = ([id]: readonly string[]): string | undefined =>
  id !== undefined && memberUuid(id) !== undefined ? id : undefined;
