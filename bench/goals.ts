import { median, rateOf, sliceRatios } from './figures.ts';
import type { Round } from './round.ts';

/** Something that the project has promised itself, and what it came to. */
export interface GoalResult {
  readonly goal: string;
  /** The median of `values`; NaN when it was not measured. */
  readonly value: number;
  /** Of each pair of slices, each window or each round, of all rounds. */
  readonly values: readonly number[];
  readonly wanted: number;
  readonly least: boolean;
  readonly met: boolean | undefined;
  /** The same told in another way, which does not count: the median of the rounds. */
  readonly beside: { readonly what: string; readonly value: number } | undefined;
}

interface Measure {
  readonly of: (round: Round) => readonly number[];
  readonly beside?: { readonly what: string; readonly of: (round: Round) => number };
}

interface Goal extends Measure {
  readonly goal: string;
  readonly wanted: number;
  /** True: at least so much. False: at most. */
  readonly least: boolean;
}

/** One's rate by the other's, for each pair of slices of the same turn; `other` may depend on the round. */
function ratio(one: string, other: string | ((round: Round) => string)): Measure {
  const slicesOf = (round: Round) => {
    const opposite = typeof other === 'string' ? other : other(round);
    return [round.slices.get(one) ?? [], round.slices.get(opposite) ?? []] as const;
  };
  return {
    of: (round) => sliceRatios(...slicesOf(round)),
    beside: {
      what: 'total by total',
      of: (round) => {
        const [mine, theirs] = slicesOf(round);
        return rateOf(mine) / rateOf(theirs);
      },
    },
  };
}

/** The number of connections with which the textbook did most in this round as a whole. */
const textbookBest = (load: string) => (round: Round) => {
  const names = [1, 8, 32].map((connections) => `textbook ${load}, ${connections} connections`);
  const rate = (name: string) => round.figures.get(name) ?? 0;
  return names.reduce((best, name) => (rate(name) > rate(best) ? name : best));
};

/** A rare stall falls into one window or two: it shows beside, among all latencies, and does not decide. */
const p99 = (name: string): Measure => ({
  of: (round) => (round.windows.get(name) ?? []).map((window) => window.p99),
  beside: {
    what: 'all windows together',
    of: (round) => round.figures.get(`${name}, p99 ms`) ?? Number.NaN,
  },
});

const atLeast = (wanted: number, goal: string, measure: Measure): Goal => {
  return { goal, wanted, least: true, ...measure };
};
const atMost = (wanted: number, goal: string, measure: Measure): Goal => {
  return { goal, wanted, least: false, ...measure };
};

const ENGINE = 'engine uniform, batch 4096';

const GOALS: readonly Goal[] = [
  atLeast(
    0.35,
    'engine, batches of 4096 / COPY of the same rows on one connection',
    ratio(ENGINE, 'copy transfer + request, 1 connection'),
  ),
  atLeast(
    0.95,
    'engine, one hot guarded account / uniform',
    ratio('engine hot guarded, batch 4096', ENGINE),
  ),
  atLeast(
    1,
    'engine, one hot internal account / uniform',
    ratio('engine hot internal, batch 4096', ENGINE),
  ),
  atLeast(
    5,
    'HTTP one by one / textbook, uniform',
    ratio('http one by one', textbookBest('uniform')),
  ),
  atLeast(
    10,
    'HTTP one by one / textbook, one hot account',
    ratio('http one by one', textbookBest('hot')),
  ),
  atLeast(10, 'HTTP by 100 / textbook, uniform', ratio('http by 100', textbookBest('uniform'))),
  atMost(30, 'engine, p99 at half load, ms', p99('engine at half load')),
  atMost(30, 'HTTP, p99 at half load, ms', p99('http at half load')),
  atLeast(0.65, 'engine with older rows / without', ratio('engine with older rows', ENGINE)),
  atLeast(
    0.65,
    'HTTP one by one with older rows / without',
    ratio('http one by one with older rows', 'http one by one'),
  ),
  atMost(300, 'memory of the server at full load, MiB', {
    of: ({ figures }) => {
      const loads = ['http one by one', 'http by 100'];
      const names = loads.flatMap((load) => [
        `${load}, memory MiB`,
        `${load} with older rows, memory MiB`,
      ]);
      const known = names.map((name) => figures.get(name)).filter((value) => value !== undefined);
      return known.length === 0 ? [] : [Math.max(...known)];
    },
  }),
];

/** Two that were measured in the same turns, where no bar is set. */
export interface RatioResult {
  readonly what: string;
  /** The median of `values`; NaN when it was not measured. */
  readonly value: number;
  /** Of each pair of slices, of all rounds. */
  readonly values: readonly number[];
}

const PLAIN = 'http one by one, beside flows';

const RATIOS = [
  { what: 'escrow, transfers / plain transfers', measure: ratio('http escrow', PLAIN) },
];

/** What flows come to beside plain transfers. */
export function ratiosOf(rounds: readonly Round[]): readonly RatioResult[] {
  return RATIOS.map(({ what, measure }) => {
    const values = rounds.flatMap(measure.of).filter((value) => !Number.isNaN(value));
    return { what, value: median(values), values };
  });
}

/** Each goal by the median of what it came to, slice by slice, over all rounds. */
export function judge(rounds: readonly Round[]): readonly GoalResult[] {
  return GOALS.map(({ goal, wanted, least, of, beside }) => {
    const values = rounds.flatMap(of).filter((value) => !Number.isNaN(value));
    const value = median(values);
    const met = Number.isNaN(value) ? undefined : least ? value >= wanted : value <= wanted;
    const other = beside && { what: beside.what, value: median(rounds.map(beside.of)) };
    return { goal, value, values, wanted, least, met, beside: other };
  });
}
