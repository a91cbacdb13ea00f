/**
 * Interest on the balance product (积数): pure and exact. Each day counts with the balance at its end; the sum of
 * balance × rate is kept as a whole number of very small parts and rounded once, when it is settled.
 */
import { addDays, type BusinessDate, daysBetween } from '../kernel/business-date.ts';

/** Days of a year by which an annual rate is divided: 360 is the custom for demand deposits in China. */
export const DAY_COUNTS = [360, 365] as const;
export type DayCount = (typeof DAY_COUNTS)[number];

/** The annual rate of balances up to and including `upTo`; null for the last tier, which has no end. */
export interface RateTier {
  readonly upTo: bigint | null;
  /** Parts per million a year: 3500 is 0.35 %. */
  readonly ratePpm: bigint;
}

/** What a balance earns. */
export interface RateTerms {
  /** `whole`: the tier of the balance pays all of it. `marginal`: each tier pays the part that lies in it. */
  readonly mode: 'whole' | 'marginal';
  readonly tiers: readonly RateTier[];
  readonly dayCount: DayCount;
}

/** A version of a rate as interest is worked out by it. */
export interface Rate {
  /** `irt_…` */
  readonly id: string;
  readonly version: number;
  /** True for an account's own rate: it comes before that of its product. */
  readonly own: boolean;
  /** The first business date that it pays for. */
  readonly validFrom: BusinessDate;
  /** Null: it pays nothing of its own; an account has its product's again, a product none. */
  readonly terms: RateTerms | null;
}

/** A balance that stayed the same at the end of so many days, from the first one on. Minor units. */
export interface BalanceRun {
  readonly from: BusinessDate;
  readonly days: number;
  readonly balance: bigint;
}

/** The product of one tier in a segment: minor units × days. */
export interface TierProduct extends RateTier {
  readonly product: bigint;
}

/** Days one after another under one version of a rate. Both dates are included. */
export interface InterestSegment {
  readonly from: BusinessDate;
  readonly to: BusinessDate;
  readonly days: number;
  /** Null where no rate is in force. */
  readonly rate: Pick<Rate, 'id' | 'version'> | null;
  readonly dayCount: DayCount | null;
  /** 积数: the sum of the balances at the end of each day; what is below zero counts as zero. */
  readonly product: bigint;
  readonly tiers: readonly TierProduct[];
  /** The interest of the segment, in `EXACT_PARTS` of a minor unit. */
  readonly exact: bigint;
}

/** What days have earned. */
export interface Accrued {
  readonly days: number;
  readonly product: bigint;
  /** In `EXACT_PARTS` of a minor unit. */
  readonly exact: bigint;
  /** Rounded half up to the minor unit (四舍五入到分): the one rounding there is. */
  readonly interest: bigint;
  readonly segments: readonly InterestSegment[];
}

/** 360 and 365 both divide it. */
const COMMON_DAYS = 26_280n;
/** Parts of a minor unit in which interest is exact: a millionth, divided by 26,280 days. */
export const EXACT_PARTS = 1_000_000n * COMMON_DAYS;

/** Rounds exact interest half up to the minor unit. It is never below zero. */
export function roundInterest(exact: bigint): bigint {
  return (2n * exact + EXACT_PARTS) / (2n * EXACT_PARTS);
}

/**
 * The rate in force on a date: of those that have begun the one that began last, of those that began together the
 * highest version; an account's own before its product's, unless it has no terms. Undefined when there is none.
 */
function rateOn(rates: readonly Rate[], date: BusinessDate): Rate | undefined {
  const begun = rates.filter(({ validFrom }) => validFrom <= date);
  const [own, products] = [true, false].map((isOwn) =>
    newest(begun.filter((r) => r.own === isOwn)),
  );
  return [own, products].find((rate) => rate !== undefined && rate.terms !== null);
}

const newest = (rates: readonly Rate[]): Rate | undefined =>
  rates.reduce<Rate | undefined>(
    (best, rate) => (best && isLater(best, rate) ? best : rate),
    undefined,
  );

const isLater = (one: Rate, other: Rate): boolean =>
  one.validFrom === other.validFrom ? one.version > other.version : one.validFrom > other.validFrom;

