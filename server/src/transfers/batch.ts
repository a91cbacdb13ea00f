import { strict as assert } from 'node:assert';
import type { AppError } from '../kernel/error.ts';
import { accountsById, accountsByNumber } from '../virtual-accounts/index.ts';
import {
  atomically,
  type BatchItem,
  type Done,
  independently,
  numbersOf,
  plan,
} from './batch-run.ts';
import { holdStates } from './hold.ts';
import { type HoldAnswer, HoldRun } from './hold-view.ts';
import { errorOf, type Mode, type Submitted, type TransferDeps } from './submit.ts';
import { accountsOf } from './transfer.ts';
import { postedView, type TransferView } from './view.ts';

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

/**
 * Does up to 1000 things in order. Atomic: one submission; a refusal is thrown with `itemIndex`, and nothing
 * was done. Independent: one submission each, under the request id with the item's index, as one series; each
 * item says what became of it. A repeat gets the same answer, item by item.
 *
 * The edges let at most `MAX_BATCH_ITEMS` through. Throws AppError: atomic: what refuses an item; and
 * what the ledger throws: all items are committed together, so then none is known to be done.
 */
export async function submitBatch(
  deps: TransferDeps,
  platformId: bigint,
  { mode, items }: { mode: BatchMode; items: readonly BatchItem[] },
  how: Mode,
): Promise<Submitted<BatchResult>> {
  assert(items.length <= MAX_BATCH_ITEMS, 'edges take no more items than that');
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
      const at = `/items/${index}`;
      const why = error ?? (answer && (await errorOf(deps, platformId, answer, { at, move })));
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
