// Goal: the parts of a split add up to the total, to the minor unit, whatever the shares are; or it says by how
// much they do not. Method: random totals and shares, and a few cases that finance can check by hand.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Share, split, WHOLE_PPM } from './split.ts';

const ppm = fc.integer({ min: 0, max: WHOLE_PPM });
const atMost = fc.option(fc.bigInt(0n, 50n), { nil: undefined });
const tiers = fc
  .array(fc.record({ upTo: fc.bigInt(1n, 200n), ppm }), { maxLength: 3 })
  .chain((steps) => ppm.map((last) => [...steps.sort(byEnd), { upTo: undefined, ppm: last }]));
const share: fc.Arbitrary<Share> = fc.oneof(
  fc.record({ kind: fc.constant('amount' as const), amount: fc.bigInt(1n, 60n) }),
  fc.record({ kind: fc.constant('ratio' as const), ppm, atMost }),
  fc.record({ kind: fc.constant('tiers' as const), tiers, atMost }),
  fc.record({
    kind: fc.constant('remainder' as const),
    weight: fc.integer({ min: 1, max: 9 }),
  }),
);
const total = fc.oneof(fc.bigInt(1n, 300n), fc.bigInt(1n, 9_007_199_254_740_991n));
const sum = (amounts: readonly bigint[]) => amounts.reduce((all, each) => all + each, 0n);

function byEnd(a: { upTo: bigint }, b: { upTo: bigint }): number {
  return a.upTo < b.upTo ? -1 : 1;
}

describe('properties', () => {
  test('parts add up to the total and none is negative, or the split says why not', () => {
    let divided = 0;
    let refused = 0;
    fc.assert(
      fc.property(total, fc.array(share, { minLength: 1, maxLength: 6 }), (whole, shares) => {
        const outcome = split(whole, shares);
        const hasRemainder = shares.some(({ kind }) => kind === 'remainder');
        if (!outcome.ok) {
          refused += 1;
          expect(outcome.by).toBeGreaterThan(0n);
          if (outcome.problem === 'rest') expect(hasRemainder).toBe(false);
          return;
        }
        divided += 1;
        expect(sum(outcome.amounts)).toBe(whole);
        expect(outcome.amounts).toHaveLength(shares.length);
        for (const [i, each] of outcome.amounts.entries()) {
          const own = shares[i];
          expect(each).toBeGreaterThanOrEqual(0n);
          if (own?.kind === 'amount') expect(each).toBe(own.amount);
          if (own && 'atMost' in own && own.atMost !== undefined) {
            expect(each).toBeLessThanOrEqual(own.atMost);
          }
          if (own?.kind === 'ratio') {
            expect(each * BigInt(WHOLE_PPM)).toBeLessThanOrEqual(whole * BigInt(own.ppm));
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(Math.min(divided, refused)).toBeGreaterThan(20);
  });

  test('a single tier without end is a ratio', () => {
    fc.assert(
      fc.property(total, ppm, (whole, ratio) => {
        const rest: Share = { kind: 'remainder', weight: 1 };
        const tier = split(whole, [{ kind: 'tiers', tiers: [{ ppm: ratio }] }, rest]);
        expect(tier).toEqual(split(whole, [{ kind: 'ratio', ppm: ratio }, rest]));
      }),
    );
  });
});

describe('by hand', () => {
  const rest: Share = { kind: 'remainder', weight: 1 };

  test('0.6% of 99.99 is 0.59, and the seller has the rest', () => {
    const outcome = split(99_99n, [{ kind: 'ratio', ppm: 6_000 }, rest]);
    expect(outcome).toEqual({ ok: true, amounts: [59n, 99_40n] });
  });

  test('three equal remainders of 1.00: the first has the odd fen', () => {
    expect(split(100n, [rest, rest, rest])).toEqual({ ok: true, amounts: [34n, 33n, 33n] });
  });

  test('2% up to 1,000.00 and 1% above, of 1,500.00: 20.00 + 5.00', () => {
    const tiered: Share = {
      kind: 'tiers',
      tiers: [{ upTo: 1000_00n, ppm: 20_000 }, { ppm: 10_000 }],
    };
    expect(split(1500_00n, [tiered, rest])).toEqual({ ok: true, amounts: [25_00n, 1475_00n] });
    const capped = { ...tiered, atMost: 22_00n };
    expect(split(1500_00n, [capped, rest])).toEqual({ ok: true, amounts: [22_00n, 1478_00n] });
  });

  test('more than there is, and what nobody takes', () => {
    const fixed = (amount: bigint): Share => ({ kind: 'amount', amount });
    expect(split(100n, [fixed(101n), rest])).toEqual({ ok: false, problem: 'over', by: 1n });
    expect(split(100n, [fixed(99n)])).toEqual({ ok: false, problem: 'rest', by: 1n });
    expect(split(100n, [fixed(60n), fixed(40n)])).toEqual({ ok: true, amounts: [60n, 40n] });
  });
});
