import { median } from './figures.ts';

/** Every figure of one round, by its name. */
export type Round = ReadonlyMap<string, number>;

/** Something that the project has promised itself, and what it came to. */
export interface GoalResult {
  readonly goal: string;
  /** Of the medians of the rounds' own ratios; NaN when it was not measured. */
  readonly value: number;
  readonly wanted: number;
  readonly least: boolean;
  readonly met: boolean | undefined;
}

interface Goal {
  readonly goal: string;
  readonly wanted: number;
  /** True: at least so much. False: at most. */
  readonly least: boolean;
  readonly of: (figure: (name: string) => number) => number;
}

type Figure = (name: string) => number;

const bestOf = (figure: Figure, names: readonly string[]) => {
  const measured = names.map(figure).filter((value) => !Number.isNaN(value));
  return measured.length === 0 ? Number.NaN : Math.max(...measured);
};
const textbookBest = (figure: Figure, load: string) =>
  bestOf(
    figure,
    [1, 8, 32].map((connections) => `textbook ${load}, ${connections} connections`),
  );

const GOALS: readonly Goal[] = [
  {
    goal: 'engine, batches of 4096 / COPY of the same rows on one connection',
    wanted: 0.35,
    least: true,
    of: (figure) =>
      figure('engine uniform, batch 4096') / figure('copy transfer + request, 1 connection'),
  },
  {
    goal: 'engine, one hot guarded account / uniform',
    wanted: 0.95,
    least: true,
    of: (figure) => figure('engine hot guarded, batch 4096') / figure('engine uniform, batch 4096'),
  },
  {
    goal: 'engine, one hot internal account / uniform',
    wanted: 1,
    least: true,
    of: (figure) =>
      figure('engine hot internal, batch 4096') / figure('engine uniform, batch 4096'),
  },
  {
    goal: 'HTTP one by one / textbook, uniform',
    wanted: 5,
    least: true,
    of: (figure) => figure('http one by one') / textbookBest(figure, 'uniform'),
  },
  {
    goal: 'HTTP one by one / textbook, one hot account',
    wanted: 10,
    least: true,
    of: (figure) => figure('http one by one') / textbookBest(figure, 'hot'),
  },
  {
    goal: 'HTTP by 100 / textbook, uniform',
    wanted: 10,
    least: true,
    of: (figure) => figure('http by 100') / textbookBest(figure, 'uniform'),
  },
  {
    goal: 'engine, p99 at half load, ms',
    wanted: 30,
    least: false,
    of: (figure) => figure('engine at half load, p99 ms'),
  },
  {
    goal: 'HTTP, p99 at half load, ms',
    wanted: 30,
    least: false,
    of: (figure) => figure('http at half load, p99 ms'),
  },
  {
    goal: 'engine with older rows / without',
    wanted: 0.65,
    least: true,
    of: (figure) => figure('engine with older rows') / figure('engine uniform, batch 4096'),
  },
  {
    goal: 'HTTP one by one with older rows / without',
    wanted: 0.65,
    least: true,
    of: (figure) => figure('http one by one with older rows') / figure('http one by one'),
  },
  {
    goal: 'memory of the server at full load, MiB',
    wanted: 300,
    least: false,
    of: (figure) => bestOf(figure, ['http one by one, memory MiB', 'http by 100, memory MiB']),
  },
];

/** Each goal by the median of what the rounds came to, each ratio within its own round. */
export function judge(rounds: readonly Round[]): readonly GoalResult[] {
  return GOALS.map(({ goal, wanted, least, of }) => {
    const values = rounds
      .map((round) => of((name) => round.get(name) ?? Number.NaN))
      .filter((value) => !Number.isNaN(value));
    const value = median(values);
    const met = Number.isNaN(value) ? undefined : least ? value >= wanted : value <= wanted;
    return { goal, value, wanted, least, met };
  });
}
