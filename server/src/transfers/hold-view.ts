import { strict as assert } from 'node:assert';
import { instantOfMove, textMoveId } from '../kernel/id.ts';
import type { AcceptedAnswer, HoldEventKind, HoldMove, Move, Posting } from '../ledger/index.ts';
import type { HoldState } from './store.ts';
import { type AccountLookup, type BalancesView, balancesView } from './view.ts';

/** A hold (冻结). Minor units; amount = remaining + released + captured. */
export interface HoldView {
  /** `hld_…`; null on a dry run that would place it. */
  readonly id: string | null;
  readonly account: string | null;
  readonly currency: string;
  readonly amount: bigint;
  readonly remaining: bigint;
  /** Given back, by a release or because it expired. */
  readonly released: bigint;
  readonly captured: bigint;
  readonly owner: string | null;
  readonly reason: string;
  readonly expiresAt: Date | null;
  /** closed: nothing remains. */
  readonly status: 'active' | 'closed';
  /** When it was placed. */
  readonly businessDate: string;
  readonly bookedAt: Date;
}

/** A hold as a move left it, with the move and what the account had after it. */
export interface HoldAnswer extends HoldView {
  readonly balances: BalancesView;
  readonly event: {
    readonly kind: HoldEventKind;
    readonly amount: bigint;
    readonly businessDate: string;
    readonly bookedAt: Date;
  };
  readonly dryRun?: true;
}

/** A hold as it is after what `state` says. */
export function holdView(state: HoldState, accounts: AccountLookup): HoldView {
  const { holdId, amount, owner, reason, expiresAt, released, captured, businessDate } = state;
  const facts = accounts(state.account);
  const remaining = amount - released - captured;
  return {
    id: textMoveId('hld', holdId),
    account: facts?.number ?? null,
    currency: facts?.currency ?? '',
    ...{ amount, remaining, released, captured, owner, reason, expiresAt },
    status: remaining > 0n ? 'active' : 'closed',
    businessDate,
    bookedAt: instantOfMove(holdId),
  };
}

/**
 * Says of each move on a hold how the hold stood after it. Committed moves are read with how the hold stood
 * before; moves of a dry run are not there to be read, so what the earlier ones did is carried on to the next.
 */
export class HoldRun {
  readonly #before: ReadonlyMap<bigint, HoldState>;
  readonly #foretold = new Map<bigint, HoldState>();

  /** `before`: by the number of the move. */
  constructor(before: ReadonlyMap<bigint, HoldState>) {
    this.#before = before;
  }

  /** The answer to the next posting that touched a hold. */
  answer(
    move: Move,
    posting: Posting,
    context: { accounts: AccountLookup; answer: AcceptedAnswer; dryRun: boolean },
  ): HoldAnswer {
    const { holdEvent, moveId } = posting;
    assert(holdEvent, 'a move on a hold leaves a hold event behind');
    const { businessDate } = context.answer;
    const before =
      move.kind === 'hold'
        ? placed(move, { holdId: holdEvent.holdId, businessDate })
        : (this.#foretold.get(holdEvent.holdId) ?? this.#before.get(moveId));
    assert(before, 'a hold that was changed was placed before');
    const after = changed(before, holdEvent);
    if (context.dryRun) this.#foretold.set(holdEvent.holdId, after);
    const view = {
      ...holdView(after, context.accounts),
      balances: balancesView(holdEvent.after),
      event: {
        kind: holdEvent.kind,
        amount: holdEvent.amount,
        businessDate,
        bookedAt: instantOfMove(moveId),
      },
    };
    if (!context.dryRun) return view;
    return { ...view, id: move.kind === 'hold' ? null : view.id, dryRun: true };
  }
}

function placed(
  { account, amount, owner, reason, expiresAt }: HoldMove,
  { holdId, businessDate }: { holdId: bigint; businessDate: string },
): HoldState {
  return {
    ...{ holdId, account, amount, reason, businessDate },
    owner: owner ?? null,
    expiresAt: expiresAt ?? null,
    released: 0n,
    captured: 0n,
  };
}

function changed(
  state: HoldState,
  { kind, amount }: { kind: HoldEventKind; amount: bigint },
): HoldState {
  switch (kind) {
    case 'placed':
      return state;
    case 'captured':
      return { ...state, captured: state.captured + amount };
    case 'released':
    case 'expired':
      return { ...state, released: state.released + amount };
  }
}
