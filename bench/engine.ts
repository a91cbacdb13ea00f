/** The ledger itself, in this process: no HTTP, no JSON. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Database, openDatabase } from '../server/src/db/database.ts';
import { amount } from '../server/src/kernel/amount.ts';
import { systemClock } from '../server/src/kernel/clock.ts';
import {
  type AccountId,
  DEFAULT_LIMITS,
  foldInternal,
  type Ledger,
  openLedger,
} from '../server/src/ledger/index.ts';
import { Dice } from '../server/test/soak/dice.ts';
import type { World } from '../server/test/soak/world.ts';
import { type Latencies, latenciesOf } from './figures.ts';
import { backendPid, cpuPerTransfer, cpuUse } from './machine.ts';
import { runOpenLoop } from './open-loop.ts';
import type { Place } from './place.ts';

/** Whom the transfers are between: anybody; one member's account and anybody; the bank and anybody. */
export const LOADS = ['uniform', 'hot guarded', 'hot internal'] as const;
export type Load = (typeof LOADS)[number];

/** What the engine reached. */
export interface EngineResult {
  /** Transfers a second. */
  readonly rate: number;
  readonly cpu: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const FOLD_MS = 200;
/** So many batches are in the window at least: rates are taken from one batch's end to another's. */
const MIN_BATCHES = 4;
const LONGEST_WINDOW_MS = 60_000;

interface Committed {
  readonly at: number;
  readonly moves: number;
}

/** Keeps two batches of submissions waiting, and measures at what rate batches are committed. */
export async function measureEngine(
  place: Place,
  cell: { name: string; batch: number; load: Load; warmUpMs: number; measureMs: number },
): Promise<EngineResult> {
  const { name, batch, load, warmUpMs, measureMs } = cell;
  await place.reset();
  const database = await openDatabase({ url: place.url });
  const batches: Committed[] = [];
  const ledger = openLedger({
    database,
    clock: systemClock,
    limits: { movesPerBatch: batch, waitingMoves: 4 * batch + 16 },
    observe: ({ moves }) => batches.push({ at: performance.now(), moves }),
  });
  const folding = load === 'hot internal' ? startFolding(database) : undefined;
  const pid = await backendPid(place.admin);
  try {
    const next = mover(ledger, place.world, load);
    let accepted = 0;
    let refused = 0;
    let stopped = false;
    const workers = Array.from({ length: 2 * batch }, async () => {
      while (!stopped) {
        if (await next()) accepted += 1;
        else refused += 1;
      }
    });
    const all = Promise.all(workers);
    await Promise.race([all, pause(warmUpMs)]);
    const from = { at: performance.now(), batches: batches.length, cpu: cpuUse(pid) };
    do {
      await Promise.race([all, pause(measureMs)]);
    } while (
      batches.length - from.batches < MIN_BATCHES &&
      performance.now() - from.at < LONGEST_WINDOW_MS
    );
    const window = batches.slice(from.batches);
    const used = cpuUse(pid);
    stopped = true;
    await all;
    await ledger.drained();
    await folding?.();
    const faults = [...(await place.check(accepted))];
    if (refused > 0) faults.push(`${refused} transfers were refused`);
    const moves = window.reduce((sum, each) => sum + each.moves, 0);
    const cpu = cpuPerTransfer(name, { from: from.cpu, to: used, transfers: moves });
    return { rate: rateOf(window), cpu, faults };
  } finally {
    await folding?.();
    await database.close();
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
    const next = mover(ledger, place.world, 'uniform');
    const { latencies, accepted, sent } = await runOpenLoop(next, cell);
    const faults = [...(await place.check(accepted))];
    if (accepted < sent) faults.push(`${sent - accepted} of ${sent} were refused`);
    return { ...latenciesOf(latencies), faults };
  } finally {
    await database.close();
  }
}

/** From the end of the first batch to the end of the last. */
function rateOf(window: readonly Committed[]): number {
  const [first, last] = [window[0], window.at(-1)];
  if (!first || !last || first === last) return Number.NaN;
  const moves = window.reduce((sum, each) => sum + each.moves, 0) - first.moves;
  return (moves * 1000) / (last.at - first.at);
}

/** Submits one transfer of the load; says whether it was accepted. */
function mover(ledger: Ledger, world: World, load: Load): () => Promise<boolean> {
  const dice = new Dice(1);
  const { platformId } = world;
  const ids = world.accounts.map(({ id }) => id);
  const [hot] = ids;
  if (hot === undefined) throw new Error('there are accounts');
  const side = { uniform: undefined, 'hot guarded': hot, 'hot internal': world.bankClearing }[load];
  return async () => {
    const [debit, credit] = pairOf(dice, ids, side);
    const { accepted } = await ledger.submit({
      platformId,
      requestId: `api/${randomUUID()}`,
      moves: [
        {
          kind: 'transfer',
          code: 'transfer',
          debit,
          credit,
          amount: amount(dice.between(1, 100)),
          reference: `order-${1_000_000 + dice.below(9_000_000)}`,
        },
      ],
    });
    return accepted;
  };
}

function pairOf(
  dice: Dice,
  ids: readonly AccountId[],
  hot: AccountId | undefined,
): readonly [AccountId, AccountId] {
  const one = hot ?? dice.pick(ids);
  let other = dice.pick(ids);
  while (other === one) other = dice.pick(ids);
  return dice.percent(50) ? [one, other] : [other, one];
}

/** Folds as the server does. Gives the way to stop it. */
function startFolding({ db }: Database): () => Promise<void> {
  const stopping = new AbortController();
  const loop = async () => {
    while (!stopping.signal.aborted) {
      await foldInternal(db, 1n);
      await pause(FOLD_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = loop();
  return async () => {
    stopping.abort();
    await running;
  };
}
