import { approvalNotGranted } from '../approvals/errors.ts';
import { ApprovalSchema, approvalBody } from '../approvals/index.ts';
import {
  AccountNumber,
  askedBy,
  CLOSED,
  DryRunQuery,
  encodeCursor,
  IdempotencyHeaders,
  InstantOut,
  IsoDate,
  MoveId,
  markReplayed,
  Nullable,
  nextCursorOf,
  numberAt,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  requestIdOf,
  SumOut,
  Text,
  Type,
} from '../http/schemas.ts';
import { isBusinessDate } from '../kernel/business-date.ts';
import { refusalErrors } from '../ledger/index.ts';
import { askToWaive } from './ask-waiver.ts';
import { feeChanged, feeChargeNotFound, feeNothingToWaive } from './errors.ts';
import { listFeeCharges, listFeeCollections, readFeeCharge } from './read-charges.ts';
import { FeeCharge } from './shared-routes.ts';
import type { FeeMoneyDeps, Waived } from './waive.ts';

const tags = ['fees'];
const params = Type.Object({ id: MoveId('fch') });

const Waiver = Type.Object(
  {
    feeCharge: MoveId('fch'),
    waived: SumOut,
    refunded: SumOut,
    reason: Type.String(),
    dryRun: Type.Optional(Type.Literal(true)),
    checkersNeeded: Type.Optional(Type.Integer()),
  },
  { title: 'FeeWaiver' },
);
const Collection = Type.Object(
  {
    account: AccountNumber,
    businessDate: IsoDate,
    owed: SumOut,
    collected: SumOut,
    outstanding: SumOut,
    transfer: Nullable(MoveId('trf')),
    refusal: Nullable(Type.String()),
    at: InstantOut,
  },
  { title: 'FeeCollection' },
);

/** Routes of fees that were charged. */
export const chargeRoutes: Routes<{ deps: FeeMoneyDeps }> = async (app, { deps }) => {
  await app.register(readRoutes, { deps });
  await app.register(waiverRoutes, { deps });
};

const readRoutes: Routes<{ deps: FeeMoneyDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/fee-charges',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found] },
      schema: {
        operationId: 'listFeeCharges',
        summary: 'Fees that were charged, newest first 手续费',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            account: Type.Optional(AccountNumber),
            cause: Type.Optional(
              Text({
                max: 64,
                description: 'What it is for: `trf_…`',
                examples: ['trf_3k9w2m0q1aa'],
              }),
            ),
            owedOnly: Type.Boolean({
              default: false,
              description: 'Only those with something owed',
            }),
          },
          CLOSED,
        ),
        response: { 200: Page(FeeCharge) },
      },
    },
    async ({ platformId, query }) => {
      const { limit, cursor, account, cause, owedOnly } = query;
      const before = positionOf(cursor, numberAt);
      const filter = { account, cause, owedOnly, before, limit };
      const { charges, next } = await listFeeCharges(deps, platformId, filter);
      return { data: [...charges], nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/fee-charges/:id',
    {
      config: { scope: 'read', problems: [feeChargeNotFound] },
      schema: {
        operationId: 'readFeeCharge',
        summary: 'One fee, with what was taken and returned of it 手续费',
        tags,
        params,
        response: { 200: FeeCharge },
      },
    },
    async ({ platformId, params: { id } }) => readFeeCharge(deps, platformId, id),
  );

  app.get(
    '/v1/fee-collections',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found] },
      schema: {
        operationId: 'listFeeCollections',
        summary: 'What was taken for past months, and what stays owed 月末扣费',
        tags,
        querystring: Type.Object({ ...PageQuery, account: Type.Optional(AccountNumber) }, CLOSED),
        response: { 200: Page(Collection) },
      },
    },
    async ({ platformId, query: { limit, cursor, account } }) => {
      const after = positionOf(cursor, ([date = '', number = '']) => {
        const place = numberAt([number]);
        return isBusinessDate(date) && place !== undefined ? { date, account: place } : undefined;
      });
      const page = await listFeeCollections(deps, platformId, { account, after, limit });
      const { next } = page;
      const nextCursor = next ? encodeCursor([next.date, `${next.account}`]) : null;
      return { data: [...page.collections], nextCursor };
    },
  );
};

const waiverRoutes: Routes<{ deps: FeeMoneyDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/fee-charges/:id/waivers',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[feeChargeNotFound, feeNothingToWaive, feeChanged, approvalNotGranted],
          ...[refusalErrors.account_closed, refusalErrors.account_stopped],
          ...[refusalErrors.insufficient_funds, refusalErrors.frozen_by_order],
          refusalErrors.request_id_reused,
        ],
      },
      schema: {
        operationId: 'waiveFee',
        summary: 'Forgive a fee: what is owed is no more, what was taken goes back 减免手续费',
        description:
          'In whole. Where the platform has a rule for `fee_waiver`, the answer is 202 with the approval that it ' +
          'waits for, tied to the sums as they are; it is done when the last checker has approved.',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({ reason: Text({ max: 500 }) }, CLOSED),
        response: { 200: Waiver, 201: Waiver, 202: ApprovalSchema },
      },
    },
    async (request, reply) => {
      const { platformId, body, query } = request;
      const asked = await askToWaive(askedBy(request, deps), platformId, {
        charge: request.params.id,
        reason: body.reason,
        requestId: query.dryRun ? undefined : requestIdOf(request),
      });
      if (asked.waived === undefined) {
        markReplayed(reply, asked.repeated);
        return reply.code(202).send(approvalBody(asked.approval));
      }
      markReplayed(reply, asked.waived.repeated);
      const answer = waiverBody(asked.waived);
      if (!asked.waived.dryRun) return reply.code(201).send(answer);
      return reply.code(200).send({ ...answer, checkersNeeded: asked.checkersNeeded });
    },
  );
};

const waiverBody = ({ charge, waived, refunded, reason, dryRun }: Waived) => ({
  ...{ feeCharge: charge, waived, refunded, reason },
  ...(dryRun ? { dryRun } : {}),
});
