import {
  askedBy,
  CLOSED,
  Id,
  IdempotencyHeaders,
  InstantOut,
  markReplayed,
  Nullable,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  requestIdOf,
  Text,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { memberNotActive, memberNotFound } from '../members/index.ts';
import type { CardDeps } from './deps.ts';
import {
  cardAttemptRunning,
  cardBound,
  cardCodeExpired,
  cardCodeWrong,
  cardFactorsInvalid,
  cardNotVerified,
  cardTriesExceeded,
  settlementCardNotFound,
  verificationUnavailable,
} from './errors.ts';
import {
  bindCard,
  confirmCard,
  findCards,
  listCards,
  listSandboxMessages,
  readCard,
  readEvidence,
  unbindCard,
} from './index.ts';

const SettlementCard = Type.Object(
  {
    id: Id('crd'),
    memberId: Id('mem'),
    state: Type.Enum(['awaitingCode', 'active', 'replaced', 'unbound']),
    cardNumber: Type.String({ description: 'Masked', examples: ['621626****0018'] }),
    holderName: Type.String({ description: 'Masked' }),
    mobile: Type.String({ description: 'Masked: where the code was sent' }),
    codeExpiresAt: InstantOut,
    createdAt: InstantOut,
    activatedAt: Nullable(InstantOut),
    unboundAt: Nullable(InstantOut),
  },
  { title: 'SettlementCard' },
);
const Evidence = Type.Object(
  {
    provider: Type.String(),
    upstream: Type.String({ description: 'Where the provider has its data from' }),
    product: Type.Enum(['four', 'three', 'two']),
    outcome: Type.String(),
    codes: Type.Array(Type.String(), { description: 'The codes of the provider' }),
    askedAt: InstantOut,
    answeredAt: InstantOut,
  },
  { title: 'CardEvidence' },
);
const SandboxMessage = Type.Object(
  { id: Id('msg'), to: Type.String(), text: Type.String(), createdAt: InstantOut },
  { title: 'SandboxMessage' },
);
const CardNumberIn = Text({ max: 40, examples: ['6216260000000000019'] });
const tags = ['settlement cards'];
const ofMember = '/v1/members/:id/settlement-cards';
const memberParams = Type.Object({ id: Id('mem') });
const url = '/v1/settlement-cards/:id';
const params = Type.Object({ id: Id('crd') });
const List = <S extends Parameters<typeof Type.Array>[0]>(item: S) =>
  Type.Object({ data: Type.Array(item) });

/** Routes of settlement cards, and of what a sandbox would have sent by SMS. */
export const settlementCardRoutes: Routes<{ deps: CardDeps }> = async (app, { deps }) => {
  await app.register(bindAndList, { deps });
  await app.register(oneCard, { deps });
  await app.register(lookUp, { deps });
};

const bindAndList: Routes<{ deps: CardDeps }> = async (app, { deps }) => {
  app.post(
    ofMember,
    {
      config: {
        scope: 'accounts:write',
        problems: [
          ...[
            memberNotFound,
            memberNotActive,
            verificationUnavailable,
            cardFactorsInvalid,
            cardNotVerified,
          ],
          ...[cardTriesExceeded, cardBound, cardAttemptRunning, refusalErrors.request_id_reused],
        ],
      },
      schema: {
        operationId: 'bindSettlementCard',
        summary: 'Verify a card by four factors and send a code 绑定结算卡（四要素鉴权）',
        tags,
        params: memberParams,
        headers: IdempotencyHeaders,
        body: Type.Object(
          {
            cardNumber: CardNumberIn,
            name: Text({ max: 80, description: 'As the bank has it' }),
            identityNumber: Text({ max: 40 }),
            mobile: Text({ max: 40, description: 'The one that the bank has' }),
            numberConfirmed: Type.Optional(
              Type.Boolean({
                description: 'The number is right although its check digit says otherwise',
              }),
            ),
            dataChanged: Type.Optional(
              Type.Boolean({ description: 'Ask again although the same was refused within a day' }),
            ),
          },
          CLOSED,
        ),
        response: { 201: SettlementCard },
      },
    },
    async (request, reply) => {
      const { numberConfirmed = false, dataChanged = false, ...factors } = request.body;
      const requestId = requestIdOf(request);
      const input = { requestId, factors, numberConfirmed, dataChanged };
      const { platformId, params } = request;
      const bound = await bindCard(askedBy(request, deps), platformId, params.id, input);
      markReplayed(reply, bound.repeated);
      return reply.code(201).send(bound.card);
    },
  );

  app.get(
    ofMember,
    {
      config: { scope: 'read', problems: [memberNotFound] },
      schema: {
        operationId: 'listSettlementCards',
        summary: 'Cards of a member, newest first 结算卡列表',
        tags,
        params: memberParams,
        querystring: Type.Object(PageQuery, CLOSED),
        response: { 200: Page(SettlementCard) },
      },
    },
    async ({ platformId, params, query: { limit, cursor } }) => {
      const before = positionOf(cursor, ([id]) => id);
      const { cards, next } = await listCards(deps, platformId, params.id, { before, limit });
      return { data: [...cards], nextCursor: nextCursorOf(next) };
    },
  );
};

const oneCard: Routes<{ deps: CardDeps }> = async (app, { deps }) => {
  app.get(
    url,
    {
      config: { scope: 'read', problems: [settlementCardNotFound] },
      schema: {
        operationId: 'readSettlementCard',
        summary: 'One card 结算卡',
        ...{ tags, params },
        response: { 200: SettlementCard },
      },
    },
    async ({ platformId, params }) => readCard(deps, platformId, params.id),
  );

  app.post(
    `${url}/confirm`,
    {
      config: {
        scope: 'accounts:write',
        problems: [settlementCardNotFound, cardCodeWrong, cardCodeExpired],
      },
      schema: {
        operationId: 'confirmSettlementCard',
        summary: 'Enter the code; the card becomes active 短信验证码确认',
        ...{ tags, params },
        body: Type.Object(
          { code: Type.String({ pattern: '^[0-9]{6}$', 'x-allowed': '6 digits' }) },
          CLOSED,
        ),
        response: { 200: SettlementCard },
      },
    },
    async (request) => {
      const { platformId, params, body } = request;
      return confirmCard(askedBy(request, deps), platformId, params.id, body.code);
    },
  );

  app.delete(
    url,
    {
      config: { scope: 'accounts:write', problems: [settlementCardNotFound] },
      schema: {
        operationId: 'unbindSettlementCard',
        summary: 'Unbind a card 解绑结算卡',
        ...{ tags, params },
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await unbindCard(askedBy(request, deps), request.platformId, request.params.id);
      return reply.code(204).send(null);
    },
  );
};

const lookUp: Routes<{ deps: CardDeps }> = async (app, { deps }) => {
  app.get(
    `${url}/evidence`,
    {
      config: { scope: 'audit:read', problems: [settlementCardNotFound] },
      schema: {
        operationId: 'readCardEvidence',
        summary: 'Which providers were asked, and what they answered 鉴权证据',
        ...{ tags, params },
        response: { 200: List(Evidence) },
      },
    },
    async ({ platformId, params }) => ({
      data: (await readEvidence(deps, platformId, params.id)).map(({ codes, ...rest }) => ({
        ...rest,
        codes: [...codes],
      })),
    }),
  );

  app.post(
    '/v1/settlement-cards/find',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'findSettlementCards',
        summary: 'Cards of a number, of any member, the newest 100 按卡号查询结算卡',
        tags,
        body: Type.Object({ cardNumber: CardNumberIn }, CLOSED),
        response: { 200: List(SettlementCard) },
      },
    },
    async ({ platformId, body }) => ({
      data: [...(await findCards(deps, platformId, body.cardNumber))],
    }),
  );

  app.get(
    '/v1/sandbox/messages',
    {
      config: { scope: 'accounts:write' },
      schema: {
        operationId: 'listSandboxMessages',
        summary: 'What a sandbox would have sent by SMS, the newest 50 沙箱短信',
        tags,
        response: { 200: List(SandboxMessage) },
      },
    },
    async ({ platformId }) => ({ data: [...(await listSandboxMessages(deps, platformId))] }),
  );
};
