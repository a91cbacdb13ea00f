import { strict as assert } from 'node:assert';
import type { Database } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { type Random, systemRandom } from '../kernel/random.ts';
import type { Document } from './batch/document.ts';
import type { Work } from './batch/evaluate-batch.ts';
import { DEFAULT_LIMITS, Lane, type LaneLimits } from './batch/lane.ts';
import { Memories, Memory } from './batch/memory.ts';
import { readAnswered } from './batch/read-answered.ts';
import type { CommittedBatch } from './batch/run-batch.ts';
import type { Submission } from './core/evaluate.ts';
import { fingerprintOf } from './core/fingerprint.ts';
import type { Move } from './core/move.ts';
import type { Answer } from './core/outcome.ts';
import { Previews } from './previews.ts';

/** What is asked of the ledger, for one platform. */
export interface LedgerRequest extends Submission {
  readonly platformId: bigint;
  /** The business records that go with the moves: written in the same transaction. */
  readonly document?: Document | readonly Document[] | undefined;
  /** What else makes this request another one than its moves say: part of its fingerprint. */
  readonly context?: string | undefined;
}

/** The account ledger (账务). */
export interface Ledger {
  /**
   * Does the moves, all or none, and answers after the commit: accepted with the resulting balances, or
   * refused with code and facts. The same request id with the same content gets the same answer, for ever;
   * with other content, the refusal `request_id_reused`.
   *
   * Throws AppError: `busy` and `database_unavailable` (nothing was done), `outcome_unknown` (repeat it).
   */
  submit(request: LedgerRequest): Promise<Answer>;
  /**
   * Several requests, each for itself, decided in their order and committed together. The first one stands for
   * all: when its request id was used for something else, none is done, and all are `request_id_reused`.
   */
  submitSeries(series: {
    readonly platformId: bigint;
    readonly submissions: readonly Omit<LedgerRequest, 'platformId' | 'document'>[];
  }): Promise<readonly Answer[]>;
  /**
   * The answer that the request was given before, marked as repeated, or `request_id_reused`; undefined when
   * the request id is new. A flow with rules of its own looks here first, so that a repeat is not held
   * against rules that the first request has changed.
   */
  answered(request: Omit<LedgerRequest, 'document'>): Promise<Answer | undefined>;
  /** Decides the same way, from the same state, and changes nothing. The request id is not looked at. */
  preview(request: Omit<LedgerRequest, 'requestId' | 'document' | 'rulesVersion'>): Promise<Answer>;
  /**
   * Decides several submissions at once, each on what the accepted ones before it would leave, and changes
   * nothing. Both throw AppError: `busy` when too many previews of the platform wait.
   */
  previewEach(request: {
    readonly platformId: bigint;
    readonly submissions: readonly (readonly Move[])[];
  }): Promise<readonly Answer[]>;
  /** Waits until everything that was submitted is answered. */
  drained(): Promise<void>;
}

export interface LedgerDeps {
  readonly database: Pick<Database, 'batches'>;
  readonly clock: Clock;
  readonly random?: Random;
  readonly limits?: LaneLimits;
  /** Told after each batch that was committed: for metrics. */
  readonly observe?: (batch: CommittedBatch) => void;
}

/** Opens the ledger on a database. Two processes may do so at once on the same one. */
export function openLedger({
  limits = DEFAULT_LIMITS,
  random = systemRandom,
  ...shared
}: LedgerDeps): Ledger {
  const platforms = new Map<bigint, { lane: Lane; previews: Previews }>();
  const memories = new Memories();
  const platform = (platformId: bigint) => {
    let found = platforms.get(platformId);
    if (!found) {
      const deps = { ...shared, random, memories, memory: new Memory() };
      const lane = new Lane(deps, platformId, limits);
      found = { lane, previews: new Previews(deps, platformId) };
      platforms.set(platformId, found);
    }
    return found;
  };
  return {
    // Not async: thousands wait for a commit at once, and each async function keeps its frame meanwhile.
    submit: (request) =>
      platform(request.platformId)
        .lane.submit([toWork(request)])
        .then(onlyAnswer),
    submitSeries: ({ platformId, submissions }) =>
      platform(platformId).lane.submit(
        submissions.map((each, i) => ({ ...toWork({ platformId, ...each }), follows: i > 0 })),
      ),
    preview: async ({ platformId, moves, barred }) =>
      barred
        ? { accepted: false, repeated: false, ...barred }
        : onlyAnswer(await platform(platformId).previews.run([moves])),
    previewEach: ({ platformId, submissions }) => platform(platformId).previews.run(submissions),
    answered: async ({ platformId, ...request }) =>
      readAnswered(shared.database, platformId, toWork({ platformId, ...request })),
    drained: async () => {
      await Promise.all(Array.from(platforms.values(), ({ lane }) => lane.drained()));
    },
  };
}

function toWork(request: LedgerRequest): Work {
  const { requestId, moves, document, context, rulesVersion, barred } = request;
  const fingerprint = fingerprintOf(moves, context);
  return { requestId, moves, document, fingerprint, rulesVersion, barred };
}

/** The answer to who has asked for one. */
function onlyAnswer([answer]: readonly Answer[]): Answer {
  assert(answer, 'each submission has an answer');
  return answer;
}
