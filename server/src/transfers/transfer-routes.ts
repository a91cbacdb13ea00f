import {
  AccountNumber,
  CLOSED,
  DryRunQuery,
  IdempotencyHeaders,
  MoveId,
  nextCursorOf,
  numberAt,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { periodInvalid, transferNotReversible } from './errors.ts';
import { listTransfers, readTransfer } from './read-transfers.ts';
import { reverseTransfer } from './reverse.ts';
import {
  createdOr200,
  modeOf,
  PeriodQuery,
  paymentProblems,
  periodOf,
  ReversalBody,
  replaying,
  Transfer,
  TransferBody,
} from './shared-routes.ts';
import type { TransferDeps } from './submit.ts';
import { transfer } from './transfer.ts';

const tags = ['transfers'];
const params = Type.Object({ id: MoveId('trf') });

/** Routes of transfers and reversals. */
export const transferRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/transfers',
    {
      config: { scope: 'money:write', problems: paymentProblems },
      schema: {
        operationId: 'transfer',
        summary: 'Move money between two virtual accounts, at once 转账',
        tags,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(TransferBody, CLOSED),
        response: { 200: Transfer, 201: Transfer },
      },
    },
    async (request, reply) => {
      const work = transfer(deps, request.platformId, request.body, modeOf(request));
      const result = await replaying(reply, work);
      return reply.code(createdOr200(request)).send(result);
    },
  );

  app.post(
    '/v1/transfers/:id/reversals',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[refusalErrors.transfer_not_found, transferNotReversible],
          ...[refusalErrors.already_reversed, ...paymentProblems],
        ],
      },
      schema: {
        operationId: 'reverseTransfer',
        summary: 'Undo a transfer by its opposite, in whole and once 冲正',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(ReversalBody, CLOSED),
        response: { 200: Transfer, 201: Transfer },
      },
    },
    async (request, reply) => {
      const { platformId, params, body } = request;
      const how = { memo: body.memo, mode: modeOf(request) };
      const result = await replaying(reply, reverseTransfer(deps, platformId, params.id, how));
      return reply.code(createdOr200(request)).send(result);
    },
  );

  await app.register(readRoutes, { deps });
};

const readRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/transfers',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found, periodInvalid] },
      schema: {
        operationId: 'listTransfers',
        summary: 'Transfers, newest first 转账列表',
        tags,
        querystring: Type.Object(
          { ...PageQuery, account: Type.Optional(AccountNumber), ...PeriodQuery },
          CLOSED,
        ),
        response: { 200: Page(Transfer) },
      },
    },
    async ({ platformId, query }) => {
      const { limit, cursor, account } = query;
      const before = positionOf(cursor, numberAt);
      const filter = { account, period: periodOf(query), before, limit };
      const { transfers, next } = await listTransfers(deps, platformId, filter);
      return { data: [...transfers], nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/transfers/:id',
    {
      config: { scope: 'read', problems: [refusalErrors.transfer_not_found] },
      schema: {
        operationId: 'readTransfer',
        summary: 'One transfer, with what reversed it 转账',
        tags,
        params,
        response: { 200: Transfer },
      },
    },
    async ({ platformId, params }) => readTransfer(deps, platformId, params.id),
  );
};
