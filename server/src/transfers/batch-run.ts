import { strict as assert } from 'node:assert';
import { hash } from 'node:crypto';
import { AppError } from '../kernel/error.ts';
import type { Answer, Move } from '../ledger/index.ts';
import { planEach, submitSeriesLimited } from '../limits/index.ts';
import { actsOf } from './acts.ts';
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
import { errorOf, type Mode, markRepeated, submitMoves, type TransferDeps } from './submit.ts';

/** One thing to be done in a batch. */
export type BatchItem =
  | ({ readonly type: 'transfer' } & TransferInput)
  | ({ readonly type: 'hold' } & HoldInput)
  | ({ readonly type: 'release' } & ReleaseInput)
  | ({ readonly type: 'capture' } & CaptureInput);

/** A batch's requests are told from single ones under the same key: the answers differ in form. */
const CONTEXT = 'batch';

/** An item as the ledger's move, or why it is none. */
export interface Planned {
  readonly item: BatchItem;
  readonly index: number;
  readonly move: Move | undefined;
  readonly error: AppError | undefined;
}

/** What the ledger said about an item. Of a group each item has its own posting of the one answer. */
export interface Done {
  readonly index: number;
  readonly move: Move | undefined;
  readonly answer: Answer | undefined;
  readonly error: AppError | undefined;
}

/** What each item comes to; an item that cannot be a move says why. */
export function plan(item: BatchItem, index: number, accounts: MoveContext['accounts']): Planned {
  try {
    const move = moveOf(item, { accounts, at: `/items/${index}` });
    return { item, index, move, error: undefined };
  } catch (error) {
    if (error instanceof AppError) return { item, index, move: undefined, error };
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
      return releaseMove(item, context);
    case 'capture':
      return captureMove(item, context);
  }
}

/** The account numbers that an item names. */
export function numbersOf(item: BatchItem): string[] {
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

/** All or none: one submission. A refusal is thrown, with `itemIndex`. */
export async function atomically(
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
    const at = `/items/${answer.moveIndex}`;
    const move = moves[answer.moveIndex];
    const error = await errorOf(deps, platformId, answer, { at, move });
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

/**
 * Each item for itself. The first one stands for the whole batch: it carries the batch's own request id and a
 * digest of all items. So a key that was used for anything else, or for other items, is refused, and no item is
 * done; the others have the id with their index behind it. A key has no space in it, so no other key's request
 * id looks like an item's.
 *
 * Throws AppError: `request_id_reused`, and the ledger's failures.
 */
export async function independently(
  deps: TransferDeps,
  platformId: bigint,
  planned: readonly Planned[],
  how: Mode,
): Promise<readonly Done[]> {
  if (how.dryRun) return previewEach(deps, platformId, planned);
  const { requestId } = how;
  const submissions = planned.flatMap(({ index, move }) =>
    move ? [{ requestId: `${requestId} ${index}`, moves: [move], context: CONTEXT }] : [],
  );
  const [head, ...others] = submissions;
  if (!head) return withAnswers(planned, []);
  const first = { ...head, requestId, context: `${CONTEXT} ${digestOf(planned)}` };
  const all = [first, ...others];
  const answers = await submitSeriesLimited(deps, platformId, {
    series: (rulesVersion) =>
      deps.ledger.submitSeries({
        platformId,
        submissions: all.map((each) => ({ ...each, rulesVersion })),
      }),
    each: all.map((each) => ({
      acts: () => actsOf(deps.db, platformId, each.moves),
      submit: (guard) => deps.ledger.submit({ platformId, ...each, ...guard }),
    })),
  });
  for (const answer of answers) {
    const isReuse = !answer.accepted && answer.refusal.code === 'request_id_reused';
    if (isReuse) throw await errorOf(deps, platformId, answer, { at: '', move: undefined });
  }
  return withAnswers(planned, answers);
}

/** `answers`: to those of the items that are moves, in their order. */
function withAnswers(planned: readonly Planned[], answers: readonly Answer[]): Done[] {
  const next = answers.values();
  return planned.map(({ index, move, error }) => {
    const answer = move && next.next().value;
    return { index, move, answer, error };
  });
}

function digestOf(planned: readonly Planned[]): string {
  // An item that could not be a move may be one by now: then it is another batch.
  const items = planned.map(({ item, move }) => [item, move !== undefined]);
  return hash(
    'sha256',
    JSON.stringify(items, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    ),
  );
}

/** Foretells an independent batch: each item is decided on what the accepted ones before it leave. */
async function previewEach(
  deps: TransferDeps,
  platformId: bigint,
  planned: readonly Planned[],
): Promise<readonly Done[]> {
  const submissions = planned.flatMap(({ move }) => (move ? [[move]] : []));
  const answers = await deps.ledger.previewEach({ platformId, submissions });
  const acts = submissions.map(async (moves, i) =>
    answers[i]?.accepted ? actsOf(deps.db, platformId, moves) : [],
  );
  const guards = await planEach(deps, platformId, await Promise.all(acts));
  const foretold = answers.map((answer, i): Answer => {
    const barred = guards[i]?.barred;
    return barred ? { accepted: false, repeated: false, ...barred } : answer;
  });
  return withAnswers(planned, foretold);
}
