import {
  askedBy,
  CLOSED,
  Id,
  InstantOut,
  MAX_TEXT,
  Name,
  Nullable,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import {
  memberClosed,
  memberIdentityInvalid,
  memberIdentityMissing,
  memberNotFound,
} from './errors.ts';
import {
  type IdentityDeps,
  identifyMember,
  readIdentity,
  unmaskIdentity,
} from './identify-member.ts';
import { searchMembers } from './search.ts';
import { Member } from './shared-routes.ts';

/** Longer than any of these numbers with blanks and a country code. */
const MAX_NUMBER = 32;
const IdentityNumber = Text({
  max: MAX_NUMBER,
  description: 'Identity number 公民身份号码, GB 11643',
  examples: ['11010519491231002X'],
});
const CreditCode = Text({
  max: MAX_NUMBER,
  description: 'Unified social credit code 统一社会信用代码, GB 32100',
});
const Mobile = Text({
  max: MAX_NUMBER,
  description: 'Mobile number of mainland China 手机号',
  examples: ['13800138000'],
});
const Masked = Type.Object(
  {
    legalName: Type.String({ description: 'Of a person: masked, but for the last character' }),
    identityNumber: Nullable(Type.String({ examples: ['110****002X'] })),
    creditCode: Nullable(Type.String()),
    mobile: Nullable(Type.String({ examples: ['138****8000'] })),
    updatedAt: InstantOut,
  },
  { title: 'MemberIdentity', description: 'Masked: what identifies a person is not told in full' },
);
const Unmasked = Type.Object(
  {
    legalName: Type.String(),
    identityNumber: Nullable(Type.String()),
    creditCode: Nullable(Type.String()),
    mobile: Nullable(Type.String()),
  },
  { title: 'UnmaskedMemberIdentity' },
);
const tags = ['members'];
const params = Type.Object({ id: Id('mem') });

/** Routes of what identifies members. */
export const identityRoutes: Routes<{ deps: IdentityDeps }> = async (app, { deps }) => {
  app.put(
    '/v1/members/:id/identity',
    {
      config: {
        scope: 'accounts:write',
        problems: [memberNotFound, memberClosed, memberIdentityInvalid],
      },
      schema: {
        operationId: 'identifyMember',
        summary: 'Keep what identifies a member, sealed 登记会员身份信息',
        description:
          'In place of what was kept before. A person has an identity number, a company a unified social credit ' +
          'code, a sole trader both.',
        tags,
        params,
        body: Type.Object(
          {
            legalName: Name,
            identityNumber: Type.Optional(IdentityNumber),
            creditCode: Type.Optional(CreditCode),
            mobile: Type.Optional(Mobile),
          },
          CLOSED,
        ),
        response: { 200: Masked },
      },
    },
    async (request) => {
      const { platformId, params, body } = request;
      return identifyMember(askedBy(request, deps), platformId, params.id, body);
    },
  );

  app.get(
    '/v1/members/:id/identity',
    {
      config: { scope: 'read', problems: [memberNotFound, memberIdentityMissing] },
      schema: {
        operationId: 'readMemberIdentity',
        summary: 'What identifies a member, masked 会员身份信息（脱敏）',
        tags,
        params,
        response: { 200: Masked },
      },
    },
    async ({ platformId, params }) => readIdentity(deps, platformId, params.id),
  );

  app.post(
    '/v1/members/:id/identity/unmask',
    {
      config: { scope: 'identity:read', problems: [memberNotFound, memberIdentityMissing] },
      schema: {
        operationId: 'unmaskMemberIdentity',
        summary: 'What identifies a member, in full 查看会员身份信息原文',
        description: 'The audit log keeps who asked, when, from where and why.',
        tags,
        params,
        body: Type.Object(
          {
            reason: Text({
              max: MAX_TEXT.reason,
              examples: ['Request of the tax office 2026-118'],
            }),
          },
          CLOSED,
        ),
        response: { 200: Unmasked },
      },
    },
    async (request, reply) => {
      const { platformId, params, body } = request;
      const identity = await unmaskIdentity(askedBy(request, deps), platformId, params.id, body);
      return reply.header('cache-control', 'no-store').send(identity);
    },
  );

  app.post(
    '/v1/members/search',
    {
      config: { scope: 'read', problems: [memberIdentityInvalid] },
      schema: {
        operationId: 'searchMembers',
        summary: 'Find members by identity number, credit code or mobile 按证件号或手机号查找会员',
        description:
          'Exactly one of the three. In a body, so that no number comes into an address and a log. At most 100.',
        tags,
        body: Type.Object(
          {
            identityNumber: Type.Optional(IdentityNumber),
            creditCode: Type.Optional(CreditCode),
            mobile: Type.Optional(Mobile),
          },
          CLOSED,
        ),
        response: { 200: Type.Object({ data: Type.Array(Member) }) },
      },
    },
    async ({ platformId, body }) => ({ data: [...(await searchMembers(deps, platformId, body))] }),
  );
};
