import { parseArgs } from 'node:util';

/** What can be measured. */
const GROUPS = ['copy', 'engine', 'textbook', 'http', 'flows', 'open', 'older'] as const;
export type Group = (typeof GROUPS)[number];

/** How a run measures. */
export interface BenchOptions {
  /** Shows that it works; its results are not for keeping. */
  readonly quick: boolean;
  readonly groups: ReadonlySet<Group>;
  readonly rounds: number;
  /** Before the measuring of a cell begins, and while it lasts. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Rows that each COPY takes in, all its slices together. */
  readonly copyRows: number;
  /** Older transfers for the group `older`; 0 leaves the group out. */
  readonly older: number;
  readonly accounts: number;
  /** A PostgreSQL to measure on; undefined starts one of our own. */
  readonly databaseUrl: string | undefined;
}

export const USAGE = `npm run bench -- [options]

  --quick           seconds instead of minutes: shows that it works, measures nothing
  --only a,b        groups to measure: ${GROUPS.join(', ')}
  --rounds N        rounds in which everybody takes a turn (5; quick 1)
  --seconds S       seconds of a window of latency; a slice of full load is a third (4; quick 1)
  --older N         older transfers (8000000; quick 100000; 0 leaves the group out)

DATABASE_URL names a PostgreSQL to measure on (databases are made there and dropped); without it one is started.`;

const FULL = { rounds: 5, seconds: 4, warmUpMs: 1500, copyRows: 200_000, older: 8_000_000 };
const QUICK = { rounds: 1, seconds: 1, warmUpMs: 400, copyRows: 20_000, older: 100_000 };
const ACCOUNTS = 10_000;

/** Reads the command line. Throws a TypeError or RangeError that says what is wrong with it. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      older: { type: 'string' },
    },
  });
  const base = values.quick ? QUICK : FULL;
  const older = wholeNumber('--older', values.older) ?? base.older;
  const groups = new Set(values.only?.split(',').map(group) ?? GROUPS);
  if (older === 0) groups.delete('older');
  return {
    quick: values.quick,
    groups,
    rounds: wholeNumber('--rounds', values.rounds) ?? base.rounds,
    warmUpMs: base.warmUpMs,
    measureMs: 1000 * (wholeNumber('--seconds', values.seconds) ?? base.seconds),
    copyRows: base.copyRows,
    older,
    accounts: ACCOUNTS,
    databaseUrl: env['DATABASE_URL'],
  };
}

function group(text: string): Group {
  const found = GROUPS.find((each) => each === text);
  if (!found) throw new RangeError(`--only: ${text} is none of ${GROUPS.join(', ')}`);
  return found;
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${option}: ${text} is no whole number`);
  return Number(text);
}
