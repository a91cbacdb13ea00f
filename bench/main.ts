/** `npm run bench`: everybody takes turns on the same machine, and is held against the goals. */
import { keepHeapSmall } from '../server/src/heap.ts';
import { givenCluster, temporaryCluster } from '../server/test/support/postgres.ts';
import { alternate, type Contender } from './contender.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { Places } from './places.ts';
import { type Alternation, type Entry, fullLoads, halfLoads } from './plan.ts';
import { printReport, writeResults } from './report.ts';
import { Round } from './round.ts';

/** Runs everything, and gives the exit code: 1 when money or transfers were lost or made. */
async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const options = readOptions(process.argv.slice(2), process.env);
  // The engine is measured in this process: it gets what the server gives it.
  keepHeapSmall();
  const startedAt = new Date();
  await using cluster = options.databaseUrl
    ? await givenCluster(options.databaseUrl)
    : await temporaryCluster({ durable: true });
  console.log('The bench has databases of its own, in which the append-only triggers are dropped.');
  await using places = new Places(cluster, options);
  const machine = await describeMachine((await places.fresh(0)).admin);
  if (options.groups.has('older')) await places.old();
  const rounds: Round[] = [];
  const faults: string[] = [];
  for (let i = 1; i <= options.rounds; i += 1) {
    const round = new Round();
    rounds.push(round);
    faults.push(...(await runRound(options, { places, round, title: `round ${i}` })));
  }
  const run = { options, machine, startedAt, rounds, faults };
  printReport(run);
  console.log(`\nAll figures: ${await writeResults(run)}`);
  return faults.length > 0 ? 1 : 0;
}

/** Measures everything once; gives what was wrong. */
async function runRound(
  options: BenchOptions,
  { places, round, title }: { places: Places; round: Round; title: string },
): Promise<readonly string[]> {
  const faults: string[] = [];
  const take = async <T>(alternation: Alternation<T>) => {
    const name = `${title}, ${alternation.title}`;
    const wanted = alternation.entries.filter((entry) =>
      entry.groups.some((group) => options.groups.has(group)),
    );
    if (wanted.length === 0) return undefined;
    const started = performance.now();
    const result = await alternate(openers(places, wanted), {
      ...alternation,
      begin: async () => (await places.fresh(0)).admin.query('checkpoint'),
    });
    process.stderr.write(`${name}: ${Math.round((performance.now() - started) / 1000)} s\n`);
    faults.push(...result.faults.map((fault) => `${name}: ${fault}`));
    return result;
  };
  for (const alternation of fullLoads(options)) {
    const result = await take(alternation);
    for (const [load, slices] of result?.slices ?? []) round.addSlices(load, slices);
    round.addFigures(result?.figures ?? {});
  }
  const half = await take(halfLoads(options));
  for (const [load, windows] of half?.slices ?? []) round.addWindows(load, windows);
  return faults;
}

/** Everybody has a place of his own: those with older rows share the one that there is. */
function openers<T>(
  places: Places,
  entries: readonly Entry<T>[],
): readonly (() => Promise<Contender<T>>)[] {
  let next = 0;
  return entries.map(({ on, open }) => async () => {
    if (on === 'old') return open(await places.old());
    next += 1;
    return open(await places.fresh(next - 1));
  });
}

process.exitCode = await main();
