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
import { publicAccountRefused } from '../virtual-accounts/index.ts';
import { holdOwnerReserved } from './errors.ts';
import { captureHold, placeHold, releaseHold } from './hold.ts';
import { listHolds, readHold } from './read-holds.ts';
import {
  CaptureBody,
  Captured,
  createdOr200,
  Hold,
  HoldAnswer,
  HoldBody,
  HoldHistory,
  instantOf,
  modeOf,
  paymentProblems,
  ReleaseBody,
  replaying,
} from './shared-routes.ts';
import type { TransferDeps } from './submit.ts';

const tags = ['holds'];
const params = Type.Object({ id: MoveId('hld') });
const holdProblems = [
  holdOwnerReserved,
  refusalErrors.hold_not_found,
  refusalErrors.hold_owner_differs,
  refusalErrors.hold_insufficient,
];
const accountProblems = [
  holdOwnerReserved,
  refusalErrors.account_not_found,
  publicAccountRefused,
  refusalErrors.account_closed,
  refusalErrors.account_stopped,
  refusalErrors.insufficient_funds,
  refusalErrors.frozen_by_order,
  refusalErrors.counterparty_refused,
  refusalErrors.limit_exceeded,
  refusalErrors.request_id_reused,
];

/** Routes of holds. */
export const holdRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/holds',
    {
      config: { scope: 'money:write', problems: accountProblems },
      schema: {
        operationId: 'placeHold',
        summary: 'Put money aside 冻结',
        tags,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(HoldBody, CLOSED),
        response: { 200: HoldAnswer, 201: HoldAnswer },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const input = { ...body, expiresAt: instantOf(body.expiresAt) };
      const work = placeHold(deps, platformId, input, modeOf(request));
      const result = await replaying(reply, work);
      return reply.code(createdOr200(request)).send(result);
    },
  );

  app.post(
    '/v1/holds/:id/release',
    {
      config: {
        scope: 'money:write',
        problems: [...holdProblems, refusalErrors.request_id_reused],
      },
      schema: {
        operationId: 'releaseHold',
        summary: 'Give held money back: a part, or all that remains 解冻',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(ReleaseBody, CLOSED),
        response: { 200: HoldAnswer },
      },
    },
    async (request, reply) => {
      const { platformId, params, body } = request;
      const input = { ...body, hold: params.id };
      return replaying(reply, releaseHold(deps, platformId, input, modeOf(request)));
    },
  );

  app.post(
    '/v1/holds/:id/capture',
    {
      config: {
        scope: 'money:write',
        problems: [...holdProblems, refusalErrors.hold_expired, ...paymentProblems],
      },
      schema: {
        operationId: 'captureHold',
        summary: 'Pay from held money: a part, or all that remains 扣划',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(CaptureBody, CLOSED),
        response: { 200: Captured, 201: Captured },
      },
    },
    async (request, reply) => {
      const { platformId, params, body } = request;
      const input = { ...body, hold: params.id };
      const work = captureHold(deps, platformId, input, modeOf(request));
      const result = await replaying(reply, work);
      return reply.code(createdOr200(request)).send(result);
    },
  );

  await app.register(readRoutes, { deps });
};

const readRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/holds',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found] },
      schema: {
        operationId: 'listHolds',
        summary: 'Holds, newest first 冻结列表',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            account: Type.Optional(AccountNumber),
            active: Type.Optional(Type.Boolean({ description: 'Only those with money left' })),
          },
          CLOSED,
        ),
        response: { 200: Page(Hold) },
      },
    },
    async ({ platformId, query: { cursor, ...filter } }) => {
      const before = positionOf(cursor, numberAt);
      const { holds, next } = await listHolds(deps, platformId, { ...filter, before });
      return { data: [...holds], nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/holds/:id',
    {
      config: { scope: 'read', problems: [refusalErrors.hold_not_found] },
      schema: {
        operationId: 'readHold',
        summary: 'One hold, with what happened to it 冻结',
        tags,
        params,
        response: { 200: HoldHistory },
      },
    },
    async ({ platformId, params }) => {
      const { events, ...hold } = await readHold(deps, platformId, params.id);
      return { ...hold, events: [...events] };
    },
  );
};
