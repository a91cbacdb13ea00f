import {
  AccountNumber,
  BankAccountNumber,
  CLOSED,
  Id,
  InstantOut,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { memberNotActive, memberNotFound } from '../members/index.ts';
import {
  accountOfAnotherMember,
  bankAccountInvalid,
  payerAccountBound,
  payerAccountNotFound,
} from './errors.ts';
import type { AccountDeps } from './open-main-account.ts';
import { bindPayerAccount, listPayerAccounts, unbindPayerAccount } from './payer-accounts.ts';

const PayerAccount = Type.Object(
  {
    accountNumber: BankAccountNumber,
    virtualAccount: AccountNumber,
    createdAt: InstantOut,
  },
  { title: 'PayerAccount' },
);
const BankAccountIn = Text({ max: 50, examples: ['6222020200000000017'] });
const tags = ['members'];
const url = '/v1/members/:id/payer-accounts';
const params = Type.Object({ id: Id('mem') });

/** Bank accounts that members pay from, and where deposits from them go. */
export const payerAccountRoutes: Routes<{ deps: AccountDeps }> = async (app, { deps }) => {
  app.get(
    url,
    {
      config: { scope: 'read', problems: [memberNotFound] },
      schema: {
        operationId: 'listPayerAccounts',
        summary: 'Bank accounts that the member pays from 付款账号列表',
        tags,
        params,
        querystring: Type.Object(PageQuery, CLOSED),
        response: { 200: Page(PayerAccount) },
      },
    },
    async ({ platformId, params, query: { limit, cursor } }) => {
      const after = positionOf(cursor, ([number]) => number);
      const page = await listPayerAccounts(deps, platformId, params.id, { after, limit });
      return { data: [...page.payerAccounts], nextCursor: nextCursorOf(page.next) };
    },
  );

  app.post(
    url,
    {
      config: {
        scope: 'accounts:write',
        problems: [
          ...[bankAccountInvalid, memberNotFound, refusalErrors.account_not_found],
          ...[accountOfAnotherMember, refusalErrors.account_closed, payerAccountBound],
          memberNotActive,
        ],
      },
      schema: {
        operationId: 'bindPayerAccount',
        summary: 'Bind a bank account that the member pays from 绑定付款账号',
        tags,
        params,
        body: Type.Object({ accountNumber: BankAccountIn, virtualAccount: AccountNumber }, CLOSED),
        response: { 201: PayerAccount },
      },
    },
    async ({ platformId, params, body }, reply) =>
      reply.code(201).send(await bindPayerAccount(deps, platformId, params.id, body)),
  );

  app.delete(
    `${url}/:accountNumber`,
    {
      config: { scope: 'accounts:write', problems: [memberNotFound, payerAccountNotFound] },
      schema: {
        operationId: 'unbindPayerAccount',
        summary: 'Remove the binding 解除绑定',
        tags,
        params: Type.Object({ id: Id('mem'), accountNumber: BankAccountIn }),
        response: { 204: Type.Null() },
      },
    },
    async ({ platformId, params: { id, accountNumber } }, reply) => {
      await unbindPayerAccount(deps, platformId, id, accountNumber);
      return reply.code(204).send(null);
    },
  );
};
