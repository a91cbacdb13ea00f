import type pg from 'pg';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { moveIdAt } from '../../kernel/id.ts';
import type { Account, AccountId } from '../core/account.ts';
import { BatchEvaluation, type Fingerprinted } from '../core/evaluate.ts';
import type { AcceptedAnswer, Answer } from '../core/outcome.ts';
import { WorkingSet } from '../core/working-set.ts';
import {
  asBatchFailure,
  type BatchTransaction,
  begin,
  flush,
  giveBack,
  type Statement,
  takeConnection,
  together,
} from './connection.ts';
import { type Document, documentStatements } from './document.ts';
import { mergeStatements } from './merge-statements.ts';
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

/** Moves decided and sent at once: PostgreSQL writes a piece while the next one is decided. */
const MOVES_PER_PIECE = 512;

/** A batch whose reads are on their way. */
export interface StartedBatch {
  /**
   * Decides it as soon as it is read, and sends everything up to the commit. What is sent behind that runs
   * after it. Rejects when it could not be read; then nothing was written.
   */
  decide(): Promise<SentBatch>;
}

/** A batch of which everything is sent: its answers hold once `committed` is fulfilled. */
export interface SentBatch {
  readonly answers: readonly Answer[];
  /** Rejects with BatchFailure when it was not committed, or may not have been. */
  readonly committed: Promise<void>;
}

/** Begins a batch on a connection: lock and read are sent at once, behind whatever was sent before. */
export function startBatch(
  client: pg.PoolClient,
  deps: BatchDeps,
  platformId: bigint,
  { work, mode }: { work: readonly Work[]; mode: BatchMode },
): StartedBatch {
  const started = performance.now();
  const { tx, reading } = together(client, () => {
    const opened = begin(client);
    return { tx: opened, reading: readWork(deps, platformId, opened, { work, mode }) };
  });
  // Whoever asks for the decision sees the failure; until then it must not count as unhandled.
  reading.catch(() => {});
  return {
    decide: async () => {
      const state = await reading;
      const { answers, decided, committed } = together(client, () =>
        decide(deps, platformId, { tx, client }, { work, state, mode }),
      );
      const observed = committed.then(() => {
        if (decided.length > 0) deps.observe?.(observation(answers, decided, started));
      });
      return { answers, committed: observed };
    },
  };
}

/**
 * Decides and writes a batch in a transaction and on a connection of its own: lock → read → evaluate →
 * write → commit → answer. Throws BatchFailure when it was not committed, or may not have been.
 */
export async function runBatch(
  deps: BatchDeps,
  platformId: bigint,
  work: readonly Work[],
  mode: BatchMode,
): Promise<readonly Answer[]> {
  const client = await takeConnection(deps.database.batches);
  try {
    const { answers, committed } = await startBatch(client, deps, platformId, {
      work,
      mode,
    }).decide();
    await committed;
    await giveBack(client);
    return answers;
  } catch (error) {
    const failure = asBatchFailure(error);
    await giveBack(client, failure);
    throw failure;
  }
}

/** Evaluates piece by piece, sending the transfers of a piece while the next is decided, then the rest. */
function decide(
  deps: BatchDeps,
  platformId: bigint,
  { tx, client }: { tx: BatchTransaction; client: pg.PoolClient },
  { work, state, mode }: { work: readonly Work[]; state: BatchState; mode: BatchMode },
): { answers: Answer[]; decided: DecidedWork[]; committed: Promise<void> } {
  const { day } = state;
  if (!day) throw new DayClosed('the open business day closed while the batch waited for it');
  const set = new WorkingSet({ ...state, accounts: allAccounts(deps, state) });
  const firstMoveId = firstNumber(deps.clock, day);
  const booking = { instant: deps.clock.now(), businessDate: day.date, firstMoveId };
  const evaluation = new BatchEvaluation(set, { known: state.known, booking });
  const answers: Answer[] = [];
  const decided: DecidedWork[] = [];
  const pending: Promise<unknown>[] = [];
  let last: Statement[] = [];
  for (const piece of pieces(work)) {
    for (const sent of last.map(tx.send)) {
      // `commit` sees its failure; should a later piece throw before that, it must not end the process.
      sent.catch(() => {});
      pending.push(sent);
    }
    if (last.length > 0) flush(client);
    const pieceAnswers = evaluation.decide(piece);
    answers.push(...pieceAnswers);
    if (mode.dryRun) continue;
    const pieceDecided = decidedNow(piece, pieceAnswers);
    decided.push(...pieceDecided);
    last = transferStatements(platformId, pieceDecided, day.date);
  }
  if (decided.length === 0) return { answers, decided, committed: tx.rollback() };
  const writes = writeStatements(platformId, set, { decided, date: day.date, firstMoveId });
  const rest = [
    ...mergeStatements([...last, ...writes]),
    ...documentStatements(platformId, documented(decided)),
  ];
  return { answers, decided, committed: tx.commit([...pending, ...rest.map(tx.send)]) };
}

/** Cuts a batch into pieces of some 512 moves; a submission is never divided. */
function* pieces(work: readonly Work[]): Generator<readonly Work[]> {
  let from = 0;
  let moves = 0;
  for (const [i, submission] of work.entries()) {
    moves += submission.moves.length;
    if (moves < MOVES_PER_PIECE && i < work.length - 1) continue;
    yield work.slice(from, i + 1);
    from = i + 1;
    moves = 0;
  }
}

function observation(
  answers: readonly Answer[],
  decided: readonly DecidedWork[],
  started: number,
): CommittedBatch {
  return {
    submissions: answers.length,
    refused: answers.filter(({ accepted }) => !accepted).length,
    moves: decided.reduce((sum, { submission }) => sum + submission.moves.length, 0),
    durationMs: performance.now() - started,
  };
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
