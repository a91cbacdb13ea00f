import type { FastifyReply } from 'fastify';
import { ApprovalSchema, approvalBody, approvalNotGranted } from '../approvals/index.ts';
import {
  AccountNumber,
  askedBy,
  BankAccountNumber,
  CLOSED,
  DryRunQuery,
  Id,
  IdempotencyHeaders,
  markReplayed,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  requestIdOf,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { publicAccountRefused } from '../virtual-accounts/index.ts';
import { askToReverseClaim } from './ask-reversal.ts';
import { entryUuid } from './bank-entry.ts';
import { type Claimed, claimEntry, isRepeatedClaimRefusal } from './claim.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { bankEntryNotFound, entryNotClaimed, entryNotInSuspense } from './errors.ts';
import { listBankEntries, readBankEntry } from './read-entries.ts';
import {
  Claim,
  claimBody,
  Entry,
  EntryListed,
  EntryState,
  entryBody,
  entryClaimBody,
} from './shared-routes.ts';

const tags = ['deposits'];
const params = Type.Object({ id: Id('ben') });

/** Routes of bank entries and claims. */
export const entryRoutes: Routes<{ deps: DepositDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/bank-entries',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listBankEntries',
        summary: 'Bank entries, in the order in which they were recorded 银行流水',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            state: Type.Optional(EntryState),
            mainAccount: Type.Optional(BankAccountNumber),
            import: Type.Optional(Id('imp')),
          },
          CLOSED,
        ),
        response: { 200: Page(EntryListed) },
      },
    },
    async ({ platformId, query }) => {
      const { limit, cursor, state, mainAccount, import: statementImport } = query;
      const after = positionOf(cursor, entryAt);
      const filter = { state, mainAccount, statementImport, after, limit };
      const { entries, next } = await listBankEntries(deps, platformId, filter);
      return { data: entries.map(entryBody), nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/bank-entries/:id',
    {
      config: { scope: 'read', problems: [bankEntryNotFound] },
      schema: {
        operationId: 'readBankEntry',
        summary: 'One bank entry, with its claims 银行流水',
        tags,
        params,
        response: { 200: Entry },
      },
    },
    async ({ platformId, params }) => {
      const entry = await readBankEntry(deps, platformId, params.id);
      return { ...entryBody(entry), claims: entry.claims.map(entryClaimBody) };
    },
  );

  await app.register(claimRoutes, { deps });
};

const claimRoutes: Routes<{ deps: DepositDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/bank-entries/:id/claim',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[bankEntryNotFound, entryNotInSuspense, publicAccountRefused],
          ...[refusalErrors.account_not_found, refusalErrors.different_main_accounts],
          ...[refusalErrors.account_closed, refusalErrors.account_stopped],
          refusalErrors.balance_limit_exceeded,
        ],
      },
      schema: {
        operationId: 'claimBankEntry',
        summary: 'Give a deposit that waits in suspense to an account, in whole 调账入款',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({ account: AccountNumber }, CLOSED),
        response: { 200: Claim, 201: Claim },
      },
    },
    async (request, reply) => {
      const { platformId, params, body, query } = request;
      const requestId = query.dryRun ? undefined : requestIdOf(request);
      const input = { bankEntry: params.id, account: body.account, requestId };
      const claim = await replaying(reply, claimEntry(askedBy(request, deps), platformId, input));
      return reply.code(query.dryRun ? 200 : 201).send(claimBody(claim, query));
    },
  );

  app.post(
    '/v1/bank-entries/:id/claim-reversal',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[bankEntryNotFound, entryNotClaimed, approvalNotGranted],
          refusalErrors.insufficient_funds,
          refusalErrors.frozen_by_order,
        ],
      },
      schema: {
        operationId: 'reverseClaim',
        summary: 'Take a wrong claim back to suspense, if the money is still there 错账调回',
        description:
          'Where the platform has a rule for `claim_reversal`, the answer is 202 with the approval that it waits ' +
          'for: it is done when the last checker approves. A repeat gets what has become of it.',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({}, CLOSED),
        response: { 200: Claim, 201: Claim, 202: ApprovalSchema },
      },
    },
    async (request, reply) => {
      const { platformId, params, query } = request;
      const requestId = query.dryRun ? undefined : requestIdOf(request);
      const work = askToReverseClaim(askedBy(request, deps), platformId, {
        bankEntry: params.id,
        requestId,
      });
      const asked = await marking(reply, work);
      if (!asked.claimed) {
        markReplayed(reply, asked.repeated);
        return reply.code(202).send(approvalBody(asked.approval));
      }
      const { claim, repeated } = asked.claimed;
      markReplayed(reply, repeated);
      const body = claimBody(claim, query);
      if (!query.dryRun) return reply.code(201).send(body);
      return reply.code(200).send({ ...body, checkersNeeded: asked.checkersNeeded });
    },
  );
};

const entryAt = ([id]: readonly string[]): string | undefined =>
  id !== undefined && entryUuid(id) !== undefined ? id : undefined;

/** Marks an answer that was given before, a refusal too. */
async function replaying(reply: FastifyReply, work: Promise<Claimed>) {
  const { claim, repeated } = await marking(reply, work);
  markReplayed(reply, repeated);
  return claim;
}

/** Marks a refusal that was given before. */
async function marking<T>(reply: FastifyReply, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    markReplayed(reply, isRepeatedClaimRefusal(error));
    throw error;
  }
}
