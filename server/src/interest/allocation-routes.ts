import {
  AccountNumber,
  AmountIn,
  askedBy,
  BankAccountNumber,
  CLOSED,
  DryRunQuery,
  Id,
  IdempotencyHeaders,
  InstantOut,
  IsoDate,
  MAX_TEXT,
  markReplayed,
  Nullable,
  type Routes,
  requestIdOf,
  type Static,
  SumOut,
  Text,
  Type,
} from '../http/schemas.ts';
import { businessDate } from '../kernel/business-date.ts';
import { refusalErrors } from '../ledger/index.ts';
import { mainAccountNotFound } from '../virtual-accounts/errors.ts';
import { type Allocated, allocateInterest, readAllocation } from './allocate.ts';
import { allocationTextId } from './allocation-store.ts';
import {
  interestAllocationNotFound,
  interestNotDivisible,
  interestPeriodInvalid,
  interestSettled,
} from './errors.ts';
import type { InterestDeps } from './put-rate.ts';
import { namesOf } from './read-settlements.ts';

const tags = ['interest'];

const AllocationOut = Type.Object(
  {
    id: Nullable(Id('ial')),
    mainAccount: BankAccountNumber,
    amount: SumOut,
    from: IsoDate,
    to: IsoDate,
    product: Type.String({ examples: ['73000000'] }),
    computed: SumOut,
    difference: Type.Unsafe<bigint>(
      Type.Integer({
        format: 'int64',
        description:
          'What the bank has paid above what the rates give; below zero when it paid less 差额',
      }),
    ),
    paid: SumOut,
    outstanding: SumOut,
    accounts: Type.Integer(),
    parts: Type.Array(
      Type.Object({
        account: AccountNumber,
        product: Type.String(),
        share: SumOut,
        done: Type.Boolean(),
        problem: Nullable(Type.String()),
      }),
      { description: 'The first 1,000' },
    ),
    reference: Nullable(Type.String()),
    createdAt: InstantOut,
    dryRun: Type.Optional(Type.Literal(true)),
  },
  { title: 'InterestAllocation' },
);

/** Routes of interest that the bank has paid, divided among members. */
export const allocationRoutes: Routes<{ deps: InterestDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/interest-allocations',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[mainAccountNotFound, interestPeriodInvalid, interestSettled, interestNotDivisible],
          ...[refusalErrors.insufficient_funds, refusalErrors.frozen_by_order],
          refusalErrors.request_id_reused,
        ],
      },
      schema: {
        operationId: 'allocateInterest',
        summary: 'Divide what the bank has paid among members by their products 利息分摊',
        description:
          'The shares add up to the amount: each is rounded down, and what is left goes to the largest remainders. Each ' +
          'share is the settlement of its account for these days, paid from the account for interest and fees.',
        tags,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(
          {
            mainAccount: BankAccountNumber,
            amount: AmountIn,
            from: IsoDate,
            to: IsoDate,
            reference: Type.Optional(Text({ max: MAX_TEXT.reference })),
          },
          CLOSED,
        ),
        response: { 200: AllocationOut, 201: AllocationOut },
      },
    },
    async (request, reply) => {
      const { platformId, body, query } = request;
      const done = await allocateInterest(askedBy(request, deps), platformId, {
        ...{
          mainAccount: body.mainAccount,
          amount: BigInt(body.amount),
          reference: body.reference,
        },
        ...{ from: businessDate(body.from), to: businessDate(body.to) },
        requestId: query.dryRun ? undefined : requestIdOf(request),
      });
      markReplayed(reply, done.repeated);
      const code = done.dryRun ? 200 : 201;
      return reply.code(code).send(await viewOf(deps, platformId, done));
    },
  );

  app.get(
    '/v1/interest-allocations/:id',
    {
      config: { scope: 'read', problems: [interestAllocationNotFound] },
      schema: {
        operationId: 'readInterestAllocation',
        summary: 'One allocation of interest, with what was paid of it 利息分摊单',
        tags,
        params: Type.Object({ id: Id('ial') }),
        response: { 200: AllocationOut },
      },
    },
    async ({ platformId, params: { id } }) =>
      viewOf(deps, platformId, await readAllocation(deps, platformId, id)),
  );
};

async function viewOf(
  deps: InterestDeps,
  platformId: bigint,
  { allocation, parts, accounts, paid, dryRun, mainAccount }: Allocated,
): Promise<Static<typeof AllocationOut>> {
  const { allocationId, amount, from, to, product, computed, reference, createdAt } = allocation;
  const ids = parts.map(({ account }) => account);
  const nameOf = await namesOf(deps, platformId, ids);
  return {
    id: dryRun ? null : allocationTextId(allocationId),
    ...{ mainAccount, amount, from, to, product: `${product}`, computed },
    ...{ difference: amount - computed, paid, outstanding: amount - paid, accounts },
    parts: parts.map(({ account, ...part }) => ({
      ...part,
      account: nameOf(account).number,
      product: `${part.product}`,
    })),
    ...{ reference, createdAt },
    ...(dryRun ? { dryRun } : {}),
  };
}
