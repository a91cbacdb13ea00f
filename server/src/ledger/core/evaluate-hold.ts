import { strict as assert } from 'node:assert';
import { amount } from '../../kernel/amount.ts';
import { refuseFrozen, refuseState } from './evaluate-transfer.ts';
import type { HoldMove, ReleaseMove } from './move.ts';
import type { HoldEventKind, PostedHoldEvent, Refusal } from './outcome.ts';
import type { Hold, WorkingSet } from './working-set.ts';

/** What a change to a hold did, or why it may not. */
export type HoldOutcome =
  | { readonly refusal: Refusal }
  | { readonly refusal?: undefined; readonly holdEvent: PostedHoldEvent };

/**
 * Puts money aside. Refusals, in order: `account_not_found` (internal accounts cannot hold),
 * `hold_expiry_passed`, `account_closed`, `account_stopped` for debit, `insufficient_funds`,
 * `frozen_by_order`.
 */
export function evaluateHold(
  set: WorkingSet,
  move: HoldMove,
  { moveId, instant }: { moveId: bigint; instant: Date },
): HoldOutcome {
  const account = set.account(move.account);
  if (!account?.guarded) return { refusal: { code: 'account_not_found', account: move.account } };
  if (move.expiresAt && move.expiresAt <= instant) {
    return { refusal: { code: 'hold_expiry_passed', expiresAt: move.expiresAt.toISOString() } };
  }
  const refusal = refuseState(account, 'debit');
  if (refusal) return { refusal };
  const shortfall = move.amount - (account.balance - account.held + account.overdraftLimit);
  if (shortfall > 0n) {
    return { refusal: { code: 'insufficient_funds', account: account.id, shortfall } };
  }
  const frozen = refuseFrozen(account, { amount: move.amount });
  if (frozen) return { refusal: frozen };
  const after = set.post(account, { balance: 0n, held: move.amount, moveId });
  const hold: Hold = {
    holdId: moveId,
    account: account.id,
    amount: move.amount,
    remaining: move.amount,
    owner: move.owner,
    expiresAt: move.expiresAt,
  };
  set.putHold(hold);
  return { holdEvent: holdEvent(hold, 'placed', move.amount, after) };
}

/**
 * Gives held money back. Allowed whatever the account's state is: it takes nothing from anybody.
 * Refusals, in order: `hold_not_found`, `hold_owner_differs`, `hold_insufficient`.
 */
export function evaluateRelease(
  set: WorkingSet,
  move: ReleaseMove,
  { moveId, instant }: { moveId: bigint; instant: Date },
): HoldOutcome {
  const found = findHold(set, move, instant);
  if (found.refusal) return found;
  const { hold, taken } = found;
  const account = set.account(hold.account);
  assert(account?.guarded, 'a hold is read with its account, and is on a guarded one');
  const after = set.post(account, { balance: 0n, held: -taken, moveId });
  const rest = { ...hold, remaining: hold.remaining - taken };
  set.putHold(rest);
  return { holdEvent: holdEvent(rest, move.expired ? 'expired' : 'released', taken, after) };
}

/**
 * The hold that a release or capture names, and how much of it: all that remains unless it says otherwise.
 * Refusals, in order: `hold_not_found`, `hold_owner_differs`, `hold_insufficient` (also when nothing remains). The
 * last names the expiry of a hold that has passed it: a hold that was given back then has nothing left, as one that
 * was used up before, and what was read of it does not tell the two apart.
 */
export function findHold(
  set: WorkingSet,
  move: Pick<ReleaseMove, 'hold' | 'amount' | 'owner'>,
  instant: Date,
):
  | { readonly refusal: Refusal }
  | {
      readonly refusal?: undefined;
      readonly hold: Hold;
      readonly taken: ReturnType<typeof amount>;
    } {
  const hold = set.hold(move.hold);
  if (!hold) return { refusal: { code: 'hold_not_found', hold: move.hold } };
  if (hold.owner !== move.owner)
    return { refusal: { code: 'hold_owner_differs', hold: move.hold } };
  const taken = move.amount ?? hold.remaining;
  if (hold.remaining === 0n || taken > hold.remaining) {
    const { remaining } = hold;
    const refusal = { code: 'hold_insufficient', hold: move.hold, remaining } as const;
    if (!hasExpired(hold, instant)) return { refusal };
    return { refusal: { ...refusal, expiredAt: hold.expiresAt.toISOString() } };
  }
  return { hold, taken: amount(taken) };
}

/** True from the very moment on at which a hold expires. */
export function hasExpired(hold: Hold, instant: Date): hold is Hold & { readonly expiresAt: Date } {
  return hold.expiresAt !== undefined && hold.expiresAt <= instant;
}

/** The record of what happened to a hold. */
export function holdEvent(
  hold: Hold,
  kind: HoldEventKind,
  taken: ReturnType<typeof amount>,
  after: PostedHoldEvent['after'],
): PostedHoldEvent {
  return {
    holdId: hold.holdId,
    account: hold.account,
    kind,
    amount: taken,
    remaining: hold.remaining,
    after,
  };
}
