/** The ledger itself, in this process: no HTTP, no JSON. */
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '../server/src/db/database.ts';
import { systemClock } from '../server/src/kernel/clock.ts';
import { DEFAULT_LIMITS, openLedger } from '../server/src/ledger/index.ts';
import { type Load, Mover, startFolding, startMoving } from './engine-load.ts';
import { type Latencies, latenciesOf } from './figures.ts';
import { backendPid, type CpuUse, cpuPerTransfer, cpuUse } from './machine.ts';
import { runOpenLoop } from './open-loop.ts';
import type { Place } from './place.ts';

/** What a cell measures: each of these loads, and under which name its figures go. */
export interface EngineCell {
  readonly batch: number;
  readonly loads: readonly { readonly load: Load; readonly name: string }[];
  readonly warmUpMs: number;
  /** For each of the loads. */
  readonly measureMs: number;
}

/** The loads take turns so often: a machine that is slow for a second is slow for all of them. */
const SLICES = 6;
/** So many batches are in a slice at least: rates are taken from one batch's end to another's. */
const MIN_BATCHES = 4;
/** When the load changes, what was submitted before fills so many batches at most. */
const BATCHES_OF_BEFORE = 3;
/** How often it is looked whether batches were committed. */
const LOOK_MS = 5;
/** Batches come far sooner; when they do not, nothing is measured. */
const LONGEST_WAIT_MS = 60_000;

interface Committed {
  readonly at: number;
  readonly moves: number;
}

interface Slice {
  readonly moves: number;
  readonly ms: number;
  readonly from: CpuUse;
  readonly to: CpuUse;
}

/**
 * Keeps two batches of submissions waiting, and measures at what rate batches are committed: under each of the
 * loads by turns, on one ledger that goes on all the while. Gives, by the loads' names, transfers a second and
 * microseconds of CPU a transfer.
 */
export async function measureEngine(
  place: Place,
  { batch, loads, warmUpMs, measureMs }: EngineCell,
): Promise<{ figures: Record<string, number>; faults: readonly string[] }> {
  await place.reset();
  const database = await openDatabase({ url: place.url });
  const batches: Committed[] = [];
  const ledger = openLedger({
    database,
    clock: systemClock,
    limits: { movesPerBatch: batch, waitingMoves: 4 * batch + 16 },
    observe: ({ moves }) => batches.push({ at: performance.now(), moves }),
  });
  const stopFolding = startFolding(database);
  try {
    const pid = await backendPid(place.admin);
    const mover = new Mover(ledger, place.world);
    const moving = startMoving(mover, 2 * batch);
    await moving.during(pause(warmUpMs));
    const slices = new Map<Load, Slice[]>(loads.map(({ load }) => [load, []]));
    for (const load of inTurns(loads.map((each) => each.load))) {
      mover.load = load;
      const slice = moving.during(measureSlice(batches, pid, measureMs / SLICES));
      slices.get(load)?.push(await slice);
    }
    const { accepted, refused } = await moving.stop();
    await ledger.drained();
    await stopFolding();
    const faults = [...(await place.check(accepted))];
    if (refused > 0) faults.push(`${refused} transfers were refused`);
    const figures = loads.flatMap(({ load, name }) =>
      Object.entries(figuresOf(name, slices.get(load) ?? [])),
    );
    return { figures: Object.fromEntries(figures), faults };
  } finally {
    try {
      await stopFolding();
    } finally {
      await database.close();
    }
  }
}

/** Latency at a fixed rate, from the moment at which each transfer was due. */
export async function measureEngineLatency(
  place: Place,
  cell: { rate: number; warmUpMs: number; measureMs: number },
): Promise<Latencies & { faults: readonly string[] }> {
  await place.reset();
  const database = await openDatabase({ url: place.url });
  try {
    const ledger = openLedger({ database, clock: systemClock, limits: DEFAULT_LIMITS });
    const mover = new Mover(ledger, place.world);
    const { latencies, accepted, sent } = await runOpenLoop(() => mover.moveOnce(), cell);
    const faults = [...(await place.check(accepted))];
    if (accepted < sent) faults.push(`${sent - accepted} of ${sent} were refused`);
    return { ...latenciesOf(latencies), faults };
  } finally {
    await database.close();
  }
}

/**
 * Each as often, and each as often first, second and so on: a b c, b c a, c a b. The number of slices is a
 * multiple of that of the loads, of which there are one or three.
 */
function inTurns<T>(all: readonly T[]): T[] {
  return Array.from({ length: SLICES }, (_, turn) => {
    const first = turn % all.length;
    return [...all.slice(first), ...all.slice(0, first)];
  }).flat();
}

async function measureSlice(
  batches: readonly Committed[],
  pid: number | undefined,
  ms: number,
): Promise<Slice> {
  await untilCommitted(batches, batches.length + BATCHES_OF_BEFORE);
  const first = batches.length - 1;
  const from = cpuUse(pid);
  await pause(ms);
  await untilCommitted(batches, first + 1 + MIN_BATCHES);
  const to = cpuUse(pid);
  const last = batches.length - 1;
  const moves = batches.slice(first + 1).reduce((sum, batch) => sum + batch.moves, 0);
  const at = (index: number) => batches[index]?.at ?? Number.NaN;
  return { moves, ms: at(last) - at(first), from, to };
}

/** Waits until so many batches were committed. Rejects when they do not come. */
async function untilCommitted(batches: readonly Committed[], count: number): Promise<void> {
  const latest = performance.now() + LONGEST_WAIT_MS;
  while (batches.length < count) {
    if (performance.now() > latest) throw new Error('batches are no longer committed');
    await pause(LOOK_MS);
  }
}

function figuresOf(name: string, slices: readonly Slice[]): Record<string, number> {
  const sum = (of: (slice: Slice) => number) => slices.reduce((total, each) => total + of(each), 0);
  const moves = sum((slice) => slice.moves);
  const used: CpuUse = {
    node: sum(({ from, to }) => to.node - from.node),
    postgres: slices.some(({ from }) => from.postgres === undefined)
      ? undefined
      : sum(({ from, to }) => (to.postgres ?? 0) - (from.postgres ?? 0)),
  };
  const from = { node: 0, postgres: 0 };
  const rate = (moves * 1000) / sum((slice) => slice.ms);
  return { [name]: rate, ...cpuPerTransfer(name, { from, to: used, transfers: moves }) };
}
