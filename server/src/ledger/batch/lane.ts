import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { isUnavailable } from '../../db/database.ts';
import type { Answer } from '../core/outcome.ts';
import { busy, databaseUnavailable, outcomeUnknown } from '../errors.ts';
import { asBatchFailure, type BatchFailure, giveBack, takeConnection } from './connection.ts';
import type { Work } from './evaluate-batch.ts';
import { causeOf, isOvertaken, mayPass } from './failure.ts';
import {
  type BatchDeps,
  type BatchMode,
  runLocked,
  type SentBatch,
  startBatch,
} from './run-batch.ts';
import { comeAgain, deliver, rejectAll, type Waiting, worksOf } from './waiting.ts';

/** What one lane takes on at most. */
export interface LaneLimits {
  /** Moves in one batch; what was submitted together is never divided. */
  readonly movesPerBatch: number;
  /** Moves that may wait; beyond it a submission is refused with `busy`, before anything happened. */
  readonly waitingMoves: number;
}

/** What a server takes on: a second or two of work. */
export const DEFAULT_LIMITS: LaneLimits = { movesPerBatch: 4096, waitingMoves: 50_000 };

/** Tries of a batch that may pass, and of one whose database is away; the pause doubles between them. */
const MAX_ATTEMPTS = 12;
const MAX_ATTEMPTS_WITHOUT_DATABASE = 5;
const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 500;

/** Batches on one connection before other platforms' lanes get it, when they wait. */
const BATCHES_PER_CONNECTION = 16;
/**
 * So many waiting moves are worth a batch of their own before the last one has committed. Behind a larger batch,
 * half as many as it has: with fewer, small ones would follow large ones for ever, and each batch costs something;
 * with more, PostgreSQL waits for us under half the load, and answers take twice as long.
 */
const EAGER_MOVES = 64;
const EAGER_SHARE = 0.5;

/**
 * Somebody else has changed what was remembered: so many batches lock the platform first, before memory is tried
 * again. Twice as many each time that memory did not hold for longer than that: another server is at work. Whoever
 * comes by once, to stop an account or to turn the day, costs no more than the fewest.
 */
const FEWEST_LOCKED = 4;
const MOST_LOCKED = 256;

interface Sent extends SentBatch {
  readonly waiting: readonly Waiting[];
}

/** What a batch failed with last, and whether an earlier try of it may have been committed. */
interface Doubt {
  readonly failure: BatchFailure;
  readonly doubtful: boolean;
}

interface Failed {
  readonly batch: readonly Waiting[];
  readonly failure: BatchFailure;
}

/**
 * The queue of one platform in one process. While a batch commits, the next collects; an idle lane starts
 * at once. So batches grow with the load, and nobody waits for a timer.
 */
export class Lane {
  readonly #deps: BatchDeps;
  readonly #platformId: bigint;
  readonly #limits: LaneLimits;
  #waiting: Waiting[] = [];
  #waitingMoves = 0;
  #running: Promise<void> | undefined;
  /** A batch is on its way, and not yet committed. */
  #isCommitting = false;
  #lockedBatches = 0;
  /** So many were locked when memory failed last, and so many counted on it since. */
  #lockedLast = 0;
  #remembered = 0;
  /** So many waiting moves send the next batch early. */
  #enoughMoves = EAGER_MOVES;
  #onEnough = () => {};

  constructor(deps: BatchDeps, platformId: bigint, limits: LaneLimits) {
    this.#deps = deps;
    this.#platformId = platformId;
    this.#limits = limits;
  }

