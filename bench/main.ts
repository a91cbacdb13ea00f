/** `npm run bench`: everybody takes turns on the same machine, and is held against the goals. */
import { keepHeapSmall } from '../server/src/heap.ts';
import { givenCluster, temporaryCluster } from '../server/test/support/postgres.ts';
import { encodeRows, measureCopy } from './copy.ts';
import { measureEngine, measureEngineLatency } from './engine.ts';
import { LOADS } from './engine-load.ts';
import type { Round } from './goals.ts';
import { HTTP_LOADS, type HttpLoad, measureHttp, measureHttpLatency } from './http.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, type Group, readOptions, USAGE } from './options.ts';
import { openPlace, type Place } from './place.ts';
import { printReport, writeResults } from './report.ts';
import { measureTextbook } from './textbook.ts';

const BATCHES = [1, 16, 128, 1024, 4096, 8000];
const TEXTBOOK_CONNECTIONS = [1, 8, 32];
const REFERENCE_BATCH = 4096;
/** With older rows the first seconds after a checkpoint write whole pages: those are warmed up, not measured. */
const OLDER_WARM_UP = 4;
/** A server that was just started runs unoptimised code for some seconds. */
const SERVER_WARM_UP = 4;
/** What shows in a p99 is seldom: in a short window it comes by chance too often, or not at all. */
const LATENCY_WINDOWS = 3;

/** One turn of one contender: what it measured, by name, and what was wrong after it. */
interface Turn {
  readonly group: Group;
  readonly name: string;
  readonly run: (
    round: Round,
  ) => Promise<{ figures: Record<string, number>; faults: readonly string[] }>;
}

/** Runs everything, and gives the exit code: 1 when money or transfers were lost or made. */
async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const options = readOptions(process.argv.slice(2), process.env);
  const { accounts, databaseUrl, older } = options;
  // The engine is measured in this process: it gets what the server gives it.
  keepHeapSmall();
  const startedAt = new Date();
  await using cluster = databaseUrl
    ? await givenCluster(databaseUrl)
    : await temporaryCluster({ durable: true });
  console.log(
    'The bench has a database of its own, in which the append-only triggers are dropped.',
  );
  const fresh = await openPlace(cluster, { accounts, older: 0 });
  const old = options.groups.has('older')
    ? await openPlace(cluster, { accounts, older })
    : undefined;
  try {
    const machine = await describeMachine(fresh.admin);
    const turns = turnsOf(options, fresh, old);
    const rounds: Round[] = [];
    const faults: string[] = [];
    for (let i = 1; i <= options.rounds; i += 1) {
      rounds.push(await runRound(turns, `round ${i} of ${options.rounds}`, faults));
    }
    const run = { options, machine, startedAt, rounds, faults };
    printReport(run);
    console.log(`\nAll figures: ${await writeResults(run)}`);
    return faults.length > 0 ? 1 : 0;
  } finally {
    await old?.close();
    await fresh.close();
  }
}

async function runRound(turns: readonly Turn[], title: string, faults: string[]): Promise<Round> {
  const round = new Map<string, number>();
  for (const { name, run } of turns) {
    process.stderr.write(`${title}: ${name}\n`);
    const result = await run(round);
    for (const [figure, value] of Object.entries(result.figures)) round.set(figure, value);
    faults.push(...result.faults.map((fault) => `${title}, ${name}: ${fault}`));
  }
  return round;
}

/** Who takes a turn in each round, in which order: those that are compared with each other are neighbours. */
function turnsOf(options: BenchOptions, fresh: Place, old: Place | undefined): readonly Turn[] {
  const all = [
    copyTurn(options, fresh),
    ...BATCHES.toReversed().map((batch) => engineTurn(options, fresh, batch)),
    ...(old ? [olderEngineTurn(options, old)] : []),
    ...TEXTBOOK_CONNECTIONS.flatMap((connections) =>
      [false, true].map((hot) => textbookTurn(options, fresh, { connections, hot })),
    ),
    ...httpLoads().map((load) => httpTurn(options, fresh, { load, group: 'http', suffix: '' })),
    ...(old
      ? httpLoads().map((load) =>
          httpTurn(options, old, { load, group: 'older', suffix: ' with older rows' }),
        )
      : []),
    openEngineTurn(options, fresh),
    openHttpTurn(options, fresh),
  ];
  return all.filter(({ group }) => options.groups.has(group));
}

const httpLoads = () => Object.keys(HTTP_LOADS) as HttpLoad[];

