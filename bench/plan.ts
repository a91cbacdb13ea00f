/** Who is compared with whom: those of one alternation take their slices by turns. */
import type { Contender, Slice } from './contender.ts';
import { openCopy } from './copy.ts';
import { type Encoded, encodeParts } from './copy-rows.ts';
import { openEngine } from './engine.ts';
import { ENGINE_LOADS } from './engine-load.ts';
import { openEscrow } from './escrow.ts';
import { atHalfLoad, type Window } from './half-load.ts';
import { type HttpLoad, openHttp } from './http.ts';
import type { BenchOptions, Group } from './options.ts';
import type { Place } from './place.ts';
import { openTextbook } from './textbook.ts';

/** Who takes part: in which groups, on which place. Everybody on a fresh one has it alone. */
export interface Entry<T> {
  readonly groups: readonly Group[];
  readonly on: 'fresh' | 'old';
  readonly open: (place: Place) => Promise<Contender<T>>;
}

/** Those that take their slices by turns. */
export interface Alternation<T> {
  readonly title: string;
  readonly turns: number;
  readonly sliceMs: number;
  readonly entries: readonly Entry<T>[];
}

/** Slices are a third of the measured time: six where a goal is held against them, else two. */
const COMPARED_TURNS = 6;
const OTHER_TURNS = 2;
const SLICES_PER_MEASURE = 3;
/** What shows in a p99 is seldom: in a short window it comes by chance too often, or not at all. */
const LATENCY_WINDOWS = 6;
const REFERENCE_BATCH = 4096;
const OTHER_BATCHES = [8000, 1024, 128, 16, 1];
const TEXTBOOK_CONNECTIONS = [1, 8, 32];
/** With older rows the first seconds after a checkpoint write whole pages: those are warmed up, not measured. */
const OLDER_WARM_UP = 4;
/** A server that was just started runs unoptimised code for some seconds. */
const SERVER_WARM_UP = 4;
/** Plain transfers once more, in the same turns as the flows that are held against them. */
const PLAIN = 'http one by one, beside flows';

/** All that is measured at full load, in this order. */
export function fullLoads(options: BenchOptions): readonly Alternation<Slice>[] {
  const sliceMs = options.measureMs / SLICES_PER_MEASURE;
  const compared = { turns: COMPARED_TURNS, sliceMs };
  const serverWarmUp = SERVER_WARM_UP * options.warmUpMs;
  return [
    {
      ...{ title: `COPY and engine, batch ${REFERENCE_BATCH}`, ...compared },
      entries: [...copies(options), ...referenceEngines(options)],
    },
    ...OTHER_BATCHES.map((batch) => ({
      ...{ title: `engine, batch ${batch}`, turns: OTHER_TURNS, sliceMs },
      entries: [engine(options, batch)],
    })),
    {
      ...{ title: 'HTTP and textbook', ...compared },
      entries: [
        http(options, { load: 'one by one', on: 'fresh', groups: ['http', 'older'] }),
        ...TEXTBOOK_CONNECTIONS.map((connections) => textbook(options, connections)),
        http(options, { load: 'by 100', on: 'fresh', groups: ['http'] }),
        http(options, { load: 'one by one', on: 'old', groups: ['older'] }),
      ],
    },
    {
      ...{ title: 'flows', ...compared },
      entries: [
        http(options, { load: 'one by one', on: 'fresh', groups: ['flows'], name: PLAIN }),
        {
          ...{ groups: ['flows'], on: 'fresh' },
          open: (place) => openEscrow(place, { name: 'http escrow', warmUpMs: serverWarmUp }),
        },
      ],
    },
    {
      // A second server on the same platform would be in the way of the first.
      ...{ title: 'HTTP by 100 with older rows', turns: OTHER_TURNS, sliceMs },
      entries: [http(options, { load: 'by 100', on: 'old', groups: ['older'] })],
    },
  ];
}

