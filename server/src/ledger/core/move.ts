import type { Amount } from '../../kernel/amount.ts';
import type { AccountId } from './account.ts';

/** Pays from one account to another. */
export interface TransferMove {
  readonly kind: 'transfer';
  /** What sort of business it is: payment, deposit, claim, … */
  readonly code: string;
  readonly debit: AccountId;
  readonly credit: AccountId;
  readonly amount: Amount;
  /** The caller's own key for it, such as an order number. */
  readonly reference?: string | undefined;
  readonly memo?: string | undefined;
}

/** Puts part of an account's available balance aside (冻结). */
export interface HoldMove {
  readonly kind: 'hold';
  readonly account: AccountId;
  readonly amount: Amount;
  readonly reason: string;
  /** Whoever it is put aside for: a release or capture must then name the same owner. */
  readonly owner?: string | undefined;
  /** From this moment it cannot be captured, and is released by itself. */
  readonly expiresAt?: Date | undefined;
}

/** Gives held money back to the account's available balance (解冻): a part, or all that remains. */
export interface ReleaseMove {
  readonly kind: 'release';
  readonly hold: bigint;
  readonly amount?: Amount | undefined;
  readonly owner?: string | undefined;
  /** Set by the sweep that releases what has expired. */
  readonly expired?: boolean | undefined;
}

/** Pays from held money (扣划): a part, or all that remains. May be repeated until nothing remains. */
export interface CaptureMove {
  readonly kind: 'capture';
  readonly code: string;
  readonly hold: bigint;
  readonly credit: AccountId;
  readonly amount?: Amount | undefined;
  readonly owner?: string | undefined;
  readonly reference?: string | undefined;
  readonly memo?: string | undefined;
}

/** Undoes a transfer by its opposite (冲正), in whole, once. */
export interface ReversalMove {
  readonly kind: 'reversal';
  readonly code: string;
  readonly transfer: bigint;
  readonly reference?: string | undefined;
  readonly memo?: string | undefined;
}

/** One thing to be done. The moves of a submission are done together or not at all, in their order. */
export type Move = TransferMove | HoldMove | ReleaseMove | CaptureMove | ReversalMove;
