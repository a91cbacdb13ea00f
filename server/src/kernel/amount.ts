/** The largest amount in one move: what a JSON number carries exactly (2^53 − 1 minor units). */
export const MAX_AMOUNT = 9_007_199_254_740_991n;

declare const amountBrand: unique symbol;
/** A positive number of minor units (CNY: fen), 1 … 2^53 − 1. Made by `amount()` only. */
export type Amount = bigint & { readonly [amountBrand]: true };

/** True for a number of minor units that one move may carry. */
export function isAmount(value: bigint): value is Amount {
  return value >= 1n && value <= MAX_AMOUNT;
}

/** Brands minor units as an amount. Throws a RangeError outside 1 … 2^53 − 1: edges check before. */
export function amount(value: bigint | number): Amount {
  const minorUnits = BigInt(value);
  if (isAmount(minorUnits)) return minorUnits;
  throw new RangeError(`an amount is 1 to ${MAX_AMOUNT} minor units, not ${minorUnits}`);
}