  /**
   * Queues submissions that are decided one behind the other in one batch; answers after it has committed.
   * Rejects with `busy` when the lane is full.
   */
  submit(works: readonly Work[]): Promise<readonly Answer[]> {
    const moves = works.reduce((sum, work) => sum + work.moves.length, 0);
    if (this.#waitingMoves + moves > this.#limits.waitingMoves) {
      return Promise.reject(comeAgain(busy));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ works, moves, resolve, reject });
      this.#waitingMoves += moves;
      if (this.#waitingMoves >= this.#enoughMoves) this.#onEnough();
      this.#running ??= this.#run();
    });
  }

  /** Waits until everything that was queued is answered. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // Let what arrives in this turn of the event loop join the batch.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const failed = await this.#runOnOneConnection();
      for (const { batch, failure } of failed)
        await this.#settle(batch, { failure, doubtful: false });
    }
    this.#running = undefined;
  }

  /**
   * Runs batches one after another on one connection until nothing waits or one fails. When half as much waits as
   * the last batch had, the next is decided and sent before that one has committed: it queues up behind that commit,
   * and PostgreSQL need not wait for us. Gives back the batches that failed.
   */
  async #runOnOneConnection(): Promise<Failed[]> {
    let client: pg.PoolClient;
    try {
      client = await takeConnection(this.#deps.database.batches);
    } catch (error) {
      return [{ batch: this.#takeBatch(), failure: asBatchFailure(error) }];
    }
    const failed: Failed[] = [];
    let answered = Promise.resolve();
    for (let batches = 1; this.#mayStart(batches, failed); batches += 1) {
      const sent = await this.#send(client);
      await answered;
      if ('failure' in sent) this.#failed(sent, failed);
      else {
        answered = this.#finish(sent, failed);
        await Promise.race([answered, this.#enoughWaits()]);
      }
    }
    await answered;
    await giveBack(
      client,
      failed.map(({ failure }) => failure),
    );
    return failed;
  }

  /** Fulfilled as soon as a batch of its own is worth it. */
  #enoughWaits(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waitingMoves >= this.#enoughMoves) resolve();
      else this.#onEnough = resolve;
    });
  }

  /** Lanes of other platforms that wait for a connection get their turn. */
  #mayStart(batches: number, failed: readonly Failed[]): boolean {
    if (failed.length > 0 || this.#waiting.length === 0) return false;
    return batches <= BATCHES_PER_CONNECTION || this.#deps.database.batches.waitingCount === 0;
  }

  /**
   * Takes the next batch, decides it and sends everything. One that fails before that may leave a transaction
   * open, so nothing more is sent on its connection.
   */
  async #send(client: pg.PoolClient): Promise<Sent | Failed> {
    const waiting = this.#takeBatch();
    const work = worksOf(waiting);
    const mode = this.#mode();
    try {
      const started = startBatch(client, this.#deps, this.#platformId, { work, mode });
      const sent = await started.decide();
      // Its failure is seen when it is finished; until then it must not count as unhandled.
      sent.committed.catch(() => {});
      return { ...sent, waiting };
    } catch (error) {
      return { batch: waiting, failure: asBatchFailure(error) };
    }
  }

  #mode(): BatchMode {
    if (this.#lockedBatches === 0) {
      this.#remembered += 1;
      return { read: 'remembered', isBehind: this.#isCommitting };
    }
    this.#lockedBatches -= 1;
    return { read: 'locked', lookUpRequests: false };
  }

  /** Waits for the commit of a batch and hands out its answers. */
  async #finish({ committed, answers, waiting }: Sent, failed: Failed[]): Promise<void> {
    this.#isCommitting = true;
    try {
      await committed;
      deliver(waiting, answers);
    } catch (error) {
      this.#failed({ batch: waiting, failure: asBatchFailure(error) }, failed);
    } finally {
      this.#isCommitting = false;
    }
  }

  /** What was remembered counted on this batch. */
  #failed(failure: Failed, failed: Failed[]): void {
    const isFirst = failed.length === 0;
    if (isFirst && isOvertaken(causeOf(failure.failure))) this.#lockNext();
    this.#deps.memory.forget();
    failed.push(failure);
  }

  #lockNext(): void {
    const didHold = this.#remembered > this.#lockedLast;
    const next = didHold ? FEWEST_LOCKED : Math.min(2 * this.#lockedLast, MOST_LOCKED);
    this.#lockedBatches = next;
    this.#lockedLast = next;
    this.#remembered = 0;
  }

  #takeBatch(): Waiting[] {
    let moves = 0;
    let count = 0;
    for (const next of this.#waiting) {
      if (count > 0 && moves + next.moves > this.#limits.movesPerBatch) break;
      moves += next.moves;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#waitingMoves -= moves;
    this.#enoughMoves = Math.max(EAGER_MOVES, Math.ceil(moves * EAGER_SHARE));
    return batch;
  }

  /**
   * Runs a batch that failed until it is committed. What may pass is tried again: a repeat found by its unique
   * key, a day that closed, a database that is away for a moment. Requests are looked up first, so that what
   * a lost commit has done is not done twice. When one submission spoils the batch, it is looked for,
   * so that a bad neighbour harms only itself.
   */
  async #settle(batch: readonly Waiting[], first: Doubt): Promise<void> {
    let { failure, doubtful } = first;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const cause = causeOf(failure);
      const unavailable = isUnavailable(cause);
      doubtful ||= failure.commitSent;
      if (unavailable && attempt > MAX_ATTEMPTS_WITHOUT_DATABASE) {
        return this.#giveUp(batch, cause, doubtful);
      }
      if (!unavailable && !mayPass(cause)) break;
      await delay(Math.min(FIRST_PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS));
      try {
        return deliver(batch, await runLocked(this.#deps, this.#platformId, worksOf(batch)));
      } catch (error) {
        failure = asBatchFailure(error);
      }
    }
    await this.#isolate(batch, { failure, doubtful });
  }

  /** The database is away: everybody who waits is told at once, instead of one batch after another. */
  #giveUp(batch: readonly Waiting[], cause: unknown, doubtful: boolean): void {
    rejectAll(batch, doubtful ? outcomeUnknown : databaseUnavailable, cause);
    const behind = this.#waiting;
    this.#waiting = [];
    this.#waitingMoves = 0;
    rejectAll(behind, databaseUnavailable, cause);
  }

  /** Halves a batch until whoever spoils it is alone. */
  async #isolate(batch: readonly Waiting[], { failure, doubtful }: Doubt): Promise<void> {
    const [only, ...others] = batch;
    if (others.length === 0) {
      if (doubtful) rejectAll(batch, outcomeUnknown, causeOf(failure));
      else only?.reject(causeOf(failure));
      return;
    }
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      try {
        deliver(half, await runLocked(this.#deps, this.#platformId, worksOf(half)));
      } catch (error) {
        await this.#settle(half, { failure: asBatchFailure(error), doubtful });
      }
    }
  }
}
