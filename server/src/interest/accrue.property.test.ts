// Goal: interest is exact until it is settled: how a period is cut, joined or counted changes nothing. Method: random
// balances and rates, few and short on purpose, so that boundaries of tiers, rates and runs meet; and an oracle that
// counts day by day with fractions.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDays, businessDate } from '../kernel/business-date.ts';
import {
  accrue,
  allocate,
  type BalanceRun,
  EXACT_PARTS,
  type Rate,
  roundInterest,
} from './accrue.ts';

const START = businessDate('2026-02-20');
const day = (i: number) => addDays(START, i);

const terms = fc
  .record({
    mode: fc.constantFrom('whole' as const, 'marginal' as const),
    dayCount: fc.constantFrom(360 as const, 365 as const),
    ends: fc.uniqueArray(fc.bigInt(1n, 3000n), { maxLength: 3 }),
    rates: fc.array(fc.bigInt(0n, 1_000_000n), { minLength: 4, maxLength: 4 }),
  })
  .map(({ mode, dayCount, ends, rates }) => {
    const sorted = [...ends].sort((a, b) => (a < b ? -1 : 1));
    const tiers = [...sorted, null].map((upTo, i) => ({ upTo, ratePpm: rates[i] ?? 0n }));
    return { mode, dayCount, tiers };
  });
const rates = fc
  .array(fc.record({ at: fc.nat(40), own: fc.boolean(), terms: fc.option(terms, { freq: 5 }) }), {
    maxLength: 5,
  })
  .map((list) =>
    list.map(
      ({ at, own, terms: each }, i): Rate => ({
        ...{ id: `irt_${i}`, version: i + 1, own, validFrom: day(at - 5), terms: each },
      }),
    ),
  );
const balances = fc.array(fc.bigInt(-500n, 5000n), { minLength: 1, maxLength: 35 });
const runsOf = (list: readonly bigint[], start = 0): BalanceRun[] =>
  list.map((balance, i) => ({ from: day(start + i), days: 1, balance }));

/** The same runs, with equal neighbours as one. */
function compact(runs: readonly BalanceRun[]): BalanceRun[] {
  const out: BalanceRun[] = [];
  for (const run of runs) {
    const last = out.at(-1);
    if (last?.balance === run.balance)
      out[out.length - 1] = { ...last, days: last.days + run.days };
    else out.push(run);
  }
  return out;
}

/** What one day earns, in parts: written again, without segments. */
function oracle(balance: bigint, i: number, all: readonly Rate[]): bigint {
  const pick = (own: boolean) =>
    all
      .filter((r) => r.own === own && r.validFrom <= day(i))
      .sort((a, b) =>
        a.validFrom === b.validFrom ? a.version - b.version : a.validFrom < b.validFrom ? -1 : 1,
      )
      .at(-1);
  const chosen = pick(true)?.terms ?? pick(false)?.terms;
  if (!chosen || balance <= 0n) return 0n;
  let yearly = 0n;
  if (chosen.mode === 'whole') {
    const tier = chosen.tiers.find(({ upTo }) => upTo === null || balance <= upTo);
    yearly = balance * (tier?.ratePpm ?? 0n);
  } else {
    for (let unit = 1n; unit <= balance; unit += 1n) {
      yearly += chosen.tiers.find(({ upTo }) => upTo === null || unit <= upTo)?.ratePpm ?? 0n;
    }
  }
  return (yearly * EXACT_PARTS) / (1_000_000n * BigInt(chosen.dayCount));
}

test('interest is what each day earns, added up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt(-50n, 400n), { minLength: 1, maxLength: 20 }),
      rates,
      (list, all) => {
        const expected = list.reduce((sum, balance, i) => sum + oracle(balance, i, all), 0n);
        expect(accrue(compact(runsOf(list)), all).exact).toBe(expected);
      },
    ),
    { numRuns: 60 },
  );
});

