import { isAmount } from '../../kernel/amount.ts';
import type { Currency } from '../../kernel/currency.ts';
import { AppError } from '../../kernel/error.ts';
import { shorten, statementFieldInvalid } from '../errors.ts';
import { written } from './statement-writer.ts';

/**
 * Checks that an opening balance, in signed minor units, is one that a move may carry: an account begins with it. An
 * account that has begun may have more. Throws `statement_field_invalid`.
 */
export function checkOpeningBalance({
  amount,
  currency,
  statementId,
}: {
  amount: bigint;
  currency: Currency;
  statementId: string | undefined;
}): void {
  if (isAmount(amount < 0n ? -amount : amount)) return;
  throw new AppError(statementFieldInvalid, {
    ...(statementId === undefined ? {} : { statementId: shorten(statementId) }),
    field: 'opening balance',
    found: written(amount, currency),
    allowed: 'an amount of 1 to 9007199254740991 minor units, or of none, in the first statement',
  });
}