/** What balances earn by rates. The runs follow each other without a gap. */
export function accrue(runs: readonly BalanceRun[], rates: readonly Rate[]): Accrued {
  const boundaries = [...new Set(rates.map(({ validFrom }) => validFrom))].sort();
  const segments: InterestSegment[] = [];
  for (const piece of runs.flatMap((run) => cut(run, boundaries))) {
    const rate = rateOn(rates, piece.from);
    const earned = earn(piece, rate);
    const last = segments.at(-1);
    if (last && last.rate?.id === earned.rate?.id)
      segments[segments.length - 1] = joined(last, earned);
    else segments.push(earned);
  }
  const sum = (part: (segment: InterestSegment) => bigint) =>
    segments.reduce((total, each) => total + part(each), 0n);
  const exact = sum((each) => each.exact);
  return {
    days: segments.reduce((total, { days }) => total + days, 0),
    product: sum((each) => each.product),
    exact,
    interest: roundInterest(exact),
    segments,
  };
}

/** A run in pieces, none of which has a boundary inside. */
function cut(run: BalanceRun, boundaries: readonly BusinessDate[]): BalanceRun[] {
  const end = addDays(run.from, run.days);
  const starts = [run.from, ...boundaries.filter((date) => date > run.from && date < end)];
  return starts.map((from, i) => ({
    from,
    days: daysBetween(from, starts[i + 1] ?? end),
    balance: run.balance,
  }));
}

function earn({ from, days, balance }: BalanceRun, rate: Rate | undefined): InterestSegment {
  const counted = balance > 0n ? balance : 0n;
  const length = BigInt(days);
  const segment = { from, to: addDays(from, days - 1), days, product: counted * length };
  const terms = rate?.terms;
  if (!rate || !terms) return { ...segment, rate: null, dayCount: null, tiers: [], exact: 0n };
  const parts = partsOf(terms, counted);
  const tiers = terms.tiers.map((tier, i) => ({ ...tier, product: (parts[i] ?? 0n) * length }));
  const yearly = tiers.reduce((sum, { ratePpm, product }) => sum + ratePpm * product, 0n);
  return {
    ...segment,
    rate: { id: rate.id, version: rate.version },
    dayCount: terms.dayCount,
    tiers,
    exact: yearly * (COMMON_DAYS / BigInt(terms.dayCount)),
  };
}

/** How much of a balance lies in each tier. */
function partsOf({ mode, tiers }: RateTerms, balance: bigint): bigint[] {
  if (mode === 'whole') {
    const at = tiers.findIndex(({ upTo }) => upTo === null || balance <= upTo);
    return tiers.map((_, i) => (i === at ? balance : 0n));
  }
  let below = 0n;
  return tiers.map(({ upTo }) => {
    const top = upTo === null || balance <= upTo ? balance : upTo;
    const part = top > below ? top - below : 0n;
    below = upTo ?? balance;
    return part;
  });
}

function joined(one: InterestSegment, next: InterestSegment): InterestSegment {
  return {
    ...one,
    to: next.to,
    days: one.days + next.days,
    product: one.product + next.product,
    tiers: one.tiers.map((tier, i) => ({
      ...tier,
      product: tier.product + (next.tiers[i]?.product ?? 0n),
    })),
    exact: one.exact + next.exact,
  };
}

/**
 * Divides an amount by weights, so that the parts add up to it: each gets its share rounded down, and the units that
 * are left go one each to the largest remainders, of equal ones to the first. All weights zero: nobody gets anything.
 */
export function allocate(amount: bigint, weights: readonly bigint[]): readonly bigint[] {
  const total = weights.reduce((sum, each) => sum + each, 0n);
  if (total === 0n) return weights.map(() => 0n);
  const shares = weights.map((weight) => (amount * weight) / total);
  const rest = amount - shares.reduce((sum, each) => sum + each, 0n);
  const byRemainder = weights
    .map((weight, i) => ({ i, remainder: (amount * weight) % total }))
    .sort((a, b) => (a.remainder === b.remainder ? a.i - b.i : a.remainder > b.remainder ? -1 : 1));
  const favoured = new Set(byRemainder.slice(0, Number(rest)).map(({ i }) => i));
  return shares.map((share, i) => (favoured.has(i) ? share + 1n : share));
}