function copyTurn({ copyRows }: BenchOptions, place: Place): Turn {
  let encoded: ReturnType<typeof encodeRows> | undefined;
  return {
    group: 'copy',
    name: 'COPY',
    run: async () => {
      encoded ??= encodeRows(place, copyRows);
      const rates = await measureCopy(place, encoded, copyRows);
      return {
        figures: {
          'copy transfer, 1 connection': rates.transfersOne,
          'copy transfer + request, 1 connection': rates.bothOne,
          'copy transfer, 2 connections': rates.transfersTwo,
          'copy transfer + request, 2 connections': rates.bothTwo,
        },
        faults: [],
      };
    },
  };
}

function engineTurn({ warmUpMs, measureMs }: BenchOptions, place: Place, batch: number): Turn {
  const loads = LOADS.map((load) => ({ load, name: `engine ${load}, batch ${batch}` }));
  return {
    group: 'engine',
    name: `engine, batch ${batch}`,
    run: () => measureEngine(place, { batch, loads, warmUpMs, measureMs }),
  };
}

function olderEngineTurn({ warmUpMs, measureMs }: BenchOptions, place: Place): Turn {
  const name = 'engine with older rows';
  return {
    group: 'older',
    name,
    run: () =>
      measureEngine(place, {
        batch: REFERENCE_BATCH,
        loads: [{ load: 'uniform', name }],
        warmUpMs: OLDER_WARM_UP * warmUpMs,
        measureMs,
      }),
  };
}

function textbookTurn(
  { accounts, warmUpMs, measureMs }: BenchOptions,
  place: Place,
  { connections, hot }: { connections: number; hot: boolean },
): Turn {
  const name = `textbook ${hot ? 'hot' : 'uniform'}, ${connections} connections`;
  return {
    group: 'textbook',
    name,
    run: async () => {
      const load = { connections, hot, accounts, warmUpMs, measureMs };
      const { rate, faults } = await measureTextbook(place, load);
      return { figures: { [name]: rate }, faults };
    },
  };
}

function httpTurn(
  { warmUpMs, measureMs }: BenchOptions,
  place: Place,
  { load, group, suffix }: { load: HttpLoad; group: Group; suffix: string },
): Turn {
  const name = `http ${load}${suffix}`;
  return {
    group,
    name,
    run: async () => {
      const cell = { name, load, warmUpMs: SERVER_WARM_UP * warmUpMs, measureMs };
      const { rate, peakMemoryMiB, cpu, faults } = await measureHttp(place, cell);
      const figures = { [name]: rate, [`${name}, memory MiB`]: peakMemoryMiB, ...cpu };
      return { figures, faults };
    },
  };
}

function openEngineTurn({ warmUpMs, measureMs }: BenchOptions, place: Place): Turn {
  return openTurn('engine', `engine uniform, batch ${REFERENCE_BATCH}`, async (round, name) => {
    const measured = async () => {
      const loads = [{ load: 'uniform', name }] as const;
      const cell = { batch: REFERENCE_BATCH, loads, warmUpMs, measureMs };
      return (await measureEngine(place, cell)).figures[name] ?? Number.NaN;
    };
    // Half of what this round has reached; with --only open it is measured first.
    const rate = (round.get(name) ?? (await measured())) / 2;
    const cell = { rate, warmUpMs, measureMs: LATENCY_WINDOWS * measureMs };
    return { rate, ...(await measureEngineLatency(place, cell)) };
  });
}

function openHttpTurn(options: BenchOptions, place: Place): Turn {
  return openTurn('http', 'http one by one', async (round, name) => {
    const { measureMs } = options;
    const warmUpMs = SERVER_WARM_UP * options.warmUpMs;
    const load = 'one by one';
    const highest =
      round.get(name) ?? (await measureHttp(place, { name, load, warmUpMs, measureMs })).rate;
    const rate = highest / 2;
    const cell = { rate, warmUpMs, measureMs: LATENCY_WINDOWS * measureMs };
    return { rate, ...(await measureHttpLatency(place, cell)) };
  });
}

type OpenResult = Awaited<ReturnType<typeof measureEngineLatency>> & { readonly rate: number };

function openTurn(
  what: string,
  closed: string,
  measure: (round: Round, closed: string) => Promise<OpenResult>,
): Turn {
  const name = `${what} at half load`;
  return {
    group: 'open',
    name,
    run: async (round) => {
      const { rate, p50, p99, p999, max, faults } = await measure(round, closed);
      const figures = {
        [`${name}, rate`]: rate,
        [`${name}, p50 ms`]: p50,
        [`${name}, p99 ms`]: p99,
        [`${name}, p99.9 ms`]: p999,
        [`${name}, max ms`]: max,
      };
      return { figures, faults };
    },
  };
}

process.exitCode = await main();
