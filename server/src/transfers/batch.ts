import { strict as assert } from 'node:assert';
import { AppError } from '../kernel/error.ts';
import { type Answer, type Move, outcomeUnknown } from '../ledger/index.ts';
import { accountsById, accountsByNumber } from '../virtual-accounts/index.ts';
import { batchTooLarge } from './errors.ts';
import { holdStates } from './hold.ts';
import { type HoldAnswer, HoldRun } from './hold-view.ts';
import {
  type CaptureInput,
  captureMove,
  type HoldInput,
  holdMove,
  type MoveContext,
  type ReleaseInput,
  releaseMove,
  type TransferInput,
  transferMove,
} from './moves.ts';
import {
  errorOf,
  type Mode,
  markRepeated,
  type Submitted,
  submitMoves,
  type TransferDeps,
} from './submit.ts';
import { accountsOf } from './transfer.ts';
import { postedView, type TransferView } from './view.ts';

/** One thing to be done in a batch. */
export type BatchItem =
  | ({ readonly type: 'transfer' } & TransferInput)
  | ({ readonly type: 'hold' } & HoldInput)
  | ({ readonly type: 'release' } & ReleaseInput)
  | ({ readonly type: 'capture' } & CaptureInput);

/** atomic: all or none. independent: each for itself, in order. */
export type BatchMode = 'atomic' | 'independent';

/** What became of one item. */
export interface BatchItemResult {
  readonly index: number;
  readonly status: 'posted' | 'refused';
  readonly transfer: TransferView | null;
  readonly hold: HoldAnswer | null;
  /** Why it was refused. */
  readonly error: AppError | null;
}

/** What became of a batch. Amounts in minor units. */
export interface BatchResult {
  readonly mode: BatchMode;
  readonly status: 'posted' | 'refused' | 'partial';
  readonly summary: {
    readonly count: number;
    readonly posted: number;
    readonly refused: number;
    /** Of the items that were posted. */
    readonly amount: bigint;
  };
  readonly items: readonly BatchItemResult[];
  readonly dryRun?: true;
}

/** Items of a batch at most. */
export const MAX_BATCH_ITEMS = 1000;
/** A batch's requests are told from single ones under the same key: the answers differ in form. */
const CONTEXT = 'batch';

/**
 * Does up to 1000 things in order. Atomic: one submission; a refusal is thrown with `itemIndex`, and nothing
 * was done. Independent: one submission each, under the request id with the item's index, all at once; each
 * item says what became of it. A repeat gets the same answer, item by item.
 *
 * Throws AppError: `batch_too_large`; atomic: what refuses an item; `outcome_unknown` when some items of an
 * independent batch got no answer: repeated with the same key, those that were done are not done again.
 */
export async function submitBatch(
  deps: TransferDeps,
  platformId: bigint,
  { mode, items }: { mode: BatchMode; items: readonly BatchItem[] },
  how: Mode,
): Promise<Submitted<BatchResult>> {
  if (items.length > MAX_BATCH_ITEMS) {
    throw new AppError(batchTooLarge, { limit: MAX_BATCH_ITEMS, items: items.length });
  }
  const accounts = await accountsByNumber(deps.db, platformId, items.flatMap(numbersOf));
  const planned = items.map((item, index) => plan(item, index, accounts));
  const done =
    mode === 'atomic'
      ? await atomically(deps, platformId, planned, how)
      : await independently(deps, platformId, planned, how);
  const results = await toResults(deps, platformId, { done, dryRun: how.dryRun ?? false });
  // What was refused before the ledger left no answer to repeat.
  const answers = done.flatMap(({ answer }) => answer ?? []);
  const repeated = answers.length > 0 && answers.every((answer) => answer.repeated);
  return {
    repeated,
    result: { mode, ...summarised(results), ...(how.dryRun ? { dryRun: true } : {}) },
  };
}

/** An item as the ledger's move, or why it is none. */
interface Planned {
  readonly index: number;
  readonly move: Move | undefined;
  readonly error: AppError | undefined;
}

/** What the ledger said about an item. Of a group each item has its own posting of the one answer. */
interface Done {
  readonly index: number;
  readonly move: Move | undefined;
  readonly answer: Answer | undefined;
  readonly error: AppError | undefined;
}

function plan(item: BatchItem, index: number, accounts: MoveContext['accounts']): Planned {
  try {
    const move = moveOf(item, { accounts, at: `/items/${index}` });
    return { index, move, error: undefined };
  } catch (error) {
    if (error instanceof AppError) return { index, move: undefined, error };
    throw error;
  }
}

function moveOf(item: BatchItem, context: MoveContext): Move {
  switch (item.type) {
    case 'transfer':
      return transferMove(item, context);
    case 'hold':
      return holdMove(item, context);
    case 'release':
      return releaseMove(item);
    case 'capture':
      return captureMove(item, context);
  }
}

function numbersOf(item: BatchItem): string[] {
  switch (item.type) {
    case 'transfer':
      return [item.debitAccount, item.creditAccount];
    case 'hold':
      return [item.account];
    case 'release':
      return [];
    case 'capture':
      return [item.creditAccount];
  }
}

