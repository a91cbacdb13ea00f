import {
  AccountNumber,
  askedBy,
  BalanceOut,
  BankAccountNumber,
  CLOSED,
  CurrencyCode,
  Id,
  InstantOut,
  LimitIn,
  Metadata,
  MetadataOut,
  Name,
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
import { memberNotActive, memberNotFound } from '../members/index.ts';
import {
  changeVirtualAccount,
  closeVirtualAccount,
  reopenVirtualAccount,
  stopVirtualAccount,
} from './change-virtual-account.ts';
import {
  accountNotEmpty,
  feesOwed,
  interestDue,
  mainAccountNotFound,
  mainAccountRequired,
  numberInvalid,
  numberTaken,
  overdraftInUse,
  platformAccountNeeded,
  publicAccountRefused,
  referenceCodeTaken,
} from './errors.ts';
import type { AccountDeps } from './open-main-account.ts';
import { openVirtualAccount } from './open-virtual-account.ts';
import { listVirtualAccounts, readVirtualAccount } from './read-virtual-accounts.ts';
import { MEMBER_KINDS, VIRTUAL_ACCOUNT_KINDS } from './virtual-account.ts';

const Kind = Type.Enum([...VIRTUAL_ACCOUNT_KINDS]);
const Side = Type.Enum(['debit', 'credit', 'both']);
const State = Type.Enum(['open', 'debit_stopped', 'credit_stopped', 'stopped', 'closed']);
const ReferenceCode = Type.String({
  pattern: '^[0-9A-Z]{4,32}$',
  'x-allowed': '4 to 32 digits and capital letters',
  description: 'A code that a payer may quote in the remittance text',
  examples: ['SHOP0001'],
});
const VirtualAccount = Type.Object(
  {
    number: AccountNumber,
    name: Type.String(),
    kind: Kind,
    mainAccount: BankAccountNumber,
    memberId: Nullable(Id('mem')),
    currency: CurrencyCode,
    state: State,
    balance: BalanceOut,
    held: BalanceOut,
    available: BalanceOut,
    frozen: BalanceOut,
    overdraftLimit: BalanceOut,
    referenceCode: Nullable(Type.String()),
    metadata: MetadataOut,
    createdAt: InstantOut,
  },
  { title: 'VirtualAccount' },
);
const BankAccountIn = Text({ max: 50, examples: ['8110888020000000017'] });
const Suffix = Type.String({
  pattern: '^([0-9]{7}|[0-9]{14})$',
  'x-allowed': '7 digits behind a prefix of 12, or 14 behind one of 5',
});
const tags = ['virtual accounts'];
const params = Type.Object({ number: AccountNumber });
const accountClosed = refusalErrors.account_closed;

/** Lists, opens and reads virtual accounts. */
export const virtualAccountRoutes: Routes<{ deps: AccountDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/virtual-accounts',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listVirtualAccounts',
        summary: 'Virtual accounts, in the order in which they were opened 虚拟户列表',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            memberId: Type.Optional(Id('mem')),
            mainAccount: Type.Optional(BankAccountIn),
            kind: Type.Optional(Kind),
            state: Type.Optional(State),
            referenceCode: Type.Optional(ReferenceCode),
          },
          CLOSED,
        ),
        response: { 200: Page(VirtualAccount) },
      },
    },
    async ({ platformId, query: { cursor, ...filter } }) => {
      const after = positionOf(cursor, numberAt);
      const page = await listVirtualAccounts(deps, platformId, { ...filter, after });
      return { data: [...page.accounts], nextCursor: nextCursorOf(page.next) };
    },
  );

  app.post(
    '/v1/virtual-accounts',
    {
      config: {
        scope: 'accounts:write',
        problems: [
          ...[
            mainAccountNotFound,
            mainAccountRequired,
            numberInvalid,
            memberNotFound,
            memberNotActive,
          ],
          ...[numberTaken, referenceCodeTaken],
        ],
      },
      schema: {
        operationId: 'openVirtualAccount',
        summary: 'Open a virtual account 开立虚拟户',
        tags,
        body: Type.Object(
          {
            mainAccount: Type.Optional(BankAccountIn),
            memberId: Type.Optional(Id('mem')),
            kind: Type.Optional(Type.Enum([...MEMBER_KINDS])),
            name: Name,
            number: Type.Optional(AccountNumber),
            suffix: Type.Optional(Suffix),
            referenceCode: Type.Optional(ReferenceCode),
            overdraftLimit: Type.Optional(LimitIn),
            metadata: Type.Optional(Metadata),
          },
          CLOSED,
        ),
        response: { 201: VirtualAccount },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const overdraftLimit = BigInt(body.overdraftLimit ?? 0);
      const account = await openVirtualAccount(askedBy(request, deps), platformId, {
        ...body,
        overdraftLimit,
      });
      return reply.code(201).send(account);
    },
  );

  await app.register(changeRoutes, { deps });
};

