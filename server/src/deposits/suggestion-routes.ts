import { AccountNumber, Id, type Routes, Type } from '../http/schemas.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { bankEntryNotFound, entryNotInSuspense } from './errors.ts';
import { SUGGESTION_REASONS, suggestAccounts } from './suggest.ts';

const Suggestion = Type.Object(
  {
    account: AccountNumber,
    reasons: Type.Array(
      Type.Object({
        code: Type.Enum([...SUGGESTION_REASONS], {
          description:
            'written_apart, digits_swapped, digit_wrong, digit_missing, digit_extra: the text has the number, with ' +
            'that slip; payer_paid_before: the payer’s bank account has paid to it within half a year; payer_bound: ' +
            'its member has bound that bank account; payer_name: its member has the payer’s name',
        }),
        times: Type.Integer({ description: 'How often, for payer_paid_before; else 1' }),
      }),
    ),
  },
  { title: 'ClaimSuggestion' },
);

/** Routes of suggestions for what waits in suspense. */
export const suggestionRoutes: Routes<{ deps: Pick<DepositDeps, 'db'> }> = async (
  app,
  { deps },
) => {
  app.get(
    '/v1/bank-entries/:id/suggestions',
    {
      config: { scope: 'read', problems: [bankEntryNotFound, entryNotInSuspense] },
      schema: {
        operationId: 'suggestAccounts',
        summary: 'Whom a deposit in suspense may be for, the likeliest first 待查款归属建议',
        description: 'Nothing is decided by it: a person claims.',
        tags: ['deposits'],
        params: Type.Object({ id: Id('ben') }),
        response: { 200: Type.Object({ data: Type.Array(Suggestion) }) },
      },
    },
    async ({ platformId, params }) => {
      const found = await suggestAccounts(deps, platformId, params.id);
      return { data: found.map(({ account, reasons }) => ({ account, reasons: [...reasons] })) };
    },
  );
};
