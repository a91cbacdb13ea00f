import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { median } from './figures.ts';
import { type GoalResult, judge, type Round } from './goals.ts';
import type { Machine } from './machine.ts';
import type { BenchOptions } from './options.ts';

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
      `${rounds.length} rounds: median, lowest, highest\n`,
  );
  for (const { name, values } of figuresOf(rounds)) {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const columns = [median(values), low, high].map((value) => shown(value).padStart(10)).join(' ');
    console.log(`${name.padEnd(52)} ${columns}`);
  }
  console.log('');
  for (const result of judge(rounds)) console.log(goalLine(result));
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
    medians: Object.fromEntries(
      figuresOf(rounds).map(({ name, values }) => [name, median(values)]),
    ),
    rounds: rounds.map((round) => Object.fromEntries(round)),
    faults,
  };
  await mkdir(RESULTS, { recursive: true });
  const name = options.quick ? 'local-' : '';
  const path = `${RESULTS}${name}${startedAt.toISOString().slice(0, 19).replaceAll(':', '')}.json`;
  await writeFile(path, `${JSON.stringify(result, undefined, 2)}\n`);
  return path;
}

function figuresOf(rounds: readonly Round[]): { name: string; values: number[] }[] {
  const names = new Set(rounds.flatMap((round) => [...round.keys()]));
  return Array.from(names, (name) => ({
    name,
    values: rounds.map((round) => round.get(name)).filter((value) => value !== undefined),
  }));
}

function goalLine({ goal, value, wanted, least, met }: GoalResult): string {
  const bar = `${least ? '≥' : '≤'} ${wanted}`;
  if (met === undefined) return `not measured  ${goal} (${bar})`;
  const short = `${shown(Math.abs(100 - (100 * value) / wanted))} %`;
  return `${met ? 'met          ' : 'MISSED       '} ${goal}: ${shown(value)} (${bar})${met ? '' : `, missed by ${short}`}`;
}

const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false });
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

function shown(value: number): string {
  return Math.abs(value) < 1000 ? SHORT.format(value) : WHOLE.format(value);
}
