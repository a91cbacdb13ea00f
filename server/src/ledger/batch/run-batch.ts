import type { Database } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { moveIdAt } from '../../kernel/id.ts';
import type { Account, AccountId } from '../core/account.ts';
import { BatchEvaluation, type Fingerprinted } from '../core/evaluate.ts';
import type { AcceptedAnswer, Answer } from '../core/outcome.ts';
import { WorkingSet } from '../core/working-set.ts';
import { type BatchTransaction, inTransaction } from './connection.ts';
import { type Document, documentStatements } from './document.ts';
import { named } from './named.ts';
import { type BatchState, readState } from './read-state.ts';
import { type Decided, transferStatements, writeStatements } from './write-state.ts';

/** What a batch needs of its surroundings. */
export interface BatchDeps {
  readonly database: Pick<Database, 'batches'>;
  readonly clock: Clock;
  /** Accounts of the platform that are known to be internal: they never change, so they are read once. */
  readonly internals: Map<AccountId, Account>;
  readonly observe?: (batch: CommittedBatch) => void;
}

/** What is told of a batch that was committed. */
export interface CommittedBatch {
  readonly submissions: number;
  readonly refused: number;
  readonly moves: number;
  readonly durationMs: number;
}

/** A submission with the document that it justifies, if any. */
export interface Work extends Fingerprinted {
  readonly document?: Document | undefined;
}

export interface BatchMode {
  /** Look for requests that were answered before. Without it a repeat breaks a unique key, and is run again. */
  readonly lookUpRequests: boolean;
  /** Decide, and change nothing. */
  readonly dryRun?: boolean;
}

/** The open business day closed between our asking for it and our getting it: nothing was done, ask again. */
export class DayClosed extends Error {}

/** Submissions decided and sent at once: PostgreSQL writes a piece while the next one is decided. */
const SUBMISSIONS_PER_PIECE = 512;

/**
 * Decides and writes a batch in one transaction: lock → read → evaluate → write → commit → answer.
 * Throws BatchFailure when it was not committed, or may not have been.

 */
export async function runBatch(
  deps: BatchDeps,
  platformId: bigint,
  work: readonly Work[],
  mode: BatchMode,
): Promise<Answer[]> {
  const started = performance.now();
  return inTransaction(deps.database.batches, async (tx) => {
    const state = await readWork(deps, platformId, tx, { work, mode });
    const { day } = state;
    if (!day) throw new DayClosed('the open business day closed while the batch waited for it');
    const set = new WorkingSet({ ...state, accounts: allAccounts(deps, state) });
    const firstMoveId = firstNumber(deps.clock, day);
    const booking = { instant: deps.clock.now(), businessDate: day.date, firstMoveId };
    const evaluation = new BatchEvaluation(set, { known: state.known, booking });
    if (mode.dryRun) {
      const answers = evaluation.decide(work);
      await tx.rollback();
      return answers;
    }
    const answers: Answer[] = [];
    const decided: DecidedWork[] = [];
    const pending: Promise<unknown>[] = [];
    for (let i = 0; i < work.length; i += SUBMISSIONS_PER_PIECE) {
      const piece = work.slice(i, i + SUBMISSIONS_PER_PIECE);
      const pieceAnswers = evaluation.decide(piece);
      const pieceDecided = decidedNow(piece, pieceAnswers);
      answers.push(...pieceAnswers);
      decided.push(...pieceDecided);
      pending.push(...transferStatements(platformId, pieceDecided, day.date).map(tx.send));
    }
    const rest = [
      ...writeStatements(platformId, set, { decided, date: day.date, firstMoveId }),
      ...documentStatements(platformId, documented(decided)),
    ];
    pending.push(...rest.map(tx.send));
    if (pending.length === 0) await tx.rollback();
    else await tx.commit(pending);
    deps.observe?.({
      submissions: work.length,
      refused: answers.filter(({ accepted }) => !accepted).length,
      moves: decided.reduce((sum, { submission }) => sum + submission.moves.length, 0),
      durationMs: performance.now() - started,
    });
    return answers;
  });
}

type DecidedWork = Decided & { readonly submission: Work };

function allAccounts(deps: BatchDeps, state: BatchState): Account[] {
  return [...deps.internals.values(), ...state.accounts];
}

async function readWork(
  deps: BatchDeps,
  platformId: bigint,
  tx: BatchTransaction,
  { work, mode }: { work: readonly Work[]; mode: BatchMode },
): Promise<BatchState> {
  const names = named(work, deps.internals);
  const state = await readState(tx, platformId, names, mode.lookUpRequests ? work : undefined);
  for (const account of state.accounts) {
    if (!account.guarded) deps.internals.set(account.id, account);
  }
  return state;
}

/** The batch's first number: the time, or the number after the platform's last one when that is later. */
function firstNumber(clock: Clock, { lastMoveId }: { lastMoveId: bigint }): bigint {
  const now = moveIdAt(clock.now());
  return now > lastMoveId ? now : lastMoveId + 1n;
}

/** Of two submissions under one request id only the first is written. */
function decidedNow(work: readonly Work[], answers: readonly Answer[]): DecidedWork[] {
  return work.flatMap((submission, i) => {
    const answer = answers[i];
    const reused = answer?.accepted === false && answer.refusal.code === 'request_id_reused';
    return answer && !answer.repeated && !reused ? [{ submission, answer }] : [];
  });
}

function documented(
  decided: readonly DecidedWork[],
): { document: Document; answer: AcceptedAnswer }[] {
  return decided.flatMap(({ submission: { document }, answer }) =>
    document && answer.accepted ? [{ document, answer }] : [],
  );
}