test('cutting a period in two changes nothing before rounding, wherever it is cut', () => {
  fc.assert(
    fc.property(balances, rates, fc.nat(34), (list, all, at) => {
      const whole = accrue(compact(runsOf(list)), all);
      const head = accrue(compact(runsOf(list.slice(0, at))), all);
      const tail = accrue(compact(runsOf(list.slice(at), Math.min(at, list.length))), all);
      expect(head.exact + tail.exact).toBe(whole.exact);
      expect(head.product + tail.product).toBe(whole.product);
      expect(head.days + tail.days).toBe(whole.days);
    }),
  );
});

test('segments add up to the whole, follow each other, and their tiers are their product', () => {
  fc.assert(
    fc.property(balances, rates, (list, all) => {
      const { segments, exact, product, days, interest } = accrue(compact(runsOf(list)), all);
      expect(segments.reduce((sum, each) => sum + each.exact, 0n)).toBe(exact);
      expect(segments.reduce((sum, each) => sum + each.product, 0n)).toBe(product);
      expect(days).toBe(list.length);
      expect(interest).toBe(roundInterest(exact));
      for (const [i, each] of segments.entries()) {
        expect(each.from).toBe(i === 0 ? START : addDays(segments[i - 1]!.to, 1));
        if (each.rate)
          expect(each.tiers.reduce((sum, tier) => sum + tier.product, 0n)).toBe(each.product);
      }
    }),
  );
});

test('half a minor unit goes up, less goes down', () => {
  expect(roundInterest(EXACT_PARTS / 2n)).toBe(1n);
  expect(roundInterest(EXACT_PARTS / 2n - 1n)).toBe(0n);
  expect(roundInterest(EXACT_PARTS + EXACT_PARTS / 2n)).toBe(2n);
});

test('an amount that is divided adds up, and nobody is off by a unit', () => {
  const weight = fc.oneof(fc.constant(0n), fc.bigInt(0n, 20n), fc.bigInt(0n, 10n ** 20n));
  fc.assert(
    fc.property(
      fc.bigInt(0n, 10n ** 12n),
      fc.array(weight, { maxLength: 12 }),
      (amount, weights) => {
        const parts = allocate(amount, weights);
        const total = weights.reduce((sum, each) => sum + each, 0n);
        expect(parts.reduce((sum, each) => sum + each, 0n)).toBe(total === 0n ? 0n : amount);
        for (const [i, part] of parts.entries()) {
          const off = part * total - amount * weights[i]!;
          expect(off < (total || 1n) && off > -(total || 1n)).toBe(true);
          if (weights[i] === 0n) expect(part).toBe(0n);
        }
      },
    ),
  );
});

test('a worked example: 0.35 % from 21 September, 0.30 % from 1 November, 360 days', () => {
  // 10,000.00 for 41 days, then 10,000.00 for 20 and 4,000.00 for 30: docs/explanation/interest.md says the same.
  const rate = (id: string, validFrom: string, ratePpm: bigint): Rate => ({
    ...{ id, version: 1, own: false, validFrom: businessDate(validFrom) },
    terms: { mode: 'whole', tiers: [{ upTo: null, ratePpm }], dayCount: 360 },
  });
  const accrued = accrue(
    [
      { from: businessDate('2026-09-21'), days: 61, balance: 1_000_000n },
      { from: businessDate('2026-11-21'), days: 30, balance: 400_000n },
    ],
    [rate('irt_a', '2026-01-01', 3500n), rate('irt_b', '2026-11-01', 3000n)],
  );
  expect(accrued.segments.map(({ from, to, days, product }) => [from, to, days, product])).toEqual([
    ['2026-09-21', '2026-10-31', 41, 41_000_000n],
    ['2026-11-01', '2026-12-20', 50, 32_000_000n],
  ]);
  // 41,000,000 × 0.35 % / 360 = 398.611…; 32,000,000 × 0.30 % / 360 = 266.666…; together 665.277… fen.
  expect(accrued.exact).toBe((41_000_000n * 3500n + 32_000_000n * 3000n) * 73n);
  expect(accrued.interest).toBe(665n);
});
