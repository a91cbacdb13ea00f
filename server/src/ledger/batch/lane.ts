import { setTimeout as delay } from 'node:timers/promises';
import { brokenUnique, isTransient, isUnavailable } from '../../db/database.ts';
import { AppError, type ErrorDefinition } from '../../kernel/error.ts';
import type { Answer } from '../core/outcome.ts';
import { busy, databaseUnavailable, outcomeUnknown } from '../errors.ts';
import { BatchFailure } from './connection.ts';
import { type BatchDeps, DayClosed, runBatch, type Work } from './run-batch.ts';

export interface LaneLimits {
  /** Moves in one batch; a submission is never divided. */
  readonly movesPerBatch: number;
  /** Moves that may wait; beyond it a submission is refused with `busy`, before anything happened. */
  readonly waitingMoves: number;
}

export const DEFAULT_LIMITS: LaneLimits = { movesPerBatch: 4096, waitingMoves: 50_000 };

const MAX_ATTEMPTS = 12;
const MAX_ATTEMPTS_WITHOUT_DATABASE = 5;
const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 500;
const RETRY_AFTER_SECONDS = 1;

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
    while (this.#waiting.length > 0) await this.#commit(this.#takeBatch());
    this.#running = undefined;
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
   * Runs a batch until it is committed. What may pass is tried again: a repeat found by its unique key, a
   * deadlock, a day that closed, a database that is away for a moment. After a lost commit the requests are
   * looked up first, so that what was done is not done twice. When one submission spoils the batch, each is
   * run alone, so that a bad neighbour harms only itself.
   */
  async #commit(batch: readonly Waiting[]): Promise<void> {
    let lookUpRequests = false;
    let doubtful = false;
    let failure: unknown;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      try {
        const work = batch.map((each) => each.work);
        const answers = await runBatch(this.#deps, this.#platformId, work, { lookUpRequests });
        return deliver(batch, answers);
      } catch (error) {
        failure = error instanceof BatchFailure && error.cause ? error.cause : error;
        lookUpRequests = true;
        doubtful ||= error instanceof BatchFailure && error.commitSent && isUnavailable(failure);
        if (isUnavailable(failure)) {
          if (attempt >= MAX_ATTEMPTS_WITHOUT_DATABASE)
            return this.#giveUp(batch, failure, doubtful);
        } else if (!mayPass(failure)) break;
        await delay(Math.min(FIRST_PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS));
      }
    }
    await this.#isolate(batch, failure);
  }

  /** The database is away: everybody who waits is told at once, instead of one batch after another. */
  #giveUp(batch: readonly Waiting[], cause: unknown, doubtful: boolean): void {
    rejectAll(batch, doubtful ? outcomeUnknown : databaseUnavailable, cause);
    const behind = this.#waiting;
    this.#waiting = [];
    this.#waitingMoves = 0;
    rejectAll(behind, databaseUnavailable, cause);
  }

  async #isolate(batch: readonly Waiting[], failure: unknown): Promise<void> {
    if (batch.length === 1) {
      batch[0]?.reject(failure);
      return;
    }
    for (const each of batch) await this.#commit([each]);
  }
}

function mayPass(failure: unknown): boolean {
  return (
    failure instanceof DayClosed || isTransient(failure) || brokenUnique(failure) !== undefined
  );
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