/** Reads and changes one virtual account. */
const changeRoutes: Routes<{ deps: AccountDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/virtual-accounts/:number',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found] },
      schema: {
        operationId: 'readVirtualAccount',
        summary: 'One virtual account 虚拟户',
        tags,
        params,
        response: { 200: VirtualAccount },
      },
    },
    async ({ platformId, params }) => readVirtualAccount(deps, platformId, params.number),
  );

  app.patch(
    '/v1/virtual-accounts/:number',
    {
      config: {
        scope: 'accounts:write',
        problems: [
          ...[refusalErrors.account_not_found, publicAccountRefused, accountClosed],
          ...[overdraftInUse, referenceCodeTaken],
        ],
      },
      schema: {
        operationId: 'changeVirtualAccount',
        summary: 'Change name, reference code, metadata or overdraft limit 修改虚拟户',
        tags,
        params,
        body: Type.Object(
          {
            name: Type.Optional(Name),
            referenceCode: Type.Optional(Nullable(ReferenceCode)),
            overdraftLimit: Type.Optional(LimitIn),
            metadata: Type.Optional(Metadata),
          },
          CLOSED,
        ),
        response: { 200: VirtualAccount },
      },
    },
    async (request) => {
      const { platformId, params, body } = request;
      const { overdraftLimit: limit, ...attributes } = body;
      const overdraftLimit = limit === undefined ? undefined : BigInt(limit);
      const change = { ...attributes, overdraftLimit };
      return changeVirtualAccount(askedBy(request, deps), platformId, params.number, change);
    },
  );

  await app.register(stateRoutes, { deps });
};

/** Stops, reopens and closes. */
const stateRoutes: Routes<{ deps: AccountDeps }> = async (app, { deps }) => {
  const problems = [refusalErrors.account_not_found, publicAccountRefused, accountClosed];
  app.post(
    '/v1/virtual-accounts/:number/stop',
    {
      config: { scope: 'accounts:write', problems },
      schema: {
        operationId: 'stopVirtualAccount',
        summary: 'Stop paying, being paid, or both; stops add up 停用',
        tags,
        params,
        body: Type.Object({ side: Side }, CLOSED),
        response: { 200: VirtualAccount },
      },
    },
    async (request) => {
      const { platformId, params, body } = request;
      return stopVirtualAccount(askedBy(request, deps), platformId, params.number, body);
    },
  );

  app.post(
    '/v1/virtual-accounts/:number/reopen',
    {
      config: { scope: 'accounts:write', problems },
      schema: {
        operationId: 'reopenVirtualAccount',
        summary: 'Lift the stop of a side, or of both, which is what no side means 恢复',
        tags,
        params,
        body: Type.Object({ side: Type.Optional(Side) }, CLOSED),
        response: { 200: VirtualAccount },
      },
    },
    async (request) => {
      const { platformId, params, body } = request;
      const { side = 'both' } = body;
      return reopenVirtualAccount(askedBy(request, deps), platformId, params.number, { side });
    },
  );

  app.post(
    '/v1/virtual-accounts/:number/close',
    {
      config: {
        scope: 'accounts:write',
        problems: [
          ...problems,
          refusalErrors.frozen_by_order,
          platformAccountNeeded,
          accountNotEmpty,
          interestDue,
          feesOwed,
        ],
      },
      schema: {
        operationId: 'closeVirtualAccount',
        summary: 'Close for ever; only when empty, with interest settled and no fees owed 销户',
        tags,
        params,
        response: { 200: VirtualAccount },
      },
    },
    async (request) =>
      closeVirtualAccount(askedBy(request, deps), request.platformId, request.params.number),
  );
};
