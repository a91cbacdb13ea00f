import {
  BankAccountNumber,
  CLOSED,
  InstantOut,
  Nullable,
  type Routes,
  Type,
} from '../http/schemas.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { selectPolls } from './poll-store.ts';

const Connection = Type.Object(
  {
    mainAccount: BankAccountNumber,
    connector: Type.String({ examples: ['sandbox'] }),
    answeredAt: Nullable(InstantOut),
    failures: Type.Integer({ description: 'Times in a row that it did not work' }),
    problem: Nullable(
      Type.String({
        description:
          'What was the matter the last time: `bank_timeout`, `bank_unreachable`, `bank_unavailable`, ' +
          '`bank_unreadable`, `bank_refused`, or the code of an import that was refused, such as ' +
          '`statement_reference_conflict`',
      }),
    ),
    detail: Nullable(Type.String({ description: 'The same for people' })),
  },
  { title: 'BankConnection' },
);

/** Routes of main accounts whose bank is asked for its entries. */
export const pollRoutes: Routes<{ deps: Pick<DepositDeps, 'db'> }> = async (app, { deps }) => {
  app.get(
    '/v1/bank-connections',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listBankConnections',
        summary: 'Main accounts whose bank is asked for its entries, and how that goes 银行直连',
        tags: ['deposits'],
        response: { 200: Type.Object({ data: Type.Array(Connection) }, CLOSED) },
      },
    },
    async ({ platformId }) => ({ data: [...(await selectPolls(deps.db, platformId))] }),
  );
};
