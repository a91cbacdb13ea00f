import type { FastifyReply } from 'fastify';
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
import { entryUuid } from './bank-entry.ts';
import { type Claimed, claimEntry, isRepeatedClaimRefusal } from './claim.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { bankEntryNotFound, entryNotClaimed, entryNotInSuspense } from './errors.ts';
import { listBankEntries, readBankEntry } from './read-entries.ts';
import { reverseClaim } from './reverse-claim.ts';
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
        problems: [bankEntryNotFound, entryNotClaimed, refusalErrors.insufficient_funds],
      },
      schema: {
        operationId: 'reverseClaim',
        summary: 'Take a wrong claim back to suspense, if the money is still there 错账调回',
        tags,
        params,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({}, CLOSED),
        response: { 200: Claim, 201: Claim },
      },
    },
    async (request, reply) => {
      const { platformId, params, query } = request;
      const requestId = query.dryRun ? undefined : requestIdOf(request);
      const work = reverseClaim(askedBy(request, deps), platformId, {
        bankEntry: params.id,
        requestId,
      });
      const claim = await replaying(reply, work);
      return reply.code(query.dryRun ? 200 : 201).send(claimBody(claim, query));
    },
  );
};

const entryAt = ([id]: readonly string[]): string | undefined =>
  id !== undefined && entryUuid(id) !== undefined ? id : undefined;

/** Marks an answer that was given before, a refusal too. */
async function replaying(reply: FastifyReply, work: Promise<Claimed>) {
  try {
    const { claim, repeated } = await work;
    markReplayed(reply, repeated);
    return claim;
  } catch (error) {
    markReplayed(reply, isRepeatedClaimRefusal(error));
    throw error;
  }
}
