import {
  AccountNumber,
  AmountOut,
  BalanceOut,
  CLOSED,
  CurrencyCode,
  encodeCursor,
  InstantOut,
  IsoDate,
  MoveId,
  Nullable,
  PageQuery,
  positionOf,
  type Routes,
  SumOut,
  Text,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { readBalance } from './balance.ts';
import { periodInvalid } from './errors.ts';
import { PeriodQuery, periodOf } from './shared-routes.ts';
import { readStatement, type StatementPosition } from './statement.ts';
import type { TransferDeps } from './submit.ts';

const Clock = Type.Enum(['booked', 'business']);
const Balance = Type.Object(
  {
    number: AccountNumber,
    currency: CurrencyCode,
    balance: BalanceOut,
    held: BalanceOut,
    available: BalanceOut,
    asOf: Type.String({ description: 'An instant, or a business date, by `clock`' }),
    clock: Clock,
  },
  { title: 'Balance' },
);
const Total = Type.Object({ count: Type.Integer(), sum: SumOut });
const Statement = Type.Object(
  {
    number: AccountNumber,
    currency: CurrencyCode,
    opening: BalanceOut,
    lines: Type.Array(
      Type.Object({
        transferId: MoveId('trf'),
        bookedAt: InstantOut,
        businessDate: IsoDate,
        direction: Type.Enum(['debit', 'credit']),
        amount: AmountOut,
        balanceAfter: BalanceOut,
        counterparty: Nullable(AccountNumber),
        code: Type.String(),
        reference: Nullable(Type.String()),
        memo: Nullable(Type.String()),
      }),
    ),
    totals: Nullable(
      Type.Object(
        { credits: Total, debits: Total },
        { description: 'Of the whole period; on its first page only' },
      ),
    ),
    closing: BalanceOut,
    nextCursor: Nullable(Type.String()),
  },
  { title: 'Statement' },
);
const tags = ['virtual accounts'];
const params = Type.Object({ number: AccountNumber });
const problems = [refusalErrors.account_not_found, periodInvalid];

/** Balances and statements of virtual accounts. */
export const statementRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/virtual-accounts/:number/balance',
    {
      config: { scope: 'read', problems },
      schema: {
        operationId: 'readBalance',
        summary: 'The balance now, at an instant, or at the end of a business date 余额',
        tags,
        params,
        querystring: Type.Object(
          { asOf: Type.Optional(Text({ max: 40 })), clock: Type.Optional(Clock) },
          CLOSED,
        ),
        response: { 200: Balance },
      },
    },
    async ({ platformId, params, query }) => {
      const { asOf, ...balance } = await readBalance(deps, platformId, params.number, query);
      return { ...balance, asOf: typeof asOf === 'string' ? asOf : asOf.toISOString() };
    },
  );

  app.get(
    '/v1/virtual-accounts/:number/statement',
    {
      config: { scope: 'read', problems },
      schema: {
        operationId: 'readStatement',
        summary: 'Lines of a period with the running balance 对账单',
        description:
          'opening + credits − debits = closing. All pages are of one statement, whatever is posted meanwhile.',
        tags,
        params,
        querystring: Type.Object({ ...PageQuery, ...PeriodQuery }, CLOSED),
        response: { 200: Statement },
      },
    },
    async ({ platformId, params, query }) => {
      const { limit, cursor } = query;
      const after = positionOf(cursor, positionAt);
      const page = { period: periodOf(query), after, limit };
      const { next, lines, ...statement } = await readStatement(
        deps,
        platformId,
        params.number,
        page,
      );
      const nextCursor = next
        ? encodeCursor([next.from, next.lower, next.upper].map(String))
        : null;
      return { ...statement, lines: [...lines], nextCursor };
    },
  );
};

function positionAt(fields: readonly string[]): StatementPosition | undefined {
  const [from, lower, upper, ...others] = fields
    .filter((field) => /^\d{1,18}$/.test(field))
    .map(BigInt);
  if (from === undefined || lower === undefined || upper === undefined) return undefined;
  return others.length === 0 ? { from, lower, upper } : undefined;
}
