import type { Amount } from '../kernel/amount.ts';
import type { BusinessDate } from '../kernel/business-date.ts';
import type { Currency } from '../kernel/currency.ts';

/**
 * Why we do not know: no answer in time; no connection, or one that broke; the bank said that it cannot now; an
 * answer that makes no sense. In each case the bank may have acted.
 */
export type Doubt = 'timeout' | 'unreachable' | 'unavailable' | 'unreadable';

/** No answer. It is neither a success nor a failure: ask again. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly doubt: Doubt;
  /** What was seen, for people; at most 200 characters. */
  readonly detail: string;
}

/** The bank refuses, in its own code and words. */
export interface BankRefusal {
  readonly kind: 'refused';
  readonly code: string;
  readonly reason: string;
}

/** What a bank says of an account of ours. */
export interface BankBalance {
  readonly kind: 'balance';
  /** Signed minor units. */
  readonly amount: bigint;
  readonly currency: Currency;
  readonly asOf: Date;
}

/** One line (银行流水) as the bank tells it when it is asked; a statement tells the same by the same reference. */
export interface ConnectorEntry {
  /** The bank's own: what makes a repeat a repeat. */
  readonly reference: string;
  readonly direction: 'credit' | 'debit';
  readonly amount: Amount;
  readonly bookedAt: Date;
  readonly bookingDate: BusinessDate;
  /** The bank takes an earlier line back. */
  readonly reversal: boolean;
  readonly counterpartyName: string | undefined;
  readonly counterpartyAccount: string | undefined;
  /** The virtual account number that the payer wrote, where the bank tells it. */
  readonly creditedAccount: string | undefined;
  readonly remittance: string;
  /** Of a payout of ours, and of its return (退汇). */
  readonly payoutReference: string | undefined;
}

export interface EntryPage {
  readonly kind: 'entries';
  /** In the order in which the bank booked them. */
  readonly entries: readonly ConnectorEntry[];
  /** Of all its amounts. */
  readonly currency: Currency;
  /** Where the next page begins. The same as asked with when there is nothing new. */
  readonly cursor: string;
}

/** A payment order (付款指令) for the bank. */
export interface PayoutInstruction {
  /** Ours, and unique for ever: the bank pays at most once for it, however often it is sent. */
  readonly reference: string;
  /** The main account that pays. */
  readonly account: string;
  readonly amount: Amount;
  readonly currency: Currency;
  readonly payee: {
    readonly account: string;
    readonly name: string;
    readonly bankName: string;
  };
  readonly rail: string;
  readonly remittance: string;
}

/** The bank has the order and the money is on its way. It may still be refused, settled or returned. */
interface PayoutAccepted {
  readonly kind: 'accepted';
  readonly bankReference: string | undefined;
}

/** The bank says that it was paid. The payee's bank may send it back days later. */
interface PayoutSettled {
  readonly kind: 'settled';
  readonly at: Date;
  readonly bankReference: string | undefined;
}

/** 退汇: it was paid and came back; the money is in our account again. */
interface PayoutReturned {
  readonly kind: 'returned';
  readonly at: Date;
  readonly reason: string;
  readonly bankReference: string | undefined;
}

/**
 * The bank has no such order. Soon after submitting this proves nothing: banks are asked by a machine that does
 * not know yet. Submit again under the same reference rather than taking it for a failure.
 */
interface PayoutNotFound {
  readonly kind: 'not_found';
}

/** Another order has this reference. That one is as it was, and this one was not taken. A fault of ours. */
interface PayoutReferenceTaken {
  readonly kind: 'reference_taken';
}

/** `refused` is final: nothing was paid, and nothing will be under this reference. */
export type PayoutOutcome = PayoutAccepted | PayoutSettled | PayoutReturned | BankRefusal | Unknown;

/** Whether a name is the account's. `cannot_tell`: the bank knows nothing of that account. */
export interface NameOutcome {
  readonly kind: 'match' | 'mismatch' | 'account_not_found' | 'cannot_tell';
}

/**
 * Our adapter to one bank (银行接口): the only way in which the steward speaks with it. Nothing is thrown for what
 * a bank says or does not say; no call keeps the caller longer than the connector's time limit, unless its
 * signal ends it sooner, which is `unknown` like any other silence. No call may be made within a transaction.
 */
export interface Connector {
  balance(account: string, signal?: AbortSignal): Promise<BankBalance | BankRefusal | Unknown>;
  /** Lines after a cursor of an earlier page, from the first one without a cursor; at most `limit`. */
  entries(
    ask: { readonly account: string; readonly cursor?: string; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<EntryPage | BankRefusal | Unknown>;
  /**
   * Sends an order. May be repeated: the same reference with the same content is answered with what became of
   * the first one; with another content it is `reference_taken`.
   */
  submitPayout(
    instruction: PayoutInstruction,
    signal?: AbortSignal,
  ): Promise<PayoutOutcome | PayoutReferenceTaken>;
  queryPayout(reference: string, signal?: AbortSignal): Promise<PayoutOutcome | PayoutNotFound>;
  verifyName(
    asked: { readonly account: string; readonly name: string },
    signal?: AbortSignal,
  ): Promise<NameOutcome | BankRefusal | Unknown>;
}
