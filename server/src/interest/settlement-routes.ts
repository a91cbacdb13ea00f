import {
  AccountNumber,
  askedBy,
  CLOSED,
  DryRunQuery,
  Id,
  IdempotencyHeaders,
  IsoDate,
  markReplayed,
  Nullable,
  nextCursorOf,
  numberAt,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  requestIdOf,
  Text,
  Type,
} from '../http/schemas.ts';
import { businessDate } from '../kernel/business-date.ts';
import { refusalErrors } from '../ledger/index.ts';
import { allocationUuid } from './allocation-store.ts';
import {
  interestNotReversible,
  interestPeriodInvalid,
  interestRateNotFound,
  interestSettled,
  interestSettlementNotFound,
} from './errors.ts';
import type { InterestDeps } from './put-rate.ts';
import {
  dateOfTrial,
  listInterestProblems,
  listSettlements,
  namesOf,
  tryInterest,
} from './read-settlements.ts';
import { readSettlement, reverseSettlement } from './reverse.ts';
import { type Settled, settleInterest } from './settle.ts';
import { SettlementSchema, settlementView } from './shared-routes.ts';

const tags = ['interest'];
const params = Type.Object({ id: Id('int') });
const Problems = Type.Object(
  {
    account: AccountNumber,
    settledTo: Nullable(IsoDate),
    problem: Type.String({ description: 'Why, as the code of an error' }),
  },
  { title: 'InterestProblem' },
);
const paidBack = [
  ...[refusalErrors.account_closed, refusalErrors.account_stopped],
  ...[refusalErrors.insufficient_funds, refusalErrors.frozen_by_order],
  refusalErrors.request_id_reused,
];

/** Routes of trials, settlements and their reversals. */
export const settlementRoutes: Routes<{ deps: InterestDeps }> = async (app, { deps }) => {
  await app.register(readRoutes, { deps });
  await app.register(trialRoutes, { deps });
  await app.register(settleRoutes, { deps });
};

const trialRoutes: Routes<{ deps: InterestDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/virtual-accounts/:number/interest',
    {
      config: {
        scope: 'read',
        problems: [
          refusalErrors.account_not_found,
          ...[interestPeriodInvalid, interestRateNotFound, interestSettled],
        ],
      },
      schema: {
        operationId: 'tryInterest',
        summary: 'What an account has earned in a period, by segments 利息试算',
        description:
          'Any period that is over, settled or not; what is not settled yet when `from` is left out.',
        tags,
        params: Type.Object({ number: AccountNumber }),
        querystring: Type.Object(
          { from: Type.Optional(IsoDate), to: Type.Optional(IsoDate) },
          CLOSED,
        ),
        response: { 200: SettlementSchema },
      },
    },
    async ({ platformId, params: { number }, query }) => {
      const earned = await tryInterest(deps, platformId, {
        account: number,
        from: query.from === undefined ? undefined : businessDate(query.from),
        to: query.to === undefined ? undefined : businessDate(query.to),
      });
      const { account, accrued, from, to } = earned;
      const { product, exact, interest, segments } = accrued;
      const trial = {
        ...{
          settlementId: '',
          requestId: '',
          account: account.accountId,
          from,
          to,
          product,
          exact,
        },
        ...{ computed: interest, interest, segments, allocationId: null, transferId: null },
        ...{
          businessDate: await dateOfTrial(deps, platformId),
          at: deps.clock.now(),
          reversal: null,
        },
      };
      return settlementView(trial, { number, currency: account.currency, dryRun: true });
    },
  );
};

