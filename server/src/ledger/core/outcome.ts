import type { Amount } from '../../kernel/amount.ts';
import type { BusinessDate } from '../../kernel/business-date.ts';
import type { AccountId, Balances } from './account.ts';

/**
 * Why the ledger says no. Facts are for programs: accounts by their ledger id, amounts in minor units.
 * The list is in order of precedence: of two reasons the earlier one is given (see evaluate.ts).
 */
export type Refusal =
  | { readonly code: 'request_id_reused' }
  /** The rules above the ledger are not those that it was looked at under: look again. Not kept. */
  | { readonly code: 'rules_changed' }
  | {
      readonly code: 'counterparty_refused';
      readonly account: bigint;
      readonly counterparty: bigint;
      readonly list: 'block' | 'allow';
    }
  | ({ readonly code: 'limit_exceeded' } & LimitFacts)
  | { readonly code: 'hold_not_found'; readonly hold: bigint }
  | { readonly code: 'transfer_not_found'; readonly transfer: bigint }
  | { readonly code: 'account_not_found'; readonly account: bigint }
  | { readonly code: 'same_account'; readonly account: bigint }
  | { readonly code: 'different_main_accounts'; readonly debit: bigint; readonly credit: bigint }
  | { readonly code: 'currencies_differ'; readonly debit: string; readonly credit: string }
  | { readonly code: 'hold_expiry_passed'; readonly expiresAt: string }
  | { readonly code: 'hold_owner_differs'; readonly hold: bigint }
  | { readonly code: 'hold_expired'; readonly hold: bigint; readonly expiredAt: string }
  | {
      readonly code: 'hold_insufficient';
      readonly hold: bigint;
      readonly remaining: bigint;
      /** Of a hold that has passed its expiry: what it still had then was given back, or is about to be. */
      readonly expiredAt?: string;
    }
  | {
      readonly code: 'already_reversed';
      readonly transfer: bigint;
      /** Left out when it is a move of the same submission, which is undone with it. */
      readonly reversedBy?: bigint;
    }
  | { readonly code: 'account_closed'; readonly account: bigint }
  | {
      readonly code: 'account_stopped';
      readonly account: bigint;
      readonly side: 'debit' | 'credit';
    }
  | { readonly code: 'insufficient_funds'; readonly account: bigint; readonly shortfall: bigint }
  | { readonly code: 'frozen_by_order'; readonly account: bigint; readonly leavable: bigint }
  | { readonly code: 'balance_limit_exceeded'; readonly account: bigint; readonly limit: bigint };

/** Which limit, of whom, and what is used of it. Amounts in minor units; counts are counts. */
export interface LimitFacts {
  readonly account: bigint;
  readonly rule: string;
  readonly limit:
    | 'single_amount'
    | `${'day' | 'month' | 'window'}_amount`
    | `${'day' | 'month' | 'window'}_count`;
  readonly direction: 'out' | 'in';
  readonly most: bigint;
  readonly used: bigint;
  readonly remaining: bigint;
}

/** One side of a posted transfer. An internal account's balance is not known here: undefined. */
export interface Side {
  readonly account: AccountId;
  readonly after: Balances | undefined;
}

/** What an accepted transfer, capture or reversal left behind. */
export interface PostedTransfer {
  readonly debit: Side;
  readonly credit: Side;
  readonly amount: Amount;
  readonly code: string;
  readonly reference: string | undefined;
  readonly memo: string | undefined;
  readonly reverses: bigint | undefined;
}

const HOLD_EVENT_KINDS = ['placed', 'released', 'captured', 'expired'] as const;
/** What can happen to a hold. */
export type HoldEventKind = (typeof HOLD_EVENT_KINDS)[number];

/** Reads a kind from a table. Throws for a text that is none. */
export function holdEventKind(text: string): HoldEventKind {
  const kind = HOLD_EVENT_KINDS.find((each) => each === text);
  if (!kind) throw new RangeError(`not a kind of hold event: ${text}`);
  return kind;
}

/** What an accepted hold, release or capture did to a hold. */
export interface PostedHoldEvent {
  readonly holdId: bigint;
  readonly account: AccountId;
  readonly kind: HoldEventKind;
  readonly amount: Amount;
  readonly remaining: bigint;
  readonly after: Balances;
}

/** What one move left behind (记账): a transfer, a change to a hold, or, for a capture, both. */
export interface Posting {
  readonly moveId: bigint;
  readonly transfer: PostedTransfer | undefined;
  readonly holdEvent: PostedHoldEvent | undefined;
}

/** What a submission is answered with. `repeated`: the same request was answered before, with this. */
export type Answer = AcceptedAnswer | RefusedAnswer;

export interface AcceptedAnswer {
  readonly accepted: true;
  readonly repeated: boolean;
  readonly businessDate: BusinessDate;
  readonly bookedAt: Date;
  readonly postings: readonly Posting[];
}

export interface RefusedAnswer {
  readonly accepted: false;
  readonly repeated: boolean;
  readonly refusal: Refusal;
  /** Which of the submission's moves was refused, from 0. */
  readonly moveIndex: number;
}
