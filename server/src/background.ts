import { setTimeout as pause } from 'node:timers/promises';
import { APPROVALS_PER_SWEEP, sweepApprovals } from './approvals/index.ts';
import { approvedActs } from './approved-acts.ts';
import { CHAIN_ROUND, chainAudit } from './audit/index.ts';
import {
  type DepositDeps,
  hasWaitingEntries,
  POLLS_PER_SWEEP,
  pollBanks,
  postEntries,
} from './deposits/index.ts';
import { keepDeadlines } from './escrow/index.ts';
import { COLLECTIONS_PER_SWEEP, collectFees } from './fees/index.ts';
import {
  INTEREST_PER_SWEEP,
  PARTS_PER_SWEEP,
  runInterest,
  sweepAllocations,
} from './interest/index.ts';
import { dateInZone } from './kernel/business-date.ts';
import { expireHolds, foldInternal, openBusinessDate, rollDay } from './ledger/index.ts';
import type { Logger } from './logging.ts';
import { type Deliverer, SEQUENCED_AT_ONCE, sequenceEvents } from './outbox/index.ts';
import { listPlatforms, type Platform } from './platforms/index.ts';
import { runSchedules, SCHEDULES_PER_SWEEP } from './transfers/index.ts';

/** How often each of the loops looks for work. */
const FOLD_MS = 200;
const EXPIRE_MS = 1_000;
const POST_MS = 3_000;
const POLL_MS = 1_000;
const DEADLINES_MS = 1_000;
const FEES_MS = 30_000;
const INTEREST_MS = 30_000;
/** When nothing of what waits could be posted: the ledger has no room for it, and looking costs time. */
const POST_STUCK_MS = 60_000;
const SCHEDULE_MS = 3_000;
const ROLL_MS = 15_000;
const CHAIN_MS = 1_000;
const APPROVALS_MS = 3_000;
const SEQUENCE_MS = 500;
const DELIVER_MS = 1_000;
/** Full rounds of one kind of work for one platform before the others get their turn. */
const MAX_ROUNDS = 10;
/** A round that does this much may have left more. */
const FULL_FOLD = 10_000;
const FULL_SWEEP = 1_000;
const FULL_DEADLINES = 200;
/** After failures the pause doubles, up to this. */
const LONGEST_PAUSE_MS = 10_000;

/** What the loops need. */
export interface BackgroundDeps extends DepositDeps {
  readonly deliverer: Deliverer;
  readonly log: Logger;
}

/** Work that is done again and again. */
export interface Loop {
  readonly name: string;
  readonly everyMs: number;
  /** One round. Aborted when the server stops: what is begun is finished, and nothing new begun. */
  readonly run: (signal?: AbortSignal) => Promise<void>;
  /** Ends what rounds have begun and not waited for: after the last one. */
  readonly settle?: () => Promise<void>;
}

/** Loops that run until they are stopped. */
export interface Background {
  /** Ends after the work under way. */
  stop(): Promise<void>;
}

/**
 * Folds internal balances, releases holds that expired, posts bank entries that an import has recorded and
 * could not post, turns the business date, chains the audit log, makes the transfers that are due, carries out
 * what was approved, keeps the deadlines of escrow orders, takes the fees of past months, settles interest, puts events in
 * order and sends webhooks, for every platform.
 */
export function startBackground(deps: BackgroundDeps): Background {
  return startLoops([...backgroundLoops(deps), ...outboxLoops(deps)], deps.log);
}

interface Sweep {
  /** A round that does this much may have left more. */
  readonly full: number;
  readonly work: (platformId: bigint) => Promise<number>;
}

/** The loops themselves, for whoever wants to run them once. */
export function backgroundLoops(
  deps: Omit<BackgroundDeps, 'deliverer'>,
): readonly [
  ...[fold: Loop, expire: Loop, post: Loop, roll: Loop, chain: Loop, schedule: Loop],
  ...[approvals: Loop, deadlines: Loop, fees: Loop, interest: Loop, shares: Loop],
  poll: Loop,
] {
  const { db, clock } = deps;
  const acts = approvedActs(deps);
  const stuckUntil = new Map<bigint, number>();
  const each = eachOf(db);
  // Rounds of one kind of work for each platform, until one does less than `full`.
  const sweep = (name: string, everyMs: number, { full, work }: Sweep): Loop => ({
    ...{ name, everyMs },
    run: (signal) =>
      each(signal, ({ platformId }) => untilIdle({ full, signal }, () => work(platformId))),
  });
  return [
    sweep('fold internal balances', FOLD_MS, {
      full: FULL_FOLD,
      work: (platformId) => foldInternal(db, platformId),
    }),
    sweep('expire holds', EXPIRE_MS, {
      full: FULL_SWEEP,
      work: (platformId) => expireHolds(deps, platformId),
    }),
    {
      name: 'post bank entries',
      everyMs: POST_MS,
      run: (signal) => {
        const poster = signal ? { ...deps, ledger: until(signal, deps.ledger) } : deps;
        return each(signal, async ({ platformId }) => {
          if (clock.now().getTime() < (stuckUntil.get(platformId) ?? 0)) return;
          stuckUntil.delete(platformId);
          if (!(await hasWaitingEntries(deps, platformId))) return;
          const { posted, notPosted } = await postEntries(poster, platformId);
          if (posted === 0 && notPosted.size > 0) {
            stuckUntil.set(platformId, clock.now().getTime() + POST_STUCK_MS);
          }
        });
      },
    },
    {
      name: 'turn the business date',
      everyMs: ROLL_MS,
      run: (signal) => each(signal, (platform) => turnBusinessDate(deps, platform)),
    },
    sweep('chain the audit log', CHAIN_MS, {
      full: CHAIN_ROUND,
      work: (platformId) => chainAudit(db, platformId),
    }),
    sweep('make scheduled transfers', SCHEDULE_MS, {
      full: SCHEDULES_PER_SWEEP,
      work: (platformId) => runSchedules(deps, platformId),
    }),
    sweep('carry out what was approved', APPROVALS_MS, {
      full: APPROVALS_PER_SWEEP,
      work: (platformId) => sweepApprovals(deps, platformId, acts),
    }),
    sweep('keep deadlines of escrow orders', DEADLINES_MS, {
      full: FULL_DEADLINES,
      work: (platformId) => keepDeadlines(deps, platformId),
    }),
    ...feeLoops(deps, sweep),
    sweep('ask banks for entries', POLL_MS, {
      full: POLLS_PER_SWEEP,
      work: (platformId) => pollBanks(deps, platformId),
    }),
  ];
}