const readRoutes: Routes<{ deps: InterestDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/interest-settlements',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found] },
      schema: {
        operationId: 'listInterestSettlements',
        summary: 'Settlements of interest, newest first 结息单',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            account: Type.Optional(AccountNumber),
            allocation: Type.Optional(Id('ial')),
          },
          CLOSED,
        ),
        response: { 200: Page(SettlementSchema) },
      },
    },
    async ({ platformId, query: { limit, cursor, account, allocation } }) => {
      const before = positionOf(cursor, ([uuid]) =>
        uuid !== undefined && /^[0-9a-f-]{36}$/.test(uuid) ? uuid : undefined,
      );
      const allocationId = allocation === undefined ? undefined : allocationUuid(allocation);
      const filter = { account, allocationId, before, limit };
      const { settlements, next } = await listSettlements(deps, platformId, filter);
      const ids = settlements.map((each) => each.account);
      const nameOf = await namesOf(deps, platformId, ids);
      const data = settlements.map((each) => settlementView(each, nameOf(each.account)));
      return { data, nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/interest-settlements/:id',
    {
      config: { scope: 'read', problems: [interestSettlementNotFound] },
      schema: {
        operationId: 'readInterestSettlement',
        summary: 'One settlement of interest, with its segments 结息单',
        tags,
        params,
        response: { 200: SettlementSchema },
      },
    },
    async ({ platformId, params: { id } }) => {
      const settlement = await readSettlement(deps, platformId, id);
      return viewOf(deps, platformId, { settlement, repeated: false, dryRun: false });
    },
  );

  app.get(
    '/v1/interest-problems',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listInterestProblems',
        summary: 'Accounts whose scheduled settlement was not done 未能结息的账户',
        tags,
        querystring: Type.Object(PageQuery, CLOSED),
        response: { 200: Page(Problems) },
      },
    },
    async ({ platformId, query: { limit, cursor } }) => {
      const after = positionOf(cursor, numberAt);
      const { problems, next } = await listInterestProblems(deps, platformId, { after, limit });
      const data = problems.map(({ number, settledTo, problem }) => ({
        ...{ account: number, settledTo, problem: problem ?? '' },
      }));
      return { data, nextCursor: nextCursorOf(next) };
    },
  );
};

const settleRoutes: Routes<{ deps: InterestDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/interest-settlements',
    {
      config: {
        scope: 'money:write',
        problems: [
          refusalErrors.account_not_found,
          ...[interestPeriodInvalid, interestRateNotFound, interestSettled],
          ...paidBack,
        ],
      },
      schema: {
        operationId: 'settleInterest',
        summary: 'Settle the interest of an account 结息',
        description:
          'Of all days since its last settlement, or its first rate, up to `to` (the day before the open business date). ' +
          'Paid from the account for interest and fees. Each day is settled once.',
        tags,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({ account: AccountNumber, to: Type.Optional(IsoDate) }, CLOSED),
        response: { 200: SettlementSchema, 201: SettlementSchema },
      },
    },
    async (request, reply) => {
      const { platformId, body, query } = request;
      const settled = await settleInterest(askedBy(request, deps), platformId, {
        account: body.account,
        to: body.to === undefined ? undefined : businessDate(body.to),
        requestId: query.dryRun ? undefined : requestIdOf(request),
      });
      markReplayed(reply, settled.repeated);
      const code = settled.dryRun ? 200 : 201;
      return reply.code(code).send(await viewOf(deps, platformId, settled));
    },
  );

  app.post(
    '/v1/interest-settlements/:id/reversals',
    {
      config: {
        scope: 'money:write',
        problems: [interestSettlementNotFound, interestNotReversible, ...paidBack],
      },
      schema: {
        operationId: 'reverseInterestSettlement',
        summary: 'Take the last settlement of an account back 冲正结息',
        description: 'Its money goes back, and its days are to be settled again.',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({ reason: Text({ max: 500 }) }, CLOSED),
        response: { 200: SettlementSchema, 201: SettlementSchema },
      },
    },
    async (request, reply) => {
      const { platformId, query } = request;
      const done = await reverseSettlement(askedBy(request, deps), platformId, {
        settlement: request.params.id,
        reason: request.body.reason,
        requestId: query.dryRun ? undefined : requestIdOf(request),
      });
      markReplayed(reply, done.repeated);
      const code = done.dryRun ? 200 : 201;
      return reply.code(code).send(await viewOf(deps, platformId, done));
    },
  );
};

async function viewOf(deps: InterestDeps, platformId: bigint, { settlement, dryRun }: Settled) {
  const nameOf = await namesOf(deps, platformId, [settlement.account]);
  return settlementView(settlement, { ...nameOf(settlement.account), dryRun });
}