/** Latency at half load. */
export function halfLoads(options: BenchOptions): Alternation<Window> {
  const { warmUpMs, measureMs } = options;
  const groups = ['open'] as const;
  return {
    ...{ title: 'half load', turns: LATENCY_WINDOWS, sliceMs: measureMs },
    entries: [
      {
        ...{ groups, on: 'fresh' },
        open: async (place) => {
          const loads = [{ load: 'uniform', name: 'engine' }] as const;
          const contender = await openEngine(place, { batch: REFERENCE_BATCH, loads, warmUpMs });
          return atHalfLoad('engine at half load', contender);
        },
      },
      {
        ...{ groups, on: 'fresh' },
        open: async (place) => {
          const cell = { name: 'http', load: 'one by one' } as const;
          const warm = { warmUpMs: SERVER_WARM_UP * warmUpMs };
          return atHalfLoad('http at half load', await openHttp(place, { ...cell, ...warm }));
        },
      },
    ],
  };
}

function copies({ copyRows }: BenchOptions): readonly Entry<Slice>[] {
  const platforms: (readonly Encoded[])[] = [];
  const encoded = ({ world }: Place) => {
    const accounts = world.accounts.map(({ id }) => id);
    // Every place has the same accounts.
    for (const platformId of platforms.length === 0 ? [1n, 2n] : [])
      platforms.push(encodeParts(accounts, { platformId, rows: copyRows, parts: COMPARED_TURNS }));
    return platforms;
  };
  return [1, 2].flatMap((connections) =>
    [false, true].map((withRequests): Entry<Slice> => {
      const rows = withRequests ? 'transfer + request' : 'transfer';
      const name = `copy ${rows}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`;
      return {
        ...{ groups: ['copy'], on: 'fresh' },
        open: (place) => {
          const parts = encoded(place).slice(0, connections);
          return openCopy(place, { name, connections: parts, withRequests });
        },
      };
    }),
  );
}

function referenceEngines(options: BenchOptions): readonly Entry<Slice>[] {
  const { groups, warmUpMs } = options;
  // Whoever asks for older rows alone wants to see what they cost, not the hot accounts.
  const without = groups.has('engine')
    ? engine(options, REFERENCE_BATCH)
    : engine(options, REFERENCE_BATCH, { loads: ['uniform'], groups: ['older'] });
  const old: Entry<Slice> = {
    ...{ groups: ['older'], on: 'old' },
    open: (place) =>
      openEngine(place, {
        batch: REFERENCE_BATCH,
        loads: [{ load: 'uniform', name: 'engine with older rows' }],
        warmUpMs: OLDER_WARM_UP * warmUpMs,
      }),
  };
  return [without, old];
}

function engine(
  { warmUpMs }: BenchOptions,
  batch: number,
  { loads = ENGINE_LOADS, groups = ['engine'] }: Partial<EngineEntry> = {},
): Entry<Slice> {
  const named = loads.map((load) => ({ load, name: `engine ${load}, batch ${batch}` }));
  const open = (place: Place) => openEngine(place, { batch, loads: named, warmUpMs });
  return { groups, on: 'fresh', open };
}

interface EngineEntry {
  readonly loads: readonly (typeof ENGINE_LOADS)[number][];
  readonly groups: readonly Group[];
}

function textbook({ accounts, warmUpMs }: BenchOptions, connections: number): Entry<Slice> {
  return {
    ...{ groups: ['textbook'], on: 'fresh' },
    open: (place) => openTextbook(place, { connections, accounts, warmUpMs }),
  };
}

function http(
  { warmUpMs }: BenchOptions,
  entry: { load: HttpLoad; on: 'fresh' | 'old'; groups: readonly Group[]; name?: string },
): Entry<Slice> {
  const { load, on, groups } = entry;
  const { name = `http ${load}${on === 'old' ? ' with older rows' : ''}` } = entry;
  const open = (place: Place) =>
    openHttp(place, { name, load, warmUpMs: SERVER_WARM_UP * warmUpMs });
  return { groups, on, open };
}
