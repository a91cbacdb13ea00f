import { strict as assert } from 'node:assert';
import type { Amount } from '../../kernel/amount.ts';
import { type Account, type AccountId, type Guarded, leavable, MAX_BALANCE } from './account.ts';
import type { PostedTransfer, Refusal, Side } from './outcome.ts';
import type { WorkingSet } from './working-set.ts';

/** What moves money: a transfer, or what a capture or reversal comes to. */
export interface Payment {
  readonly debit: AccountId;
  readonly credit: AccountId;
  readonly amount: Amount;
  /** True when the money was put aside before: it leaves `held`, and available is not asked. */
  readonly fromHeld?: boolean;
}

/** What a transfer of money did, or why it may not. */
export type PaymentOutcome =
  | { readonly refusal: Refusal }
  | ({ readonly refusal?: undefined } & Pick<PostedTransfer, 'debit' | 'credit'>);

/**
 * Decides one payment on the working set, and applies it when it may pass. Pure: no clock, no I/O.
 *
 * Refusals, in the order they are checked, so that the same request always gets the same answer:
 * - `account_not_found`: the debit, then the credit account is not one of this platform's;
 * - `same_account`, `different_main_accounts`, `currencies_differ`;
 * - `account_closed`, `account_stopped`: the payer, then the payee;
 * - `insufficient_funds`: available + overdraft limit < amount; `shortfall` says by how much;
 * - `frozen_by_order`: a court's order keeps it, held or not; `leavable` says how much may go;
 * - `balance_limit_exceeded`: the payee would have more than 2^53 − 1 minor units.
 *
 * An internal account's side always succeeds, and is folded into its balance later.
 */
export function evaluatePayment(set: WorkingSet, payment: Payment, moveId: bigint): PaymentOutcome {
  const debit = set.account(payment.debit);
  const credit = set.account(payment.credit);
  if (!debit) return refuse({ code: 'account_not_found', account: payment.debit });
  if (!credit) return refuse({ code: 'account_not_found', account: payment.credit });
  const refusal =
    refuseShape(debit, credit) ??
    refuseState(debit, 'debit') ??
    refuseState(credit, 'credit') ??
    refuseFunds(debit, payment) ??
    (debit.guarded ? refuseFrozen(debit, payment) : undefined) ??
    refuseExcess(credit, payment.amount);
  if (refusal) return { refusal };
  return {
    debit: postDebit(set, debit, payment, moveId),
    credit: postCredit(set, credit, payment.amount, moveId),
  };
}

const refuse = (refusal: Refusal) => ({ refusal });

function refuseShape(debit: Account, credit: Account): Refusal | undefined {
  if (debit.id === credit.id) return { code: 'same_account', account: debit.id };
  if (debit.mainAccountId !== credit.mainAccountId) {
    return { code: 'different_main_accounts', debit: debit.id, credit: credit.id };
  }
  if (debit.currency !== credit.currency) {
    return { code: 'currencies_differ', debit: debit.currency, credit: credit.currency };
  }
  return undefined;
}

/** Why an account may not be used on that side: closed, or stopped for it. */
export function refuseState(account: Account, side: 'debit' | 'credit'): Refusal | undefined {
  if (!account.guarded || account.state === 'open') return undefined;
  if (account.state === 'closed') return { code: 'account_closed', account: account.id };
  if (account.state === 'stopped' || account.state === `${side}_stopped`) {
    return { code: 'account_stopped', account: account.id, side };
  }
  return undefined;
}

function refuseFunds(debit: Account, { amount, fromHeld }: Payment): Refusal | undefined {
  if (!debit.guarded) return undefined;
  if (fromHeld) {
    assert(debit.held >= amount, 'a hold is never more than what its account has held');
    return undefined;
  }
  const shortfall = amount - (debit.balance - debit.held + debit.overdraftLimit);
  return shortfall > 0n ? { code: 'insufficient_funds', account: debit.id, shortfall } : undefined;
}

/** Refuses to take away what orders keep of an account. */
export function refuseFrozen(
  account: Guarded,
  { amount, fromHeld = false }: { readonly amount: Amount; readonly fromHeld?: boolean },
): Refusal | undefined {
  if (account.frozen === 0n) return undefined;
  const most = leavable(account, { fromHeld });
  if (amount <= most) return undefined;
  return { code: 'frozen_by_order', account: account.id, leavable: most };
}

function refuseExcess(credit: Account, amount: Amount): Refusal | undefined {
  if (!credit.guarded || credit.balance + amount <= MAX_BALANCE) return undefined;
  return { code: 'balance_limit_exceeded', account: credit.id, limit: MAX_BALANCE };
}

function postDebit(set: WorkingSet, debit: Account, payment: Payment, moveId: bigint): Side {
  const { amount, fromHeld } = payment;
  if (!debit.guarded) {
    set.tell(debit.id, -amount);
    return { account: debit.id, after: undefined };
  }
  const held = fromHeld ? -amount : 0n;
  return { account: debit.id, after: set.post(debit, { balance: -amount, held, moveId }) };
}

function postCredit(set: WorkingSet, credit: Account, amount: Amount, moveId: bigint): Side {
  if (!credit.guarded) {
    set.tell(credit.id, amount);
    return { account: credit.id, after: undefined };
  }
  return { account: credit.id, after: set.post(credit, { balance: amount, held: 0n, moveId }) };
}
