import { type Currency, decimalsOf } from './currency.ts';

/** What `parseDecimal` makes of a text: minor units, or the reason why it is no amount of that currency. */
export type ParsedDecimal =
  | { readonly ok: true; readonly minorUnits: bigint }
  | { readonly ok: false; readonly reason: 'not_a_decimal' | 'too_many_decimals' };

/**
 * Reads a decimal text ("12.30") as minor units (1230n), by string: no float on the way, no rounding.
 * Zeros beyond the currency's decimals are accepted ("12.300" is 1230n for CNY); other digits there are
 * refused. A leading "-" or "+" is read. `separator` is the decimal sign of the source: "." or ",".
 */
export function parseDecimal(
  text: string,
  code: Currency,
  separator: '.' | ',' = '.',
): ParsedDecimal {
  const match = /^([+-]?)(\d+)(?:([.,])(\d*))?$/.exec(text);
  const [, sign, whole, sign2, fraction = ''] = match ?? [];
  if (whole === undefined || (sign2 !== undefined && sign2 !== separator)) {
    return { ok: false, reason: 'not_a_decimal' };
  }
  const decimals = decimalsOf(code);
  if (/[1-9]/.test(fraction.slice(decimals))) return { ok: false, reason: 'too_many_decimals' };
  const digits = whole + fraction.slice(0, decimals).padEnd(decimals, '0');
  const minorUnits = BigInt(digits);
  return { ok: true, minorUnits: sign === '-' ? -minorUnits : minorUnits };
}

/** Writes minor units as a plain decimal text: 1230n of CNY is "12.30", of JPY "1230". */
export function formatDecimal(minorUnits: bigint, code: Currency): string {
  const decimals = decimalsOf(code);
  const sign = minorUnits < 0n ? '-' : '';
  const digits = (minorUnits < 0n ? -minorUnits : minorUnits)
    .toString()
    .padStart(decimals + 1, '0');
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The same with a separator between thousands, for people: 1234567n of CNY is "12,345.67". */
export function formatGrouped(minorUnits: bigint, code: Currency): string {
  const [whole = '', fraction] = formatDecimal(minorUnits, code).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
