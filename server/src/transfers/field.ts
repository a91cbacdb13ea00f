import type { Move, Refusal } from '../ledger/index.ts';

/**
 * The field of its body that the refusal of a move is about, as `transferMove` and the others read it;
 * undefined where no field of the body is: the account of a hold that is captured, the accounts of a reversal.
 * The ledger knows no bodies, so it is here that its refusals find their fields.
 */
export function fieldOf(refusal: Refusal, move: Move): string | undefined {
  switch (refusal.code) {
    case 'hold_expiry_passed':
      return move.kind === 'hold' ? 'expiresAt' : undefined;
    case 'hold_owner_differs':
      return 'owner';
    case 'hold_insufficient':
      // Whoever asked for all that remains gave no amount: nothing does.
      return 'amount' in move && move.amount !== undefined ? 'amount' : undefined;
    case 'same_account':
    case 'different_main_accounts':
    case 'currencies_differ':
      // Either of the two could be another one: the payee is named, always.
      return 'credit' in move ? 'creditAccount' : undefined;
    case 'limit_exceeded':
    case 'counterparty_refused':
    case 'account_not_found':
    case 'account_closed':
    case 'account_stopped':
    case 'insufficient_funds':
    case 'frozen_by_order':
    case 'balance_limit_exceeded':
      return accountField(refusal.account, move);
    default:
      return undefined;
  }
}

function accountField(account: bigint, move: Move): string | undefined {
  switch (move.kind) {
    case 'transfer':
      return account === move.debit ? 'debitAccount' : 'creditAccount';
    case 'hold':
      return 'account';
    case 'capture':
      return account === move.credit ? 'creditAccount' : undefined;
    default:
      return undefined;
  }
}
