/**
 * Currencies by their ISO 4217 alphabetic code, with the number of decimals of the minor unit.
 * Source: ISO 4217 list one. Codes that are not listed have two decimals, as most have.
 */
const DECIMALS_OTHER_THAN_TWO: Readonly<Record<string, number>> = {
  ...{ BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0 },
  ...{ UGX: 0, UYI: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0 },
  ...{ BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3 },
  ...{ CLF: 4, UYW: 4 },
};

declare const currencyBrand: unique symbol;
/** An ISO 4217 alphabetic code, such as CNY. Made by `currency()` only. */
export type Currency = string & { readonly [currencyBrand]: true };

/** Codes of funds (ISO 4217 list one), which the runtime's tables leave out. */
const FUNDS = ['BOV', 'CHE', 'CHW', 'CLF', 'COU', 'MXV', 'USN', 'UYI', 'UYW'];
const KNOWN = new Set([...Intl.supportedValuesOf('currency'), ...FUNDS]);

/** True for an alphabetic code of ISO 4217. */
export function isCurrency(code: string): code is Currency {
  return /^[A-Z]{3}$/.test(code) && KNOWN.has(code);
}

/** Brands a code. Throws a RangeError for one that is not a currency: edges check before. */
export function currency(code: string): Currency {
  if (isCurrency(code)) return code;
  throw new RangeError(`not an ISO 4217 currency code: ${code}`);
}

/** How many decimals the currency's minor unit has: CNY 2, JPY 0, KWD 3. */
export function decimalsOf(code: Currency): number {
  return DECIMALS_OTHER_THAN_TWO[code] ?? 2;
}
