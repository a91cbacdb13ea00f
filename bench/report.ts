import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { median, rateOf } from './figures.ts';
import { type GoalResult, judge, ratiosOf } from './goals.ts';
import type { Machine } from './machine.ts';
import type { BenchOptions } from './options.ts';
import type { Round } from './round.ts';

const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

/** What a run came to. */
export interface BenchRun {
  readonly options: BenchOptions;
  readonly machine: Machine;
  readonly startedAt: Date;
  readonly rounds: readonly Round[];
  /** What was wrong with the money or the counts, by contender. Must be empty. */
  readonly faults: readonly string[];
}

/** Prints every figure with its spread, the goals, and what was wrong. */
export function printReport(run: BenchRun): void {
  const { machine, rounds, faults } = run;
  const { cores, processor, memoryMiB, postgres, syncsPerSecond } = machine;
  console.log(
    `\n${cores} cores (${processor}), ${memoryMiB} MiB, PostgreSQL ${postgres}, ${syncsPerSecond} syncs/s, ` +
      `${rounds.length} rounds: their median; of rates the slowest and the fastest slice, else round\n`,
  );
  for (const { name, values } of figuresOf(rounds)) {
    const slices = rounds.flatMap((round) => round.slices.get(name) ?? []);
    const spread = slices.length > 0 ? slices.map((slice) => rateOf([slice])) : values;
    const [low, high] = [Math.min(...spread), Math.max(...spread)];
    const columns = [median(values), low, high].map((value) => shown(value).padStart(10)).join(' ');
    console.log(`${name.padEnd(52)} ${columns}`);
  }
  console.log('');
  for (const result of judge(rounds)) console.log(goalLine(result));
  for (const { what, value, values } of ratiosOf(rounds)) {
    if (values.length === 0) console.log(`not measured  ${what}`);
    else console.log(`ratio         ${what}: ${shown(value)}${spreadOf(values)}`);
  }
  console.log('');
  for (const fault of faults) console.log(`WRONG: ${fault}`);
  if (faults.length === 0)
    console.log('After every contender money was conserved and no transfer was lost or doubled.');
}

/** Writes all figures to `bench/results/<date>.json` (quick runs: `local-<date>.json`); gives the path. */
export async function writeResults(run: BenchRun): Promise<string> {
  const { options, machine, startedAt, rounds, faults } = run;
  const { groups, databaseUrl, ...rest } = options;
  const result = {
    startedAt,
    machine,
    options: { ...rest, groups: [...groups], embedded: databaseUrl === undefined },
    goals: judge(rounds),
    ratios: ratiosOf(rounds),
    medians: Object.fromEntries(
      figuresOf(rounds).map(({ name, values }) => [name, median(values)]),
    ),
    rounds: rounds.map(({ figures, slices, windows }) => ({
      figures: Object.fromEntries(figures),
      slices: Object.fromEntries(slices),
      windows: Object.fromEntries(windows),
    })),
    faults,
  };
  await mkdir(RESULTS, { recursive: true });
  const name = options.quick ? 'local-' : '';
  const path = `${RESULTS}${name}${startedAt.toISOString().slice(0, 19).replaceAll(':', '')}.json`;
  await writeFile(path, `${JSON.stringify(result, undefined, 2)}\n`);
  return path;
}

function figuresOf(rounds: readonly Round[]): { name: string; values: number[] }[] {
  const names = new Set(rounds.flatMap(({ figures }) => [...figures.keys()]));
  return Array.from(names, (name) => ({
    name,
    values: rounds.map(({ figures }) => figures.get(name)).filter((value) => value !== undefined),
  }));
}

function goalLine(result: GoalResult): string {
  const { goal, value, values, wanted, least, met, beside } = result;
  const bar = `${least ? '≥' : '≤'} ${wanted}`;
  if (met === undefined) return `not measured  ${goal} (${bar})`;
  const other = beside ? `; ${beside.what}: ${shown(beside.value)}` : '';
  const missed = met ? '' : `, missed by ${shown(Math.abs(100 - (100 * value) / wanted))} %`;
  return `${met ? 'met          ' : 'MISSED       '} ${goal}: ${shown(value)} (${bar})${missed}${spreadOf(values)}${other}`;
}

function spreadOf(values: readonly number[]): string {
  if (values.length < 2) return '';
  const [low, high] = [Math.min(...values), Math.max(...values)].map(shown);
  return `, ${values.length} values from ${low} to ${high}`;
}

const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false });
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

function shown(value: number): string {
  return Math.abs(value) < 1000 ? SHORT.format(value) : WHOLE.format(value);
}