async function atomically(
  deps: TransferDeps,
  platformId: bigint,
  planned: readonly Planned[],
  how: Mode,
): Promise<readonly Done[]> {
  const moves = planned.map(({ move, error, index }) => {
    if (error) throw withItem(error, index);
    assert(move, 'an item is a move or an error');
    return move;
  });
  const answer = await submitMoves(deps, platformId, moves, { mode: how, context: CONTEXT });
  if (!answer.accepted) {
    const isReuse = answer.refusal.code === 'request_id_reused';
    const error = await errorOf(deps, platformId, answer);
    if (isReuse) throw error;
    throw markRepeated(withItem(error, answer.moveIndex), answer.repeated);
  }
  return planned.map(({ index, move }) => ({
    index,
    move,
    answer: { ...answer, postings: answer.postings.slice(index, index + 1) },
    error: undefined,
  }));
}

/** Says which item of the batch an error is about. */
function withItem({ definition, facts, cause }: AppError, itemIndex: number): AppError {
  return new AppError(definition, { ...facts, itemIndex }, { cause });
}

async function independently(
  deps: TransferDeps,
  platformId: bigint,
  planned: readonly Planned[],
  how: Mode,
): Promise<readonly Done[]> {
  if (how.dryRun) return previewEach(deps, platformId, planned);
  const { requestId } = how;
  const settled = await Promise.allSettled(
    planned.map(async ({ index, move, error }): Promise<Done> => {
      if (!move) return { index, move, answer: undefined, error };
      const mode = { requestId: `${requestId}/${index}` };
      const answer = await submitMoves(deps, platformId, [move], { mode, context: CONTEXT });
      return { index, move, answer, error };
    }),
  );
  const done = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = settled.find((each) => each.status === 'rejected');
  if (!failed) return done;
  const cause: unknown = failed.reason;
  // Nothing was done at all: the failure says so itself. Otherwise some items were.
  if (!done.some(({ answer }) => answer)) throw cause;
  throw new AppError(outcomeUnknown, { retryAfterSeconds: 1 }, { cause });
}

/**
 * Foretells an independent batch: all moves as one group; when one is refused it is taken out and the rest is
 * asked again, so each item is decided on what the accepted ones before it leave. At most one round an item.
 */
async function previewEach(
  deps: TransferDeps,
  platformId: bigint,
  planned: readonly Planned[],
): Promise<readonly Done[]> {
  const done = new Map<number, Done>();
  let open = planned.filter(({ move }) => move);
  for (let round = 0; round <= planned.length && open.length > 0; round += 1) {
    const moves = open.flatMap(({ move }) => (move ? [move] : []));
    const answer = await submitMoves(deps, platformId, moves, { mode: { dryRun: true } });
    if (answer.accepted) {
      for (const [i, each] of open.entries()) {
        const own = { ...answer, postings: answer.postings.slice(i, i + 1) };
        done.set(each.index, { ...each, answer: own });
      }
      break;
    }
    const refused = open[answer.moveIndex];
    assert(refused, 'a refusal names one of the moves');
    done.set(refused.index, { ...refused, answer });
    open = open.filter((each) => each !== refused);
  }
  return planned.map((each) => done.get(each.index) ?? { ...each, answer: undefined });
}

async function toResults(
  deps: TransferDeps,
  platformId: bigint,
  { done, dryRun }: { done: readonly Done[]; dryRun: boolean },
): Promise<readonly BatchItemResult[]> {
  const answers = done.flatMap(({ answer }) => (answer?.accepted ? [answer] : []));
  const facts = await accountsById(deps.db, platformId, answers.flatMap(accountsOf));
  const accounts = facts.get.bind(facts);
  const run = new HoldRun(await holdStates(deps, platformId, answers));
  const results: BatchItemResult[] = [];
  for (const { index, move, answer, error } of done) {
    if (answer?.accepted) {
      assert(move, 'what was accepted was a move');
      const [posting] = answer.postings;
      assert(posting, 'an accepted move leaves a posting behind');
      const { moveId, transfer, holdEvent } = posting;
      const { businessDate } = answer;
      const context = { accounts, answer, dryRun };
      results.push({
        index,
        status: 'posted',
        transfer: transfer
          ? postedView({ moveId, transfer }, accounts, { businessDate, dryRun })
          : null,
        hold: holdEvent ? run.answer(move, posting, context) : null,
        error: null,
      });
    } else {
      const why = error ?? (answer && (await errorOf(deps, platformId, answer)));
      assert(why, 'what was not accepted was refused');
      results.push({ index, status: 'refused', transfer: null, hold: null, error: why });
    }
  }
  return results;
}

function summarised(
  items: readonly BatchItemResult[],
): Pick<BatchResult, 'status' | 'summary' | 'items'> {
  const posted = items.filter(({ status }) => status === 'posted');
  const amount = posted.reduce(
    (sum, { transfer, hold }) => sum + (transfer?.amount ?? hold?.event.amount ?? 0n),
    0n,
  );
  const refused = items.length - posted.length;
  const status = refused === 0 ? 'posted' : posted.length === 0 ? 'refused' : 'partial';
  return {
    status,
    summary: { count: items.length, posted: posted.length, refused, amount },
    items,
  };
}
