import { approvalNotGranted } from '../approvals/errors.ts';
import { ApprovalSchema, approvalBody } from '../approvals/index.ts';
import {
  AccountNumber,
  AmountIn,
  AmountOut,
  askedBy,
  CLOSED,
  CurrencyCode,
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
  SumOut,
  Text,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { publicAccountRefused } from '../virtual-accounts/index.ts';
import { askToLift } from './ask-lift.ts';
import { judicialFreezeExists, judicialFreezeLifted, judicialFreezeNotFound } from './errors.ts';
import { freezeTextId, freezeUuid } from './judicial-freeze.ts';
import { type JudicialDeps, placeJudicialFreeze } from './place.ts';
import { listJudicialFreezes, readJudicialFreeze } from './read.ts';

const tags = ['judicial freezes'];
const params = Type.Object({ id: Id('jfz') });
const OrderIn = {
  authority: Text({
    max: 200,
    description: 'Who issued it 文书机关',
    examples: ['某市中级人民法院'],
  }),
  orderNumber: Text({ max: 100, description: 'Its number 文号', examples: ['(2026)示01执100号'] }),
  reason: Text({ max: 500, description: 'What it is about 事由' }),
};
const OrderOut = {
  ...{ authority: Type.String(), orderNumber: Type.String(), reason: Type.String() },
};
const JudicialFreeze = Type.Object(
  {
    ...{ id: Id('jfz'), account: AccountNumber, currency: CurrencyCode },
    scope: Type.Enum(['amount', 'account']),
    amount: Nullable(AmountOut),
    state: Type.Enum(['standing', 'lifted']),
    caught: SumOut,
    awaited: Nullable(SumOut),
    ...OrderOut,
    ...{ placedAt: InstantOut, placedBy: Type.String() },
    lift: Nullable(Type.Object({ ...OrderOut, at: InstantOut, by: Type.String() })),
  },
  { title: 'JudicialFreeze' },
);

/** Routes of judicial freezes. */
export const judicialFreezeRoutes: Routes<{ deps: JudicialDeps }> = async (app, { deps }) => {
  await app.register(readRoutes, { deps });
  app.post(
    '/v1/judicial-freezes',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[refusalErrors.account_not_found, publicAccountRefused],
          ...[refusalErrors.account_closed, judicialFreezeExists],
        ],
      },
      schema: {
        operationId: 'placeJudicialFreeze',
        summary: 'Place an order of a court on an account, at once 司法冻结',
        description:
          'Nothing leaves of what it keeps, held or not. With `amount` it may be for more than there is: what arrives ' +
          'is kept until the amount is reached. Without, nothing leaves the account. The order is known by account, ' +
          'authority and number: sent again, it answers 200 and changes nothing.',
        tags,
        body: Type.Object(
          { account: AccountNumber, amount: Type.Optional(AmountIn), ...OrderIn },
          CLOSED,
        ),
        response: { 200: JudicialFreeze, 201: JudicialFreeze },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const amount = body.amount === undefined ? null : BigInt(body.amount);
      const input = { ...body, amount };
      const placed = await placeJudicialFreeze(askedBy(request, deps), platformId, input);
      return reply.code(placed.repeated ? 200 : 201).send(placed.freeze);
    },
  );
  app.post(
    '/v1/judicial-freezes/:id/lift',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[judicialFreezeNotFound, judicialFreezeLifted, approvalNotGranted],
          refusalErrors.request_id_reused,
        ],
      },
      schema: {
        operationId: 'liftJudicialFreeze',
        summary: 'Lift a judicial freeze by the order that says so 解除司法冻结',
        description:
          'In whole. Where the platform has a rule for `judicial_lift`, the answer is 202 with the approval that it ' +
          'waits for; it is lifted when the last checker has approved.',
        ...{ tags, params, headers: IdempotencyHeaders },
        body: Type.Object(OrderIn, CLOSED),
        response: { 200: JudicialFreeze, 202: ApprovalSchema },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const input = { ...body, judicialFreeze: request.params.id, requestId: requestIdOf(request) };
      const asked = await askToLift(askedBy(request, deps), platformId, input);
      markReplayed(reply, asked.repeated);
      if (asked.freeze) return reply.code(200).send(asked.freeze);
      return reply.code(202).send(approvalBody(asked.approval));
    },
  );
};

const readRoutes: Routes<{ deps: JudicialDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/judicial-freezes',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found] },
      schema: {
        operationId: 'listJudicialFreezes',
        summary: 'Judicial freezes, newest first 司法冻结',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            account: Type.Optional(AccountNumber),
            state: Type.Optional(Type.Enum(['standing', 'lifted'])),
          },
          CLOSED,
        ),
        response: { 200: Page(JudicialFreeze) },
      },
    },
    async ({ platformId, query: { limit, cursor, account, state } }) => {
      const before = positionOf(cursor, ([id = '']) => freezeUuid(id));
      const standing = state === undefined ? undefined : state === 'standing';
      const filter = { account, standing, before, limit };
      const { freezes, next } = await listJudicialFreezes(deps, platformId, filter);
      return { data: [...freezes], nextCursor: nextCursorOf(next && freezeTextId(next)) };
    },
  );
  app.get(
    '/v1/judicial-freezes/:id',
    {
      config: { scope: 'read', problems: [judicialFreezeNotFound] },
      schema: {
        operationId: 'readJudicialFreeze',
        summary: 'One judicial freeze, with what it keeps now 司法冻结',
        ...{ tags, params },
        response: { 200: JudicialFreeze },
      },
    },
    async ({ platformId, params: { id } }) => readJudicialFreeze(deps, platformId, id),
  );
};
