/**
 * What is known of each rail (汇路): limits, hours, cost, as data with dates. The defaults are those of
 * `routing-rules.md` §5 and §5.1; `evidence` says how sure each is: A two or more independent sources, S one, I
 * inferred, B general knowledge. All of it changes by notice: a platform puts its own.
 */
import { type BusinessDate, businessDate } from '../kernel/business-date.ts';
import type { Price } from '../kernel/price.ts';
import type { Hours } from './calendar/hours.ts';

/** Rails, the fastest first: 行内, 网银互联 (超级网银), 小额, 大额. */
export const RAILS = ['intra_bank', 'ibps', 'beps', 'hvps'] as const;
export type Rail = (typeof RAILS)[number];

/** A time in which a rail takes nothing: announced maintenance, or, without an end, until further notice. */
export interface Closure {
  readonly from: Date;
  readonly until: Date | null;
  readonly reason: string;
}

export interface RailTerms {
  readonly enabled: boolean;
  /** The largest single amount, inclusive, in minor units; null for none. */
  readonly cap: bigint | null;
  /** The same on days that are not worked; null when it is `cap` there too. */
  readonly holidayCap: bigint | null;
  readonly hours: Hours;
  readonly closures: readonly Closure[];
  /** What one payout costs us. */
  readonly cost: Price;
  /** How long until the payee has it, at the most, when nothing goes wrong. */
  readonly arrivesWithinMinutes: number;
}

/** The terms of a rail from a date on. */
export interface RailRule {
  readonly rail: Rail;
  /** Counts from 1; 0 for what the program comes with. Of those that begin on one day the highest counts. */
  readonly version: number;
  readonly validFrom: BusinessDate;
  readonly terms: RailTerms;
  /** Where the numbers are from; null for a platform's own. */
  readonly evidence: string | null;
}

const ALWAYS: Hours = {
  ...{ days: 'every', opens: '00:00', opensDayBefore: false, closes: '24:00', marginMinutes: 0 },
};
/** Costs are not attested (§6): nothing, until a platform puts what its bank takes. */
const FREE: Price = {
  ...{ fixed: 0n, ratePpm: 0n, tiers: null, min: null, max: null, rounding: 'half_up' },
};

function rule(
  rail: Rail,
  validFrom: string,
  { evidence, ...terms }: Partial<RailTerms> & { arrivesWithinMinutes: number; evidence: string },
): RailRule {
  const open = { enabled: true, cap: null, holidayCap: null, hours: ALWAYS, closures: [] };
  return {
    ...{ rail, version: 0, validFrom: businessDate(validFrom), evidence },
    terms: { ...open, cost: FREE, ...terms },
  };
}

const HVPS_UNTIL_2018: Hours = {
  ...{ days: 'working', opens: '08:30', opensDayBefore: false, closes: '17:00', marginMinutes: 10 },
};
const HVPS: Hours = {
  ...{ days: 'working', opens: '20:30', opensDayBefore: true, closes: '17:15', marginMinutes: 10 },
};

/** What the program comes with, oldest first for each rail (§5, §5.1). Times to the payee: §5, evidence B. */
export const DEFAULT_RAILS: readonly RailRule[] = [
  rule('intra_bank', '2004-01-01', {
    ...{ arrivesWithinMinutes: 1, evidence: '§5: no cap, any hour but the day-end batch: I' },
  }),
  rule('ibps', '2010-08-30', {
    ...{ cap: 5_000_000n, arrivesWithinMinutes: 1 },
    evidence: '§5: cap of 50,000 at launch: B; 7×24: A; arrival: B',
  }),
  rule('ibps', '2020-01-01', {
    ...{ cap: 100_000_000n, arrivesWithinMinutes: 1 },
    evidence: '§5: cap of 1,000,000: B (§6: no primary text was seen); 7×24: A; arrival: B',
  }),
  rule('beps', '2005-11-28', {
    ...{ cap: 5_000_000n, holidayCap: 50_000_000n, arrivesWithinMinutes: 120 },
    evidence: '§5: caps of 50,000 and on holidays 500,000: A; date: B; 7×24: A; arrival: B',
  }),
  rule('beps', '2020-01-01', {
    ...{ cap: 100_000_000n, arrivesWithinMinutes: 120 },
    evidence: '§5: cap of 1,000,000: A; date: I; 7×24: A; arrival: B',
  }),
  rule('hvps', '2005-06-24', {
    ...{ hours: HVPS_UNTIL_2018, arrivesWithinMinutes: 10 },
    evidence: '§5: 08:30–17:00 until 2018: A; date: B; margin: I; arrival: B',
  }),
  rule('hvps', '2018-05-02', {
    ...{ hours: HVPS, arrivesWithinMinutes: 10 },
    evidence: '§5: from 20:30 of the day before to 17:15: S; margin: I; arrival: B',
  }),
];

/** The rule of a rail on a date: the one that began last, a platform's own before what the program comes with. */
export function railInForce(
  rules: readonly RailRule[],
  { rail, on }: { rail: Rail; on: BusinessDate },
): RailRule | undefined {
  return rules
    .filter((each) => each.rail === rail && each.validFrom <= on)
    .reduce<RailRule | undefined>(
      (best, each) => (best && isNewer(best, each) ? best : each),
      undefined,
    );
}

function isNewer(one: RailRule, other: RailRule): boolean {
  const isOwn = (rule: RailRule) => rule.version > 0;
  if (isOwn(one) !== isOwn(other)) return isOwn(one);
  return one.validFrom === other.validFrom
    ? one.version > other.version
    : one.validFrom > other.validFrom;
}
