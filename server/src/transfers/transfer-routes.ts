import { feeExceedsAmount, feeRuleInvalid, feeRuleNotFound } from '../fees/errors.ts';
import { FeeChargeSchema, FeeProduct } from '../fees/index.ts';
import {
  AccountNumber,
  askedBy,
  CLOSED,
  DryRunQuery,
  Id,
  IdempotencyHeaders,
  MoveId,
  nextCursorOf,
  numberAt,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  type Static,
  SumOut,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { chargedTransfer } from './charged-transfer.ts';
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
  TransferFields,
} from './shared-routes.ts';
import type { Submitted, TransferDeps } from './submit.ts';
import { transfer } from './transfer.ts';

const tags = ['transfers'];

const Fee = Type.Object(
  {
    product: FeeProduct,
    memberId: Type.Optional(Id('mem')),
  },
  {
    ...CLOSED,
    description:
      'Charge a fee by the rule of this product, with the transfer or not at all. The price is that of the payer’s ' +
      'member unless `memberId` names another 同时收取手续费.',
  },
);
const ChargedTransfer = Type.Object(
  { ...TransferFields, fee: Type.Optional(FeeChargeSchema) },
  { title: 'ChargedTransfer' },
);
const Reversal = Type.Object(
  {
    ...TransferFields,
    feeReturned: Type.Optional(
      Type.Object(
        { charge: MoveId('fch'), waived: SumOut, refunded: SumOut },
        { description: 'The fee that goes back with it: not taken yet, and taken' },
      ),
    ),
  },
  { title: 'Reversal' },
);
const feeProblems = [feeRuleNotFound, feeRuleInvalid, feeExceedsAmount];
const params = Type.Object({ id: MoveId('trf') });

/** Routes of transfers and reversals. */
export const transferRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/transfers',
    {
      config: { scope: 'money:write', problems: [...paymentProblems, ...feeProblems] },
      schema: {
        operationId: 'transfer',
        summary: 'Move money between two virtual accounts, at once 转账',
        tags,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({ ...TransferBody, fee: Type.Optional(Fee) }, CLOSED),
        response: { 200: ChargedTransfer, 201: ChargedTransfer },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const { fee, ...plain } = body;
      const mode = modeOf(request);
      const work: Promise<Submitted<Static<typeof ChargedTransfer>>> = fee
        ? chargedTransfer(deps, platformId, { ...plain, fee }, mode)
        : transfer(deps, platformId, plain, mode);
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
        response: { 200: Reversal, 201: Reversal },
      },
    },
    async (request, reply) => {
      const { platformId, params, body } = request;
      const how = { memo: body.memo, mode: modeOf(request) };
      const result = await replaying(
        reply,
        reverseTransfer(askedBy(request, deps), platformId, params.id, how),
      );
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
