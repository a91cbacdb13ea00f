import {
  AccountNumber,
  askedBy,
  BankAccountNumber,
  CLOSED,
  CurrencyCode,
  InstantOut,
  invalid,
  Name,
  Nullable,
  nextCursorOf,
  numberAt,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  SumOut,
  Text,
  Type,
} from '../http/schemas.ts';
import { isCurrency } from '../kernel/currency.ts';
import { countReferencesPerDay } from './change-main-account.ts';
import {
  bankAccountInvalid,
  mainAccountExists,
  mainAccountNotFound,
  numberInvalid,
  prefixTaken,
} from './errors.ts';
import { type AccountDeps, openMainAccount } from './open-main-account.ts';
import { listMainAccounts, readMainAccount } from './read-main-accounts.ts';

const PER_DAY =
  'The bank counts the references of its entries anew from day to day: an entry is known by its booking date and ' +
  'its reference together, and its reference is `YYYY-MM-DD/<the bank’s>`';

const MainAccount = Type.Object(
  {
    number: BankAccountNumber,
    name: Type.String(),
    bankName: Nullable(Type.String()),
    currency: CurrencyCode,
    prefix: Type.String({ description: 'What the numbers of its virtual accounts begin with' }),
    referencesPerDay: Type.Boolean({ description: PER_DAY }),
    bankBalance: SumOut,
    virtualAccountsBalance: SumOut,
    unexplainedDebits: SumOut,
    accounts: Type.Object({
      suspense: AccountNumber,
      interestAndFees: AccountNumber,
      opening: AccountNumber,
      platform: AccountNumber,
    }),
    createdAt: InstantOut,
  },
  { title: 'MainAccount' },
);
/** As people write it: spaces and small letters too. */
const BankAccountIn = Text({ max: 50, examples: ['8110888020000000017'] });
const Prefix = Type.String({
  pattern: '^([0-9]{5}|[0-9]{12})$',
  'x-allowed': '5 or 12 digits',
  description: '5 or 12 digits; generated when it is left out',
});
const tags = ['main accounts'];

/** Routes of main accounts. */
export const mainAccountRoutes: Routes<{ deps: AccountDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/main-accounts',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listMainAccounts',
        summary: 'Main accounts with their sums 主体账户列表',
        tags,
        querystring: Type.Object(PageQuery, CLOSED),
        response: { 200: Page(MainAccount) },
      },
    },
    async ({ platformId, query: { limit, cursor } }) => {
      const after = positionOf(cursor, numberAt);
      const { mainAccounts, next } = await listMainAccounts(deps, platformId, { after, limit });
      return { data: [...mainAccounts], nextCursor: nextCursorOf(next) };
    },
  );

  app.post(
    '/v1/main-accounts',
    {
      config: {
        scope: 'accounts:write',
        problems: [bankAccountInvalid, numberInvalid, mainAccountExists, prefixTaken],
      },
      schema: {
        operationId: 'openMainAccount',
        summary: 'Open a main account with its public accounts 开立主体账户',
        tags,
        body: Type.Object(
          {
            number: BankAccountIn,
            name: Name,
            bankName: Type.Optional(Name),
            currency: CurrencyCode,
            prefix: Type.Optional(Prefix),
            referencesPerDay: Type.Optional(Type.Boolean({ description: PER_DAY })),
          },
          CLOSED,
        ),
        response: { 201: MainAccount },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const { currency } = body;
      if (!isCurrency(currency)) throw invalid('/currency', 'must be a code of ISO 4217');
      return reply
        .code(201)
        .send(await openMainAccount(askedBy(request, deps), platformId, { ...body, currency }));
    },
  );

  app.get(
    '/v1/main-accounts/:number',
    {
      config: { scope: 'read', problems: [mainAccountNotFound] },
      schema: {
        operationId: 'readMainAccount',
        summary: 'One main account with its sums 主体账户',
        tags,
        params: Type.Object({ number: BankAccountIn }),
        response: { 200: MainAccount },
      },
    },
    async ({ platformId, params }) => readMainAccount(deps, platformId, params.number),
  );

  app.patch(
    '/v1/main-accounts/:number',
    {
      config: { scope: 'accounts:write', problems: [mainAccountNotFound] },
      schema: {
        operationId: 'changeMainAccount',
        summary: 'Say that the bank counts its references anew from day to day 设置参考号按日唯一',
        description:
          'What was recorded before stays known. It cannot be turned off: what was recorded since would come again. ' +
          'While a large file of the account is recorded it is `busy`: ask again after `Retry-After`. A file that is ' +
          'still read then is answered `statement_account_changed`: send it again.',
        tags,
        params: Type.Object({ number: BankAccountIn }),
        body: Type.Object(
          { referencesPerDay: Type.Literal(true, { 'x-allowed': 'true', description: PER_DAY }) },
          CLOSED,
        ),
        response: { 200: MainAccount },
      },
    },
    async (request) =>
      countReferencesPerDay(askedBy(request, deps), request.platformId, request.params.number),
  );
};
