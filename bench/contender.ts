/** Contenders that are compared with each other take turns in short slices, all on the same machine. */
import type { CpuUse } from './machine.ts';

/** What one slice of full load came to. */
export interface Slice {
  /** Those that were acknowledged (of COPY: rows). */
  readonly transfers: number;
  readonly ms: number;
  /** Seconds of CPU used meanwhile. */
  readonly cpu: CpuUse;
}

/** One way of using a contender, with figures of its own. */
export interface Load<T> {
  readonly name: string;
  /**
   * Begins, goes on uncounted until it runs as it should, is measured for about so long, and waits for all that
   * is under way: whoever comes next has the machine to itself.
   */
  slice(ms: number): Promise<T>;
}

/** Somebody who is measured. Until it is stopped it stays ready; between two slices it costs next to nothing. */
export interface Contender<T> {
  readonly loads: readonly Load<T>[];
  /** So long it is used before anything counts, all its loads together. */
  readonly warmUpMs: number;
  /** Between two turns, uncounted: empties what has grown so large that it would slow the next. */
  tidy(): Promise<void>;
  /** What was wrong with the money or the counts. Empty when all was well. */
  check(): Promise<readonly string[]>;
  /** What is known at the end besides what its slices came to. */
  figures?(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** What an alternation came to. */
export interface Alternated<T> {
  /** By the loads' names, the slices in their order: the n-th of all were taken in the same turn, seconds apart. */
  readonly slices: ReadonlyMap<string, readonly T[]>;
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/**
 * Warms every contender up, then lets all their loads take short slices by turns: a machine that is slow for some
 * seconds is slow for all of them. Who is first changes from turn to turn. `begin` is called before the
 * first warm-up.
 */
export async function alternate<T>(
  open: readonly (() => Promise<Contender<T>>)[],
  { turns, sliceMs, begin }: { turns: number; sliceMs: number; begin: () => Promise<unknown> },
): Promise<Alternated<T>> {
  const contenders: Contender<T>[] = [];
  try {
    for (const openOne of open) contenders.push(await openOne());
    await begin();
    for (const { loads, warmUpMs } of contenders) {
      if (warmUpMs > 0) for (const load of loads) await load.slice(warmUpMs / loads.length);
    }
    const loads = contenders.flatMap((contender) => contender.loads);
    const slices = new Map<string, T[]>(loads.map(({ name }) => [name, []]));
    for (let turn = 0; turn < turns; turn += 1) {
      if (turn > 0) for (const contender of contenders) await contender.tidy();
      for (const load of startingAt(loads, turn))
        slices.get(load.name)?.push(await load.slice(sliceMs));
    }
    const faults: string[] = [];
    for (const contender of contenders) faults.push(...(await contender.check()));
    const figures = contenders.flatMap((contender) => Object.entries(contender.figures?.() ?? {}));
    return { slices, figures: Object.fromEntries(figures), faults };
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

/** The same circle, begun one further in each turn: a b c, b c a, c a b. */
function startingAt<T>(all: readonly T[], turn: number): readonly T[] {
  const first = turn % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
