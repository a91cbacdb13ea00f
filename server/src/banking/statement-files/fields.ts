import { isAmount } from '../../kernel/amount.ts';
import { type BusinessDate, isBusinessDate } from '../../kernel/business-date.ts';
import { type Currency, decimalsOf, isCurrency } from '../../kernel/currency.ts';
import { parseDecimal } from '../../kernel/decimal.ts';
import { AppError } from '../../kernel/error.ts';
import { type Place, shorten, statementFieldInvalid } from '../errors.ts';
import { REMITTANCE_LENGTH } from './limits.ts';

/** A field of the file as it stands there, with what an error about it must name. */
export interface RawField {
  readonly place: Place;
  /** The field as the format names it: `:61:`, `Ntry/Amt`, a CSV column. */
  readonly field: string;
  readonly text: string;
}

/** No bank writes more digits; a longer run would only cost time in BigInt. */
const MAX_AMOUNT_LENGTH = 32;
const FIRST_YEAR = 1980;

/** Makes the error for a field: where it stands, what was found (shortened) and what is allowed. */
export function invalidField({ place, field, text }: RawField, allowed: string): AppError {
  return new AppError(statementFieldInvalid, { ...place, field, found: shorten(text), allowed });
}

/** Reads an unsigned or signed decimal as minor units. Zeros beyond the currency's decimals are accepted. */
export function readMinorUnits(raw: RawField, code: Currency, separator: '.' | ',' = '.'): bigint {
  if (raw.text.length <= MAX_AMOUNT_LENGTH) {
    const parsed = parseDecimal(raw.text, code, separator);
    if (parsed.ok) return parsed.minorUnits;
  }
  const sign = separator === '.' ? 'point' : 'comma';
  throw invalidField(
    raw,
    `an amount of ${code}, decimal ${sign}, at most ${decimalsOf(code)} decimals`,
  );
}

/** Checks that a line's amount is one that a move may carry (1 … 2^53 − 1 minor units). */
export function checkLineAmount(raw: RawField, amount: bigint): bigint {
  if (isAmount(amount)) return amount;
  throw invalidField(raw, 'an amount of 1 to 9007199254740991 minor units');
}

/** Reads an ISO 4217 code. */
export function readCurrency(raw: RawField): Currency {
  if (isCurrency(raw.text)) return raw.text;
  throw invalidField(raw, 'an ISO 4217 currency code, such as CNY');
}

// The lines of a statement share a few dates: one look-up instead of a calendar check for each.
const MAX_KNOWN_DATES = 2_000;
const knownDates = new Map<string, BusinessDate>();

/** Reads a date given as YYYY-MM-DD, from 1980 on. `written` of the error is as it stands in the file. */
export function readDate(raw: RawField, iso: string, form: string): BusinessDate {
  const known = knownDates.get(iso);
  if (known !== undefined) return known;
  if (!isBusinessDate(iso) || Number(iso.slice(0, 4)) < FIRST_YEAR) {
    throw invalidField(raw, `a date of the form ${form}, from ${FIRST_YEAR} on`);
  }
  if (knownDates.size >= MAX_KNOWN_DATES) knownDates.clear();
  knownDates.set(iso, iso);
  return iso;
}

/** Reads YYYYMMDD. */
export function readCompactDate(raw: RawField): BusinessDate {
  const { text } = raw;
  const iso = text.length === 8 ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : '';
  return readDate(raw, iso, 'YYYYMMDD');
}

/** Joins the texts of a line by line feeds, without blanks around them, at most 2,000 characters. */
export function joinRemittance(parts: readonly string[]): string {
  let joined = '';
  for (const part of parts) {
    const text = part.trim();
    if (text !== '') joined = joined === '' ? text : `${joined}\n${text}`;
    if (joined.length > REMITTANCE_LENGTH) break;
  }
  // toWellFormed: the cut may have fallen between the halves of one character.
  return joined.length <= REMITTANCE_LENGTH
    ? joined
    : joined.slice(0, REMITTANCE_LENGTH).toWellFormed();
}

/** An account number as it is compared: without blanks, in capitals. */
export function normalAccount(text: string): string {
  return /[\sa-z]/.test(text) ? text.replace(/\s+/g, '').toUpperCase() : text;
}

/** The text, or undefined for an empty one. */
export function given(text: string): string | undefined {
  return text === '' ? undefined : text;
}
