import type { Database } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import { MOVES_PER_MS, moveIdAt } from '../../kernel/id.ts';
import type { Random } from '../../kernel/random.ts';
import type { Account, AccountId } from '../core/account.ts';
import { evaluateBatch, type Fingerprinted } from '../core/evaluate.ts';
import type { AcceptedAnswer, Answer } from '../core/outcome.ts';
import { WorkingSet } from '../core/working-set.ts';
import { type BatchTransaction, inTransaction, type Statement } from './connection.ts';
import { type Document, documentStatements } from './document.ts';
import { named } from './named.ts';
import { type BatchState, readState } from './read-state.ts';
import { type Decided, writeStatements } from './write-state.ts';

/** What a batch needs of its surroundings. */
export interface BatchDeps {
  readonly database: Pick<Database, 'batches'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Accounts that are known to be internal, by platform: they never change, so they are read once. */
  readonly internals: Map<AccountId, Account>;
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
  return inTransaction(deps.database.batches, async (tx) => {
    const state = await readWork(deps, platformId, tx, { work, mode });
    if (!state.day)
      throw new DayClosed('the open business day closed while the batch waited for it');
    const set = new WorkingSet({
      ...state,
      accounts: [...deps.internals.values(), ...state.accounts],
    });
    const firstMoveId = drawMoveId(deps, state, state.day.firstMoveId);
    const booking = { instant: deps.clock.now(), businessDate: state.day.date, firstMoveId };
    const answers = evaluateBatch(set, work, { known: state.known, booking });
    if (mode.dryRun) {
      await tx.rollback();
      return answers;
    }
    const decided = decidedNow(work, answers);
    const statements = [
      ...writeStatements(platformId, set, { decided, date: state.day.date, firstMoveId }),
      ...documentStatements(platformId, documented(decided)),
    ];
    await write(tx, statements);
    return answers;
  });
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

/**
 * The batch's first number. It is drawn under the locks and is higher than the last move of every account
 * in the batch, so along each account numbers rise in the order in which its balance changed, whatever the
 * clocks of two servers say. The random part keeps servers that start in one millisecond apart.
 */
function drawMoveId(deps: BatchDeps, state: BatchState, dayFirst: bigint): bigint {
  const [high = 0, low = 0] = deps.random.bytes(2);
  const offset = BigInt((high * 256 + low) % MOVES_PER_MS);
  let moveId = moveIdAt(deps.clock.now()) + offset;
  if (moveId < dayFirst) moveId = dayFirst;
  for (const account of state.accounts) {
    if (account.guarded && moveId <= account.lastMoveId) moveId = account.lastMoveId + 1n;
  }
  return moveId;
}

/** Of two submissions under one request id only the first is written. */
function decidedNow(
  work: readonly Work[],
  answers: readonly Answer[],
): (Decided & { submission: Work })[] {
  return work.flatMap((submission, i) => {
    const answer = answers[i];
    const reused = answer?.accepted === false && answer.refusal.code === 'request_id_reused';
    return answer && !answer.repeated && !reused ? [{ submission, answer }] : [];
  });
}

function documented(
  decided: readonly (Decided & { submission: Work })[],
): { document: Document; answer: AcceptedAnswer }[] {
  return decided.flatMap(({ submission: { document }, answer }) =>
    document && answer.accepted ? [{ document, answer }] : [],
  );
}

async function write(tx: BatchTransaction, statements: readonly Statement[]): Promise<void> {
  if (statements.length === 0) return tx.rollback();
  await tx.commit(statements.map((statement) => tx.send(statement)));
}
