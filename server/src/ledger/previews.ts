import { BatchFailure } from './batch/connection.ts';
import { type BatchDeps, previewBatch } from './batch/run-batch.ts';
import { comeAgain } from './batch/waiting.ts';
import type { Move } from './core/move.ts';
import type { Answer } from './core/outcome.ts';
import { busy } from './errors.ts';

/** Previews of a platform that may wait for the one under way; beyond it they are refused with `busy`. */
export const MAX_WAITING_PREVIEWS = 32;

/**
 * The previews of one platform in one process. They lock nothing, so no batch waits for them; they run one at
 * a time, on one connection, so that however many are asked for, connections are left for batches.
 */
export class Previews {
  readonly #deps: BatchDeps;
  readonly #platformId: bigint;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: BatchDeps, platformId: bigint) {
    this.#deps = deps;
    this.#platformId = platformId;
  }

  /**
   * Decides the submissions, each on what the accepted ones before it leave, and changes nothing. Rejects with
   * `busy` when too many previews wait.
   */
  run(submissions: readonly (readonly Move[])[]): Promise<readonly Answer[]> {
    if (submissions.length === 0) return Promise.resolve([]);
    if (this.#waiting > MAX_WAITING_PREVIEWS) return Promise.reject(comeAgain(busy));
    this.#waiting += 1;
    const answers = this.#last.then(() => this.#decide(submissions));
    this.#last = answers.then(
      () => this.#done(),
      () => this.#done(),
    );
    return answers;
  }

  #done(): void {
    this.#waiting -= 1;
  }

  async #decide(submissions: readonly (readonly Move[])[]): Promise<readonly Answer[]> {
    // Named apart, because of two submissions under one request id only the first is decided.
    const work = submissions.map((moves, i) => ({ requestId: `${i}`, moves, fingerprint: '' }));
    try {
      return await previewBatch(this.#deps, this.#platformId, work);
    } catch (error) {
      throw error instanceof BatchFailure ? error.cause : error;
    }
  }
}
