import type { BusinessDate } from '../kernel/business-date.ts';
import { instantOfMove, textMoveId } from '../kernel/id.ts';
import type { AccountId, Balances, PostedTransfer, Side, TransferRow } from '../ledger/index.ts';
import type { AccountFacts } from '../virtual-accounts/index.ts';

/** One side of a transfer, with what the account had after it. All null for an internal account. */
export interface SideView {
  readonly account: string | null;
  readonly balance: bigint | null;
  readonly held: bigint | null;
  /** balance − held. */
  readonly available: bigint | null;
}

/** A transfer (转账). Minor units of its currency. */
export interface TransferView {
  /** `trf_…`; null on a dry run. */
  readonly id: string | null;
  readonly status: 'posted';
  readonly debit: SideView;
  readonly credit: SideView;
  readonly amount: bigint;
  readonly currency: string;
  readonly businessDate: string;
  readonly bookedAt: Date;
  readonly code: string;
  readonly reference: string | null;
  readonly memo: string | null;
  readonly reverses: string | null;
  readonly reversedBy: string | null;
  readonly dryRun?: true;
}

/** Looks up what never changes about an account. */
export type AccountLookup = (id: AccountId) => AccountFacts | undefined;

/**
 * The answer to a transfer, a capture or a reversal, from what it left behind and from facts that never
 * change, so that a repeat is answered with the same bytes. So `reversedBy` is null here: when it was posted,
 * nothing had reversed it.
 */
export function postedView(
  posting: { readonly moveId: bigint; readonly transfer: PostedTransfer },
  accounts: AccountLookup,
  answer: { readonly businessDate: BusinessDate; readonly dryRun: boolean },
): TransferView {
  const { moveId, transfer } = posting;
  const { debit, credit, reverses } = transfer;
  const view = {
    id: answer.dryRun ? null : textMoveId('trf', moveId),
    status: 'posted' as const,
    debit: sideView(debit, accounts),
    credit: sideView(credit, accounts),
    amount: transfer.amount,
    currency: (accounts(debit.account) ?? accounts(credit.account))?.currency ?? '',
    businessDate: answer.businessDate,
    bookedAt: instantOfMove(moveId),
    code: transfer.code,
    reference: transfer.reference ?? null,
    memo: transfer.memo ?? null,
    reverses: reverses === undefined ? null : textMoveId('trf', reverses),
    reversedBy: null,
  };
  return answer.dryRun ? { ...view, dryRun: true } : view;
}

/** A transfer as it is kept, with what reversed it. */
export function storedView(row: TransferRow, accounts: AccountLookup): TransferView {
  const { debit, credit, debitBalance, debitHeld, creditBalance, creditHeld } = row;
  return {
    id: textMoveId('trf', row.transferId),
    status: 'posted',
    debit: sideView({ account: debit, after: balances(debitBalance, debitHeld) }, accounts),
    credit: sideView({ account: credit, after: balances(creditBalance, creditHeld) }, accounts),
    amount: row.amount,
    currency: (accounts(debit) ?? accounts(credit))?.currency ?? '',
    businessDate: row.businessDate,
    bookedAt: instantOfMove(row.transferId),
    code: row.code,
    reference: row.reference,
    memo: row.memo,
    reverses: row.reversesId === null ? null : textMoveId('trf', row.reversesId),
    reversedBy: row.reversedById === null ? null : textMoveId('trf', row.reversedById),
  };
}

function balances(balance: bigint | null, held: bigint | null): Balances | undefined {
  return balance === null || held === null ? undefined : { balance, held };
}

function sideView({ account, after }: Side, accounts: AccountLookup): SideView {
  const number = accounts(account)?.number;
  if (number === undefined || after === undefined) {
    return { account: number ?? null, balance: null, held: null, available: null };
  }
  const { balance, held } = after;
  return { account: number, balance, held, available: balance - held };
}

/** A balance with what is available of it. Minor units. */
export interface BalancesView extends Balances {
  readonly available: bigint;
}

/** Adds what is available. */
export function balancesView({ balance, held }: Balances): BalancesView {
  return { balance, held, available: balance - held };
}
