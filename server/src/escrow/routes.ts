import {
  AccountNumber,
  AmountIn,
  askedBy,
  CLOSED,
  DryRunQuery,
  Id,
  IdempotencyHeaders,
  InstantIn,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Type,
} from '../http/schemas.ts';
import { WHOLE_PPM } from '../kernel/split.ts';
import { refusalErrors } from '../ledger/index.ts';
import type { EscrowDeps } from './act.ts';
import { concludeRoutes } from './conclude-routes.ts';
import { confirmOrder } from './confirm.ts';
import * as errors from './errors.ts';
import { orderUuid } from './order.ts';
import { payOrder } from './pay.ts';
import { listEscrowOrders, readEscrowOrder } from './read-orders.ts';
import { refundOrder } from './refund.ts';
import {
  orderProblems,
  paymentProblems,
  releaseProblems,
  splitProblems,
} from './route-problems.ts';
import {
  Accounts,
  answered,
  EscrowAction,
  EscrowOrder,
  EscrowOrderHistory,
  modeOf,
  OrderStateIn,
  optionalAmount,
  Ppm,
  Reference,
  SplitIn,
  splitOf,
} from './shared-routes.ts';

const tags = ['escrow orders'];
const params = Type.Object({ id: Id('eso') });
const headers = IdempotencyHeaders;
const querystring = DryRunQuery;
const response = { 200: EscrowAction };
const scope = 'money:write';

/** Routes of escrow orders. */
export const escrowRoutes: Routes<{ deps: EscrowDeps }> = async (app, { deps }) => {
  await app.register(payAndRead, { deps });
  await app.register(releaseAndRefund, { deps });
  await app.register(concludeRoutes, { deps });
};

const payAndRead: Routes<{ deps: EscrowDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/escrow-orders',
    {
      config: {
        scope,
        problems: [
          ...splitProblems,
          errors.escrowDeadlinePassed,
          errors.escrowReferenceTaken,
          refusalErrors.account_closed,
          refusalErrors.account_stopped,
          refusalErrors.insufficient_funds,
          refusalErrors.frozen_by_order,
          refusalErrors.counterparty_refused,
          refusalErrors.limit_exceeded,
          refusalErrors.request_id_reused,
        ],
      },
      schema: {
        operationId: 'payEscrowOrder',
        summary: "Open an escrow order and put the buyer's money aside 担保交易付款",
        ...{ tags, headers, querystring },
        body: Type.Object(
          {
            reference: Reference,
            buyer: AccountNumber,
            sellers: Accounts,
            amount: AmountIn,
            split: SplitIn,
            maxSharePpm: Type.Optional(Ppm),
            deadline: Type.Optional(
              Type.Object({ at: InstantIn, action: Type.Enum(['release', 'refund']) }, CLOSED),
            ),
          },
          CLOSED,
        ),
        response: { 200: EscrowAction, 201: EscrowAction },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const { amount, split, maxSharePpm = WHOLE_PPM, deadline, ...rest } = body;
      const input = {
        ...rest,
        ...{ amount: BigInt(amount), split: splitOf(split), maxSharePpm },
        deadline: deadline && { at: new Date(deadline.at), action: deadline.action },
      };
      const work = payOrder(askedBy(request, deps), platformId, input, modeOf(request));
      const action = await answered(deps, platformId, reply, work);
      return reply.code(request.query.dryRun ? 200 : 201).send(action);
    },
  );

  app.get(
    '/v1/escrow-orders',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listEscrowOrders',
        summary: 'Escrow orders, in the order in which they were paid 担保订单列表',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            reference: Type.Optional(Reference),
            state: Type.Optional(OrderStateIn),
          },
          CLOSED,
        ),
        response: { 200: Page(EscrowOrder) },
      },
    },
    async ({ platformId, query }) => {
      const { limit, cursor, reference, state } = query;
      const after = positionOf(cursor, ([id]) =>
        id !== undefined && orderUuid(id) !== undefined ? id : undefined,
      );
      const filter = { limit, after, reference, state };
      const { orders, next } = await listEscrowOrders(deps, platformId, filter);
      const data = orders.map((each) => ({ ...each, receivers: [...each.receivers] }));
      return { data, nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/escrow-orders/:id',
    {
      config: { scope: 'read', problems: [errors.escrowOrderNotFound] },
      schema: {
        operationId: 'readEscrowOrder',
        summary: 'One escrow order, with what happened to it 担保订单',
        ...{ tags, params },
        response: { 200: EscrowOrderHistory },
      },
    },
    async ({ platformId, params: { id } }) => {
      const order = await readEscrowOrder(deps, platformId, id);
      const actions = order.actions.map((each) => ({ ...each, movements: [...each.movements] }));
      return { ...order, receivers: [...order.receivers], actions };
    },
  );
};

const releaseAndRefund: Routes<{ deps: EscrowDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/escrow-orders/:id/confirm',
    {
      config: { scope, problems: releaseProblems },
      schema: {
        operationId: 'confirmEscrowOrder',
        summary: 'Release a part, or all that remains, and split it 确认收货、分账',
        ...{ tags, params, headers, querystring, response },
        body: Type.Object(
          { amount: Type.Optional(AmountIn), split: Type.Optional(SplitIn) },
          CLOSED,
        ),
      },
    },
    async (request, reply) => {
      const { platformId, params: path, body } = request;
      const split = body.split && splitOf(body.split);
      const input = { escrowOrder: path.id, amount: optionalAmount(body.amount), split };
      const work = confirmOrder(askedBy(request, deps), platformId, input, modeOf(request));
      return answered(deps, platformId, reply, work);
    },
  );

  app.post(
    '/v1/escrow-orders/:id/refund',
    {
      config: {
        scope,
        problems: [
          ...orderProblems,
          refusalErrors.account_not_found,
          errors.escrowAccountRefused,
          errors.escrowRefundExceeds,
          errors.escrowRefundUnfunded,
          refusalErrors.insufficient_funds,
          refusalErrors.frozen_by_order,
          ...paymentProblems,
        ],
      },
      schema: {
        operationId: 'refundEscrowOrder',
        summary: 'Give money back to the buyer, before the split or after it 退款',
        ...{ tags, params, headers, querystring, response },
        body: Type.Object(
          {
            amount: Type.Optional(AmountIn),
            from: Type.Optional(Type.Enum(['held', 'receivers', 'both'])),
            receivers: Type.Optional(Accounts),
            whenShort: Type.Optional(Type.Enum(['refuse', 'partial'])),
          },
          CLOSED,
        ),
      },
    },
    async (request, reply) => {
      const { platformId, params: path, body } = request;
      const { from = 'both', receivers, whenShort = 'refuse' } = body;
      const amount = optionalAmount(body.amount);
      const input = { escrowOrder: path.id, amount, from, receivers, whenShort };
      const work = refundOrder(askedBy(request, deps), platformId, input, modeOf(request));
      return answered(deps, platformId, reply, work);
    },
  );
};
