/** The ledger itself, in this process: no HTTP, no JSON. */
import { openDatabase } from '../server/src/db/database.ts';
import { systemClock } from '../server/src/kernel/clock.ts';
import { DEFAULT_LIMITS, openLedger } from '../server/src/ledger/index.ts';
import { type Moment, runClosedLoop } from './closed-loop.ts';
import type { Contender, Load, Slice } from './contender.ts';
import { type EngineLoad, Mover, startFolding } from './engine-load.ts';
import type { HalfLoad } from './half-load.ts';
import { backendPid, cpuUse } from './machine.ts';
import type { Place } from './place.ts';
import { openTally } from './tally.ts';

/** Who is measured: with batches of what size, under which loads, and how long it is warmed up. */
export interface EngineCell {
  readonly batch: number;
  readonly loads: readonly { readonly load: EngineLoad; readonly name: string }[];
  readonly warmUpMs: number;
}

/** One ledger, under each of its loads by turns: two batches of submissions wait all the while. */
export async function openEngine(
  place: Place,
  { batch, loads, warmUpMs }: EngineCell,
): Promise<Contender<Slice> & HalfLoad> {
  const { add, ...books } = await openTally(place);
  const pid = await backendPid(place.admin);
  const database = await openDatabase({ url: place.url });
  const commits = new Commits();
  const ledger = openLedger({
    database,
    clock: systemClock,
    limits: { ...DEFAULT_LIMITS, movesPerBatch: batch },
    observe: ({ moves }) => commits.add(moves),
  });
  const mover = new Mover(ledger, place.world);
  const loop = {
    workers: Array.from({ length: 2 * batch }, () => () => mover.moveOnce()),
    items: 1,
    cpu: () => cpuUse(pid),
    // Answers come a batch at a time: rates are taken from one batch's end to another's.
    nextMoment: () => commits.next(),
  };
  const slice = async (load: EngineLoad, ms: number) => {
    mover.load = load;
    const stopFolding = startFolding(database);
    try {
      const result = await runClosedLoop(loop, ms);
      add(result);
      return result.slice;
    } finally {
      await ledger.drained();
      await stopFolding();
    }
  };
  return {
    ...books,
    ...{ warmUpMs, add },
    loads: loads.map(({ load, name }): Load<Slice> => ({ name, slice: (ms) => slice(load, ms) })),
    send: () => mover.moveOnce(),
    stop: () => database.close(),
  };
}

/** Counts what was committed, and tells when the next batch is. */
class Commits {
  #transfers = 0;
  #next = Promise.withResolvers<Moment>();

  add(transfers: number): void {
    this.#transfers += transfers;
    this.#next.resolve({ at: performance.now(), transfers: this.#transfers });
    this.#next = Promise.withResolvers();
  }

  next(): Promise<Moment> {
    return this.#next.promise;
  }
}
