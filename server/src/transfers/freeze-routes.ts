import {
  AccountNumber,
  AmountOut,
  BalanceOut,
  CLOSED,
  CurrencyCode,
  DryRunQuery,
  IdempotencyHeaders,
  InstantOut,
  IsoDate,
  MAX_TEXT,
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
import { refusalErrors } from '../ledger/index.ts';
import { publicAccountRefused } from '../virtual-accounts/index.ts';
import {
  freezeInsufficient,
  freezeNotFound,
  freezePayeeDiffers,
  freezePayeeRequired,
} from './errors.ts';
import { freeze, payFreeze } from './place-freeze.ts';
import { listFreezes, readFreeze } from './read-freezes.ts';
import {
  createdOr200,
  HoldBody,
  modeOf,
  paymentProblems,
  ReleaseBody,
  replaying,
  TransferBody,
} from './shared-routes.ts';
import type { TransferDeps } from './submit.ts';
import { unfreeze, unfreezePay } from './unfreeze.ts';

const tags = ['freezes'];
const params = Type.Object({ id: MoveId('frz') });
const Reason = Text({ max: MAX_TEXT.reason });
const Kind = Type.Enum(['freeze', 'payFreeze']);
const Status = Type.Enum(['frozen', 'closed']);
const DryRun = Type.Optional(Type.Literal(true));

const FreezeFields = {
  id: Nullable(MoveId('frz')),
  kind: Kind,
  status: Status,
  debitAccount: Nullable(AccountNumber),
  creditAccount: Nullable(AccountNumber),
  currency: CurrencyCode,
  amount: AmountOut,
  remaining: BalanceOut,
  unfrozen: BalanceOut,
  paid: BalanceOut,
  reason: Type.String(),
  reference: Nullable(Type.String()),
  memo: Nullable(Type.String()),
  hold: Nullable(MoveId('hld')),
  transferId: Nullable(MoveId('trf')),
  businessDate: IsoDate,
  bookedAt: InstantOut,
  dryRun: DryRun,
};
const Freeze = Type.Object(FreezeFields, { title: 'Freeze' });
const FreezeStep = Type.Object(
  {
    id: Nullable(MoveId('ufz')),
    freeze: MoveId('frz'),
    kind: Type.Enum(['unfreeze', 'unfreezePay']),
    amount: AmountOut,
    remaining: BalanceOut,
    status: Status,
    creditAccount: Nullable(AccountNumber),
    transferId: Nullable(MoveId('trf')),
    reason: Nullable(Type.String()),
    businessDate: IsoDate,
    bookedAt: InstantOut,
    dryRun: DryRun,
  },
  { title: 'FreezeStep' },
);
const FreezeHistory = Type.Object(
  { ...FreezeFields, steps: Type.Array(FreezeStep), moreSteps: Type.Boolean() },
  { title: 'FreezeHistory' },
);

const { amount } = ReleaseBody;
const StepBody = { amount, reason: Type.Optional(Reason) };
const stepProblems = [freezeNotFound, freezeInsufficient];

/** Routes of freezes and pay-freezes, and of what ends them. */
export const freezeRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/freezes',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[refusalErrors.account_not_found, publicAccountRefused, refusalErrors.account_closed],
          ...[refusalErrors.account_stopped, refusalErrors.insufficient_funds],
          refusalErrors.frozen_by_order,
          refusalErrors.request_id_reused,
        ],
      },
      schema: {
        operationId: 'freeze',
        summary: "Put an account's own money aside 冻结",
        tags,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(
          { account: HoldBody.account, amount: HoldBody.amount, reason: Reason },
          CLOSED,
        ),
        response: { 200: Freeze, 201: Freeze },
      },
    },
    async (request, reply) => {
      const work = freeze(deps, request.platformId, request.body, modeOf(request));
      const result = await replaying(reply, work);
      return reply.code(createdOr200(request)).send(result);
    },
  );

  app.post(
    '/v1/pay-freezes',
    {
      config: { scope: 'money:write', problems: paymentProblems },
      schema: {
        operationId: 'payFreeze',
        summary: 'Pay, and put the money aside at the payee, both or neither 支付冻结',
        tags,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({ ...TransferBody, reason: Reason }, CLOSED),
        response: { 200: Freeze, 201: Freeze },
      },
    },
    async (request, reply) => {
      const work = payFreeze(deps, request.platformId, request.body, modeOf(request));
      const result = await replaying(reply, work);
      return reply.code(createdOr200(request)).send(result);
    },
  );

  await app.register(endRoutes, { deps });
  await app.register(readRoutes, { deps });
};

const endRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/freezes/:id/unfreeze',
    {
      config: { scope: 'money:write', problems: [...stepProblems, ...paymentProblems] },
      schema: {
        operationId: 'unfreeze',
        summary: 'Give frozen money back to the payer: a part, or all that remains 解冻',
        description: 'Of a pay-freeze the payee pays it back; of a freeze it is available again.',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(StepBody, CLOSED),
        response: { 200: FreezeStep, 201: FreezeStep },
      },
    },
    async (request, reply) => {
      const input = { ...request.body, freeze: request.params.id };
      const work = unfreeze(deps, request.platformId, input, modeOf(request));
      const result = await replaying(reply, work);
      return reply.code(createdOr200(request)).send(result);
    },
  );

  app.post(
    '/v1/freezes/:id/unfreeze-pay',
    {
      config: {
        scope: 'money:write',
        problems: [...stepProblems, freezePayeeRequired, freezePayeeDiffers, ...paymentProblems],
      },
      schema: {
        operationId: 'unfreezePay',
        summary: 'Let frozen money go to whom it is for: a part, or all that remains 解冻支付',
        description:
          'Of a freeze `creditAccount` is paid, and is required; of a pay-freeze the payee may spend what they have.',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({ ...StepBody, creditAccount: Type.Optional(AccountNumber) }, CLOSED),
        response: { 200: FreezeStep, 201: FreezeStep },
      },
    },
    async (request, reply) => {
      const input = { ...request.body, freeze: request.params.id };
      const work = unfreezePay(deps, request.platformId, input, modeOf(request));
      const result = await replaying(reply, work);
      return reply.code(createdOr200(request)).send(result);
    },
  );
};

const readRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/freezes',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found] },
      schema: {
        operationId: 'listFreezes',
        summary: 'Freezes and pay-freezes, newest first 冻结单列表',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            account: Type.Optional(AccountNumber),
            kind: Type.Optional(Kind),
            active: Type.Optional(Type.Boolean({ description: 'Only those with money left' })),
          },
          CLOSED,
        ),
        response: { 200: Page(Freeze) },
      },
    },
    async ({ platformId, query: { cursor, ...filter } }) => {
      const before = positionOf(cursor, numberAt);
      const { freezes, next } = await listFreezes(deps, platformId, { ...filter, before });
      return { data: [...freezes], nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/freezes/:id',
    {
      config: { scope: 'read', problems: [freezeNotFound] },
      schema: {
        operationId: 'readFreeze',
        summary: 'One freeze, with what was taken from it 冻结单',
        tags,
        params,
        response: { 200: FreezeHistory },
      },
    },
    async ({ platformId, params }) => {
      const { steps, ...rest } = await readFreeze(deps, platformId, params.id);
      return { ...rest, steps: [...steps] };
    },
  );
};
