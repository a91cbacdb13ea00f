import { type Amount, isAmount, MAX_AMOUNT } from '../kernel/amount.ts';
import { decimalsOf, isCurrency } from '../kernel/currency.ts';
import { formatDecimal, parseDecimal } from '../kernel/decimal.ts';
import { type CliError, usageError } from './cli-error.ts';

/**
 * Reads an amount as it was typed: a decimal of the account's currency ("12.30"), or minor units. Nothing is
 * rounded. Throws CliError `amount_invalid`, which says what is allowed.
 */
export function readAmount(
  text: string,
  { currency, minor = false }: { currency: string; minor?: boolean | undefined },
): Amount {
  if (!isCurrency(currency)) throw refuse(text, `${currency} is no currency`);
  if (minor) {
    if (!/^\d+$/.test(text)) throw refuse(text, 'with --minor it is a whole number, such as 1230');
    return within(BigInt(text), text, currency);
  }
  const parsed = parseDecimal(text, currency);
  // Banks end an amount with the decimal sign; of a person it is half an amount: the rest was forgotten.
  if (parsed.ok && !text.endsWith('.')) return within(parsed.minorUnits, text, currency);
  const decimals = decimalsOf(currency);
  const form =
    decimals === 0
      ? `${currency} has no decimals: write a whole number`
      : `write a decimal with a point and at most ${decimals} decimals, such as ${formatDecimal(1230n, currency)}`;
  throw refuse(text, form);
}

function within(minorUnits: bigint, text: string, currency: string): Amount {
  if (isAmount(minorUnits)) return minorUnits;
  const largest = isCurrency(currency) ? formatDecimal(MAX_AMOUNT, currency) : MAX_AMOUNT;
  throw refuse(text, `more than zero and at most ${largest} ${currency} is allowed`);
}

function refuse(text: string, allowed: string): CliError {
  return usageError('amount_invalid', `${JSON.stringify(text)} is no amount: ${allowed}`);
}