/** Fees of past months, and interest. */
function feeLoops(
  deps: Omit<BackgroundDeps, 'deliverer'>,
  sweep: (name: string, everyMs: number, work: Sweep) => Loop,
): [fees: Loop, interest: Loop, shares: Loop] {
  return [
    sweep('take fees of past months', FEES_MS, {
      full: COLLECTIONS_PER_SWEEP,
      work: (platformId) => collectFees(deps, platformId),
    }),
    sweep('settle interest', INTEREST_MS, {
      full: INTEREST_PER_SWEEP,
      work: (platformId) => runInterest(deps, platformId),
    }),
    sweep('pay shares of interest', INTEREST_MS, {
      full: PARTS_PER_SWEEP,
      work: (platformId) => sweepAllocations(deps, platformId),
    }),
  ];
}

/** The loops of events: one puts them in order, the other tells of them. */
function outboxLoops(
  deps: Pick<BackgroundDeps, 'db' | 'clock' | 'newUuid' | 'deliverer'>,
): readonly Loop[] {
  const { db, deliverer } = deps;
  const each = eachOf(db);
  return [
    {
      name: 'put events in order',
      everyMs: SEQUENCE_MS,
      run: (signal) =>
        each(signal, ({ platformId }) =>
          untilIdle({ full: SEQUENCED_AT_ONCE, signal }, () => sequenceEvents(deps, platformId)),
        ),
    },
    {
      name: 'send webhooks',
      everyMs: DELIVER_MS,
      run: (signal) => each(signal, ({ platformId }) => deliverer.deliver(platformId)),
      settle: () => deliverer.settle(),
    },
  ];
}

/** Does work for every platform. What fails for one must not keep the others from their turn. */
function eachOf(db: BackgroundDeps['db']) {
  return async (
    signal: AbortSignal | undefined,
    work: (platform: Platform) => Promise<void>,
  ): Promise<void> => {
    const failures: unknown[] = [];
    for (const platform of await listPlatforms(db)) {
      if (signal?.aborted) break;
      await work(platform).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'for some platforms');
  };
}

/**
 * Turns the business date when the calendar of the platform's time zone has moved past the open one. A
 * server that was off for days turns it once, to today.
 */
export async function turnBusinessDate(
  { db, clock, log }: Pick<BackgroundDeps, 'db' | 'clock' | 'log'>,
  { platformId, timeZone }: Platform,
): Promise<void> {
  const at = clock.now();
  const next = dateInZone(at, timeZone);
  if ((await openBusinessDate(db, platformId)) >= next) return;
  if (await rollDay(db, platformId, { next, at })) {
    log.info({ platformId: String(platformId), businessDate: next }, 'the business date turned');
  }
}

/** Runs loops side by side. One that fails says so once, waits longer each time, and says when it is back. */
export function startLoops(loops: readonly Loop[], log: Logger): Background {
  const stopping = new AbortController();
  const running = loops.map((loop) => keepRunning(loop, { log, signal: stopping.signal }));
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

async function keepRunning(
  loop: Loop,
  context: { log: Logger; signal: AbortSignal },
): Promise<void> {
  await repeat(loop, context);
  await loop.settle?.();
}

async function repeat(
  { name, everyMs, run }: Loop,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await run(signal);
      if (failures > 0) log.info({ loop: name, failures }, 'background work goes on');
      failures = 0;
    } catch (error) {
      if (signal.aborted) return; // it was told to end, and what it had begun is done
      failures += 1;
      if (failures === 1)
        log.warn({ loop: name, err: error }, 'background work failed; trying again');
    }
    const pauseMs = Math.min(everyMs * 2 ** Math.min(failures, 16), LONGEST_PAUSE_MS);
    await pause(failures > 0 ? pauseMs : everyMs, undefined, { signal }).catch(() => {});
  }
}

async function untilIdle(
  { full, signal }: { full: number; signal: AbortSignal | undefined },
  work: () => Promise<number>,
): Promise<void> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    if ((await work()) < full || signal?.aborted) return;
  }
}

/**
 * A ledger that takes nothing more once it is told to: whoever posts a backlog ends after the groups that are
 * under way, and the next start goes on.
 */
function until(signal: AbortSignal, ledger: DepositDeps['ledger']): DepositDeps['ledger'] {
  return {
    ...ledger,
    submit: async (submission) => {
      signal.throwIfAborted();
      return ledger.submit(submission);
    },
  };
}
