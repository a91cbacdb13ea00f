import { strict as assert } from 'node:assert';
import { amount } from '../../kernel/amount.ts';
import { evaluateHold, evaluateRelease, findHold, hasExpired, holdEvent } from './evaluate-hold.ts';
import { evaluatePayment } from './evaluate-transfer.ts';
import type { CaptureMove, Move, ReversalMove, TransferMove } from './move.ts';
import type { PostedTransfer, Posting, Refusal } from './outcome.ts';
import type { WorkingSet } from './working-set.ts';

/** What one move left behind, or why it may not be done. */
export type MoveOutcome =
  | { readonly refusal: Refusal }
  | { readonly refusal?: undefined; readonly posting: Posting };

/** Decides one move on the working set, and applies it when it may pass. `instant`: when the batch is booked. */
export function evaluateMove(
  set: WorkingSet,
  move: Move,
  { moveId, instant }: { moveId: bigint; instant: Date },
): MoveOutcome {
  switch (move.kind) {
    case 'transfer':
      return evaluateTransfer(set, move, moveId);
    case 'hold':
      return posted(moveId, evaluateHold(set, move, { moveId, instant }));
    case 'release':
      return posted(moveId, evaluateRelease(set, move, { moveId, instant }));
    case 'capture':
      return evaluateCapture(set, move, { moveId, instant });
    case 'reversal':
      return evaluateReversal(set, move, moveId);
  }
}

function posted(moveId: bigint, outcome: ReturnType<typeof evaluateHold>): MoveOutcome {
  if (outcome.refusal) return outcome;
  return { posting: { moveId, transfer: undefined, holdEvent: outcome.holdEvent } };
}

function evaluateTransfer(set: WorkingSet, move: TransferMove, moveId: bigint): MoveOutcome {
  const paid = evaluatePayment(set, move, moveId);
  if (paid.refusal) return paid;
  const transfer = postedTransfer(move, { ...paid, amount: move.amount });
  return { posting: { moveId, transfer, holdEvent: undefined } };
}

/**
 * Pays from a hold. Refusals, in order: those of finding it, `hold_expired`, then those of a payment, without
 * `insufficient_funds`: the money was put aside. An order comes before the hold: `frozen_by_order`.
 */
function evaluateCapture(
  set: WorkingSet,
  move: CaptureMove,
  { moveId, instant }: { moveId: bigint; instant: Date },
): MoveOutcome {
  const found = findHold(set, move, instant);
  if (found.refusal) return found;
  const { hold, taken } = found;
  if (hasExpired(hold, instant)) {
    const expiredAt = hold.expiresAt.toISOString();
    return { refusal: { code: 'hold_expired', hold: hold.holdId, expiredAt } };
  }
  const payment = { debit: hold.account, credit: move.credit, amount: taken, fromHeld: true };
  const paid = evaluatePayment(set, payment, moveId);
  if (paid.refusal) return paid;
  const after = paid.debit.after;
  assert(after, 'a hold is on a guarded account, whose balances are known');
  const rest = { ...hold, remaining: hold.remaining - taken };
  set.putHold(rest);
  const transfer = postedTransfer(move, { ...paid, amount: taken });
  return { posting: { moveId, transfer, holdEvent: holdEvent(rest, 'captured', taken, after) } };
}

/**
 * Undoes a transfer by its opposite. Refusals, in order: `transfer_not_found`, `already_reversed`, then those
 * of a payment from the original's payee back to its payer.
 */
function evaluateReversal(set: WorkingSet, move: ReversalMove, moveId: bigint): MoveOutcome {
  const original = set.original(move.transfer);
  if (!original) return { refusal: { code: 'transfer_not_found', transfer: move.transfer } };
  if (original.reversedBy !== undefined) {
    const { reversedBy } = original;
    return { refusal: { code: 'already_reversed', transfer: move.transfer, reversedBy } };
  }
  const payment = {
    debit: original.credit,
    credit: original.debit,
    amount: amount(original.amount),
  };
  const paid = evaluatePayment(set, payment, moveId);
  if (paid.refusal) return paid;
  set.markReversed(original, moveId);
  const transfer = postedTransfer(move, { ...paid, amount: payment.amount }, move.transfer);
  return { posting: { moveId, transfer, holdEvent: undefined } };
}

function postedTransfer(
  move: Pick<TransferMove, 'code' | 'reference' | 'memo'>,
  paid: Pick<PostedTransfer, 'debit' | 'credit' | 'amount'>,
  reverses?: bigint,
): PostedTransfer {
  const { debit, credit, amount: paidAmount } = paid;
  const { code, reference, memo } = move;
  return { debit, credit, amount: paidAmount, code, reference, memo, reverses };
}
