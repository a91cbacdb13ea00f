import { setTimeout as pause } from 'node:timers/promises';
import type { Slice } from './contender.ts';
import { type CpuUse, cpuBetween } from './machine.ts';

/** After a switch so much is not counted: caches, connections and queues are still another's. */
const LEAD_IN_MS = 300;

/** Where counting may begin or end. */
export interface Moment {
  readonly at: number;
  /** Transfers so far. */
  readonly transfers: number;
}

/** What is done without a pause while a slice lasts. */
export interface ClosedLoop {
  /** Each does one step after another; a step says whether it was accepted, and rejects when it failed. */
  readonly workers: readonly (() => Promise<boolean>)[];
  /** Transfers of one step. */
  readonly items: number;
  readonly cpu: () => CpuUse;
  /** The next moment to count from or to, where not every moment will do. */
  readonly nextMoment?: () => Promise<Moment>;
}

/** A slice, and what came of all that was sent in it: the lead-in and the end count for the money too. */
export interface LoopResult {
  readonly slice: Slice;
  readonly accepted: number;
  readonly refused: number;
}

/** Keeps all workers busy: for the lead-in, for so long, and until the last of them has its answer. */
export async function runClosedLoop(loop: ClosedLoop, ms: number): Promise<LoopResult> {
  const { workers, items, cpu } = loop;
  let accepted = 0;
  let refused = 0;
  let stopped = false;
  const work = async (step: () => Promise<boolean>) => {
    try {
      while (!stopped) {
        if (await step()) accepted += items;
        else refused += items;
      }
    } finally {
      // When one fails, the others stop too.
      stopped = true;
    }
  };
  const all = Promise.all(workers.map(work));
  const failed = all.then(() => Promise.reject(new Error('nobody works any more')));
  failed.catch(() => {});
  const during = <T>(wanted: Promise<T>) => Promise.race([wanted, failed]);
  const now = () => Promise.resolve({ at: performance.now(), transfers: accepted });
  const look = async () => {
    const moment = await during((loop.nextMoment ?? now)());
    return { ...moment, cpu: cpu() };
  };
  await during(pause(LEAD_IN_MS));
  const from = await look();
  await during(pause(ms));
  const to = await look();
  stopped = true;
  await all;
  const transfers = to.transfers - from.transfers;
  const slice = { transfers, ms: to.at - from.at, cpu: cpuBetween(from.cpu, to.cpu) };
  return { slice, accepted, refused };
}
