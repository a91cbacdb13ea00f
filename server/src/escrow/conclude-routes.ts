import {
  askedBy,
  CLOSED,
  DryRunQuery,
  Id,
  IdempotencyHeaders,
  MAX_TEXT,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import type { EscrowDeps } from './act.ts';
import { disputeOrder, finishOrder, resolveDispute } from './conclude.ts';
import { escrowRestUndecided } from './errors.ts';
import { orderProblems, releaseProblems } from './route-problems.ts';
import { answered, EscrowAction, modeOf } from './shared-routes.ts';

const scope = 'money:write';
const Reason = Type.Object({ reason: Type.Optional(Text({ max: MAX_TEXT.reason })) }, CLOSED);

/** Routes of disputes, and of the end of an order. */
export const concludeRoutes: Routes<{ deps: EscrowDeps }> = async (app, { deps }) => {
  const route = {
    tags: ['escrow orders'],
    params: Type.Object({ id: Id('eso') }),
    headers: IdempotencyHeaders,
    querystring: DryRunQuery,
    response: { 200: EscrowAction },
  };
  app.post(
    '/v1/escrow-orders/:id/dispute',
    {
      config: { scope, problems: orderProblems },
      schema: {
        operationId: 'disputeEscrowOrder',
        summary: 'Stop releases and the deadline 争议冻结',
        ...route,
        body: Reason,
      },
    },
    async (request, reply) => {
      const { platformId, params: path, body } = request;
      const input = { escrowOrder: path.id, reason: body.reason };
      const work = disputeOrder(askedBy(request, deps), platformId, input, modeOf(request));
      return answered(deps, platformId, reply, work);
    },
  );

  app.post(
    '/v1/escrow-orders/:id/resolve',
    {
      config: { scope, problems: orderProblems },
      schema: {
        operationId: 'resolveEscrowDispute',
        summary: 'End the dispute; the deadline is later by as long as it took 解除争议',
        ...route,
        body: Reason,
      },
    },
    async (request, reply) => {
      const { platformId, params: path, body } = request;
      const input = { escrowOrder: path.id, reason: body.reason };
      const work = resolveDispute(askedBy(request, deps), platformId, input, modeOf(request));
      return answered(deps, platformId, reply, work);
    },
  );

  app.post(
    '/v1/escrow-orders/:id/finish',
    {
      config: { scope, problems: [escrowRestUndecided, ...releaseProblems] },
      schema: {
        operationId: 'finishEscrowOrder',
        summary: 'Release or refund what remains; nothing moves afterwards 完结',
        ...route,
        body: Type.Object({ rest: Type.Optional(Type.Enum(['release', 'refund'])) }, CLOSED),
      },
    },
    async (request, reply) => {
      const { platformId, params: path, body } = request;
      const input = { escrowOrder: path.id, rest: body.rest };
      const work = finishOrder(askedBy(request, deps), platformId, input, modeOf(request));
      return answered(deps, platformId, reply, work);
    },
  );
};
