// Goal: a price is exact, whatever its form. Method: compare with sums that are written another way, on random
// prices and amounts, and with figures worked out by hand.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Band,
  MILLION,
  type Price,
  priceFaults,
  priceOf,
  ROUNDINGS,
  roundMillionths,
} from './price.ts';

const free: Price = {
  ...{ fixed: 0n, ratePpm: 0n, tiers: null },
  ...{ min: null, max: null, rounding: 'half_up' },
};
const amounts = fc.bigInt({ min: 0n, max: 9_007_199_254_740_991n });
const small = fc.bigInt({ min: 0n, max: 100_000n });
const rates = fc.bigInt({ min: 0n, max: MILLION / 2n });
const bands: fc.Arbitrary<readonly Band[]> = fc
  .tuple(
    fc.uniqueArray(fc.bigInt({ min: 1n, max: 10n ** 12n }), { maxLength: 6 }),
    fc.array(fc.record({ fixed: small, ratePpm: rates }), { minLength: 7, maxLength: 7 }),
  )
  .map(([ends, prices]) => {
    const sorted = [...ends].sort((a, b) => (a < b ? -1 : 1));
    return [...sorted, null].map((upTo, i) => ({ upTo, ...prices[i]! }));
  });
const prices: fc.Arbitrary<Price> = fc.record({
  fixed: small,
  ratePpm: rates,
  tiers: fc.option(
    fc.record({ mode: fc.constantFrom('whole' as const, 'marginal' as const), bands }),
  ),
  min: fc.option(fc.bigInt({ min: 0n, max: 1000n })),
  max: fc.option(fc.bigInt({ min: 1000n, max: 10n ** 9n })),
  rounding: fc.constantFrom(...ROUNDINGS),
});

describe('by hand', () => {
  test.each([
    ['0.6 % of 12.50', { ratePpm: 6000n }, 1250n, 8n],
    ['0.6 % of 12.50, rounded down', { ratePpm: 6000n, rounding: 'down' }, 1250n, 7n],
    ['half a fen goes up', { ratePpm: 5000n }, 100n, 1n],
    ['a millionth below half goes down', { ratePpm: 499_999n }, 1n, 0n],
    ['a millionth of a fen, rounded up', { ratePpm: 1n, rounding: 'up' }, 1n, 1n],
    ['nothing is not rounded up', { ratePpm: 1n, rounding: 'up' }, 0n, 0n],
    ['fixed and rate', { fixed: 100n, ratePpm: 10_000n }, 5000n, 150n],
    ['the minimum', { ratePpm: 6000n, min: 10n }, 1250n, 10n],
    ['the maximum', { ratePpm: 6000n, max: 5n }, 1250n, 5n],
    ['all that one transfer can carry', { ratePpm: MILLION }, 2n ** 53n - 1n, 2n ** 53n - 1n],
  ] as const)('%s', (_, change, amount, fee) => {
    expect(priceOf({ ...free, ...change }, amount).fee).toBe(fee);
  });

  // ¥5 up to ¥10,000, ¥10 up to ¥100,000, above that 0.02 %.
  const list = [
    { upTo: 1_000_000n, fixed: 500n, ratePpm: 0n },
    { upTo: 10_000_000n, fixed: 1000n, ratePpm: 0n },
    { upTo: null, fixed: 0n, ratePpm: 200n },
  ];
  test.each([
    ['whole', 1_000_000n, 500n],
    ['whole', 1_000_001n, 1000n],
    ['whole', 10_000_000n, 1000n],
    ['whole', 10_000_001n, 2000n],
    ['marginal', 1_000_000n, 500n],
    ['marginal', 1_000_001n, 1500n],
    ['marginal', 20_000_000n, 3500n],
  ] as const)('%s bands, %s costs %s', (mode, amount, fee) => {
    expect(priceOf({ ...free, tiers: { mode, bands: list } }, amount).fee).toBe(fee);
  });
});

describe('always', () => {
  test('the parts add up to the exact price, and the fee is that, rounded and limited', () => {
    fc.assert(
      fc.property(prices, amounts, (price, amount) => {
        const { fee, exactMillionths, limitedBy, parts } = priceOf(price, amount);
        const sum = parts.reduce((all, p) => all + p.fixed * MILLION + p.base * p.ratePpm, 0n);
        expect(exactMillionths).toBe(sum);
        if (price.min !== null) expect(fee).toBeGreaterThanOrEqual(price.min);
        if (price.max !== null) expect(fee).toBeLessThanOrEqual(price.max);
        if (limitedBy === null) expect(fee).toBe(roundMillionths(sum, price.rounding));
        else expect(fee).toBe(price[limitedBy]);
      }),
    );
  });

  test('rounding moves by less than one, and half up by at most half', () => {
    fc.assert(
      fc.property(amounts, fc.constantFrom(...ROUNDINGS), (millionths, rounding) => {
        const error = roundMillionths(millionths, rounding) * MILLION - millionths;
        const [least, most] = {
          half_up: [-MILLION / 2n + 1n, MILLION / 2n],
          up: [0n, MILLION - 1n],
          down: [-MILLION + 1n, 0n],
        }[rounding] as [bigint, bigint];
        expect(error >= least && error <= most).toBe(true);
      }),
    );
  });

  test('marginal bands: the parts cover the amount once, and more never costs less', () => {
    fc.assert(
      fc.property(bands, amounts, amounts, (list, one, other) => {
        const price: Price = { ...free, tiers: { mode: 'marginal', bands: list } };
        const [less, more] = one < other ? [one, other] : [other, one];
        expect(priceOf(price, less).fee).toBeLessThanOrEqual(priceOf(price, more).fee);
        const paid = list.filter(({ fixed, ratePpm }) => fixed > 0n || ratePpm > 0n);
        fc.pre(paid.length === list.length);
        const covered = priceOf(price, more).parts.reduce((sum, { base }) => sum + base, 0n);
        expect(covered).toBe(more);
      }),
    );
  });

  test('equal bands of rates cost what the rate alone costs, in both modes', () => {
    fc.assert(
      fc.property(bands, rates, amounts, (list, ratePpm, amount) => {
        const equal = list.map(({ upTo }) => ({ upTo, fixed: 0n, ratePpm }));
        const { fee } = priceOf({ ...free, ratePpm }, amount);
        for (const mode of ['whole', 'marginal'] as const)
          expect(priceOf({ ...free, tiers: { mode, bands: equal } }, amount).fee).toBe(fee);
      }),
    );
  });

  test('such prices have no faults, and broken ones have', () => {
    fc.assert(
      fc.property(prices, (price) => {
        expect(priceFaults(price)).toEqual([]);
      }),
    );
    const pointersOf = (change: Partial<Price>) =>
      priceFaults({ ...free, ...change }).map(({ pointer }) => pointer);
    expect(pointersOf({ min: 2n, max: 1n })).toEqual(['/max']);
    const tiers = (...ends: (bigint | null)[]): Partial<Price> => ({
      tiers: { mode: 'whole', bands: ends.map((upTo) => ({ upTo, fixed: 0n, ratePpm: 1n })) },
    });
    expect(pointersOf(tiers(5n))).toEqual(['/tiers/bands/0/upTo']);
    expect(pointersOf(tiers(null, null))).toEqual(['/tiers/bands/0/upTo']);
    expect(pointersOf(tiers(5n, 5n, null))).toEqual(['/tiers/bands/1/upTo']);
    expect(pointersOf({ ...tiers(null), ratePpm: MILLION })).toEqual(['/tiers/bands/0/ratePpm']);
  });
});
