import { strict as assert } from 'node:assert';
import { AppError } from '../kernel/error.ts';
import { BatchFailure } from './batch/connection.ts';
import { type BatchDeps, DayClosed, runBatch } from './batch/run-batch.ts';
import type { Move } from './core/move.ts';
import type { Answer } from './core/outcome.ts';
import { busy } from './errors.ts';

/** Previews of a platform that may wait for the one under way; beyond it they are refused with `busy`. */
export const MAX_WAITING_PREVIEWS = 32;
/** Days that may close one after another while a preview waits for the open one. */
const MAX_ATTEMPTS = 5;
const RETRY_AFTER_SECONDS = 1;
const MODE = { lookUpRequests: false, dryRun: true } as const;

/**
 * The previews of one platform in one process. Each holds the platform's lane while it is decided, so they
 * run one at a time, on one connection: however many are asked for, batches get their turn between them, and
 * connections are left for other platforms.
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
    if (this.#waiting > MAX_WAITING_PREVIEWS) return Promise.reject(tooMany());
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
    const work = submissions.map((moves, i) => ({
      ...{ requestId: `${i}`, moves, fingerprint: new Uint8Array() },
    }));
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      try {
        return await runBatch(this.#deps, this.#platformId, work, MODE);
      } catch (error) {
        const cause = error instanceof BatchFailure ? error.cause : error;
        if (!(cause instanceof DayClosed)) throw cause;
      }
    }
    throw tooMany();
  }
}

/** The only answer of a preview of one submission. */
export function onlyAnswer([answer]: readonly Answer[]): Answer {
  assert(answer, 'a preview answers each of its submissions');
  return answer;
}

const tooMany = () => new AppError(busy, { retryAfterSeconds: RETRY_AFTER_SECONDS });
