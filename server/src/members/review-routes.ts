import {
  askedBy,
  CLOSED,
  Id,
  InstantOut,
  MAX_TEXT,
  Name,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import type { MemberDeps } from './add-member.ts';
import { addDocument, DOCUMENT_KINDS, listDocuments } from './documents.ts';
import { memberClosed, memberNotFound, memberReviewRefused } from './errors.ts';
import { MEMBER_STATUSES, REVIEW_ACTIONS } from './member-status.ts';
import { listReviews, reviewMember } from './review-member.ts';

const Review = Type.Object(
  {
    id: Id('rev'),
    memberId: Id('mem'),
    action: Type.String(),
    from: Type.Enum([...MEMBER_STATUSES]),
    to: Type.Enum([...MEMBER_STATUSES]),
    reviewer: Type.String(),
    apiKey: Type.String({ description: 'The API key by which it was asked for' }),
    reason: Type.String(),
    createdAt: InstantOut,
  },
  { title: 'MemberReview' },
);
const Document = Type.Object(
  {
    id: Id('mdc'),
    kind: Type.String(),
    reference: Type.String(),
    sha256: Type.String(),
    createdAt: InstantOut,
  },
  { title: 'MemberDocument' },
);
const tags = ['members'];
const params = Type.Object({ id: Id('mem') });

/** Routes of reviews and papers of members. */
export const reviewRoutes: Routes<{ deps: MemberDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/members/:id/reviews',
    {
      config: { scope: 'accounts:write', problems: [memberNotFound, memberReviewRefused] },
      schema: {
        operationId: 'reviewMember',
        summary: 'Approve, reject, restrict, lift or close 会员审核',
        description:
          'approve and reject decide on an applying member; restrict and lift on an active and a restricted one; ' +
          'close is for good. A member that is not active opens no accounts.',
        tags,
        params,
        body: Type.Object(
          {
            action: Type.Enum([...REVIEW_ACTIONS]),
            reviewer: Name,
            reason: Text({ max: MAX_TEXT.reason, examples: ['Papers are complete'] }),
          },
          CLOSED,
        ),
        response: { 201: Review },
      },
    },
    async (request, reply) => {
      const { platformId, keyId, params, body } = request;
      const decision = { ...body, apiKey: keyId };
      const review = await reviewMember(askedBy(request, deps), platformId, params.id, decision);
      return reply.code(201).send(review);
    },
  );

  app.get(
    '/v1/members/:id/reviews',
    {
      config: { scope: 'read', problems: [memberNotFound] },
      schema: {
        operationId: 'listMemberReviews',
        summary: 'The latest 100 reviews, newest first 审核记录',
        tags,
        params,
        response: { 200: Type.Object({ data: Type.Array(Review) }) },
      },
    },
    async ({ platformId, params }) => ({
      data: [...(await listReviews(deps, platformId, params.id))],
    }),
  );

  await app.register(documentRoutes, { deps });
};

const documentRoutes: Routes<{ deps: MemberDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/members/:id/documents',
    {
      config: { scope: 'accounts:write', problems: [memberNotFound, memberClosed] },
      schema: {
        operationId: 'addMemberDocument',
        summary: 'Record a paper by reference and digest 登记证件资料',
        description: 'The file itself stays with you: no copy of it is kept here.',
        tags,
        params,
        body: Type.Object(
          {
            kind: Type.Enum([...DOCUMENT_KINDS]),
            reference: Text({
              max: MAX_TEXT.reference,
              examples: ['archive/2026/licence-1001.pdf'],
            }),
            sha256: Type.String({
              pattern: '^[0-9a-fA-F]{64}$',
              'x-allowed': 'a SHA-256 digest of 64 hexadecimal digits',
            }),
          },
          CLOSED,
        ),
        response: { 201: Document },
      },
    },
    async (request, reply) => {
      const { platformId, params, body } = request;
      const document = await addDocument(askedBy(request, deps), platformId, params.id, body);
      return reply.code(201).send(document);
    },
  );

  app.get(
    '/v1/members/:id/documents',
    {
      config: { scope: 'read', problems: [memberNotFound] },
      schema: {
        operationId: 'listMemberDocuments',
        summary: 'The latest 100 papers, newest first 证件资料列表',
        tags,
        params,
        response: { 200: Type.Object({ data: Type.Array(Document) }) },
      },
    },
    async ({ platformId, params }) => ({
      data: [...(await listDocuments(deps, platformId, params.id))],
    }),
  );
};
