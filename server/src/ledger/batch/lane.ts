import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { brokenUnique, isTransient, isUnavailable } from '../../db/database.ts';
import { AppError, type ErrorDefinition } from '../../kernel/error.ts';
import type { Answer } from '../core/outcome.ts';
import { busy, databaseUnavailable, outcomeUnknown } from '../errors.ts';
import { asBatchFailure, type BatchFailure, giveBack, takeConnection } from './connection.ts';
import {
  type BatchDeps,
  DayClosed,
  runBatch,
  type StartedBatch,
  startBatch,
  type Work,
} from './run-batch.ts';

/** What one lane takes on at most. */
export interface LaneLimits {
  /** Moves in one batch; a submission is never divided. */
  readonly movesPerBatch: number;
  /** Moves that may wait; beyond it a submission is refused with `busy`, before anything happened. */
  readonly waitingMoves: number;
}

export const DEFAULT_LIMITS: LaneLimits = { movesPerBatch: 4096, waitingMoves: 50_000 };

/** Tries of a batch that may pass, and of one whose database is away; the pause doubles between them. */
const MAX_ATTEMPTS = 12;
const MAX_ATTEMPTS_WITHOUT_DATABASE = 5;
const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 500;
const RETRY_AFTER_SECONDS = 1;

/** Batches on one connection before other platforms' lanes get it, when they wait. */
const BATCHES_PER_CONNECTION = 16;
/** A request that was answered before, or a reversal that somebody else was faster with, breaks these. */
const REPEAT_KEYS = ['ledger_request_pkey', 'transfer_reversal'];

/** So many waiting moves are worth a batch of their own before the last one has committed. */
const EAGER_MOVES = 512;

interface Started {
  readonly waiting: readonly Waiting[];
  readonly batch: StartedBatch;
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

interface Waiting {
  readonly work: Work;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
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

  constructor(deps: BatchDeps, platformId: bigint, limits: LaneLimits) {
    this.#deps = deps;
    this.#platformId = platformId;
    this.#limits = limits;
  }

  /** Queues a submission; answers after its batch has committed. Rejects with `busy` when the lane is full. */
  submit(work: Work): Promise<Answer> {
    if (this.#waitingMoves + work.moves.length > this.#limits.waitingMoves) {
      return Promise.reject(new AppError(busy, { retryAfterSeconds: RETRY_AFTER_SECONDS }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      this.#waitingMoves += work.moves.length;
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
   * Runs batches one after another on one connection until nothing waits or one fails. When much waits, the
   * next batch is started before the last has committed: its statements queue up behind the commit, so
   * PostgreSQL reads it while Node hands out the answers. Gives back the batches that failed.
   */
  async #runOnOneConnection(): Promise<Failed[]> {
    let client: pg.PoolClient;
    try {
      client = await takeConnection(this.#deps.database.batches);
    } catch (error) {
      return [{ batch: this.#takeBatch(), failure: asBatchFailure(error) }];
    }
    const failed: Failed[] = [];
    let current: Started | undefined = this.#start(client);
    for (let batches = 1; current; batches += 1) {
      // Lanes of other platforms may be waiting for a connection: they get their turn.
      const mayGoOn =
        batches < BATCHES_PER_CONNECTION || this.#deps.database.batches.waitingCount === 0;
      let next: Started | undefined;
      try {
        const { answers, committed } = await current.batch.decide();
        if (mayGoOn && this.#waitingMoves >= EAGER_MOVES) next = this.#start(client);
        await committed;
        deliver(current.waiting, answers);
      } catch (error) {
        failed.push({ batch: current.waiting, failure: asBatchFailure(error) });
      }
      const hasMore = mayGoOn && failed.length === 0 && this.#waiting.length > 0;
      current = next ?? (hasMore ? this.#start(client) : undefined);
    }
    await giveBack(client, failed.at(-1)?.failure);
    return failed;
  }

  #start(client: pg.PoolClient): Started {
    const waiting = this.#takeBatch();
    const work = waiting.map((each) => each.work);
    const mode = { lookUpRequests: false };
    return { waiting, batch: startBatch(client, this.#deps, this.#platformId, { work, mode }) };
  }

  #takeBatch(): Waiting[] {
    let moves = 0;
    let count = 0;
    for (const { work } of this.#waiting) {
      if (count > 0 && moves + work.moves.length > this.#limits.movesPerBatch) break;
      moves += work.moves.length;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#waitingMoves -= moves;
    return batch;
  }

  /**
   * Runs a batch that failed until it is committed. What may pass is tried again: a repeat found by its unique
   * key, a day that closed, a database that is away for a moment. Requests are looked up first, so that what
   * a lost commit has done is not done twice. When one submission spoils the batch, each is run alone, so
   * that a bad neighbour harms only itself.
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
        const work = batch.map((each) => each.work);
        const answers = await runBatch(this.#deps, this.#platformId, work, {
          lookUpRequests: true,
        });
        return deliver(batch, answers);
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

  async #isolate(batch: readonly Waiting[], { failure, doubtful }: Doubt): Promise<void> {
    const [only, ...others] = batch;
    if (others.length === 0) {
      if (doubtful) rejectAll(batch, outcomeUnknown, causeOf(failure));
      else only?.reject(causeOf(failure));
      return;
    }
    for (const each of batch) {
      try {
        const work = [each.work];
        deliver(
          [each],
          await runBatch(this.#deps, this.#platformId, work, { lookUpRequests: true }),
        );
      } catch (error) {
        await this.#settle([each], { failure: asBatchFailure(error), doubtful });
      }
    }
  }
}

function causeOf(failure: BatchFailure): unknown {
  return failure.cause ?? failure;
}

function mayPass(failure: unknown): boolean {
  const key = brokenUnique(failure);
  if (key !== undefined) return REPEAT_KEYS.includes(key);
  return failure instanceof DayClosed || isTransient(failure);
}

function deliver(batch: readonly Waiting[], answers: readonly Answer[]): void {
  for (const [i, { resolve, reject }] of batch.entries()) {
    const answer = answers[i];
    if (answer) resolve(answer);
    else reject(new Error('a batch answers each of its submissions'));
  }
}

function rejectAll(
  batch: readonly Waiting[],
  definition: ErrorDefinition<string, { retryAfterSeconds: number }>,
  cause: unknown,
): void {
  for (const { reject } of batch) {
    reject(new AppError(definition, { retryAfterSeconds: RETRY_AFTER_SECONDS }, { cause }));
  }
}
