import { instantOfMove, textMoveId } from '../kernel/id.ts';
import {
  type AccountId,
  listTransfers,
  readAccounts,
  readBalanceAt,
  type TransferRow,
} from '../ledger/index.ts';
import { type AccountFacts, accountsById, findAccount } from '../virtual-accounts/index.ts';
import { type Bounds, boundsOf, type Period } from './period.ts';
import { type SideTotal, selectTotals } from './store.ts';
import type { TransferDeps } from './submit.ts';

/** One line of a statement. Minor units. */
export interface StatementLine {
  readonly transferId: string;
  readonly bookedAt: Date;
  readonly businessDate: string;
  readonly direction: 'debit' | 'credit';
  readonly amount: bigint;
  /** The running balance: what the account had after it, as it was kept then. */
  readonly balanceAfter: bigint;
  /** The number of the other account; null for an internal one. */
  readonly counterparty: string | null;
  readonly code: string;
  readonly reference: string | null;
  readonly memo: string | null;
}

/** A page of an account's statement (对账单): opening + credits − debits = closing, for the whole period. */
export interface Statement {
  readonly number: string;
  readonly currency: string;
  readonly opening: bigint;
  readonly lines: readonly StatementLine[];
  /** Of the whole period; on the first page only, so that a long statement is summed once. */
  readonly totals: { readonly credits: SideTotal; readonly debits: SideTotal } | null;
  readonly closing: bigint;
  /** Where the next page begins, when there are more lines. */
  readonly next: StatementPosition | undefined;
}

/** A place in a statement: its lines from `from` on, of those below `upper` (numbers of moves). */
export interface StatementPosition {
  readonly from: bigint;
  readonly lower: bigint;
  readonly upper: bigint;
}

/**
 * A page of the statement of a virtual account, oldest line first. The period of the first page is pinned to
 * the last move that the account had then, so all pages are of one statement, whatever is posted meanwhile.
 *
 * Throws AppError: `account_not_found`, `period_invalid`.
 */
export async function readStatement(
  deps: Pick<TransferDeps, 'db' | 'clock'>,
  platformId: bigint,
  number: string,
  query: { period: Period; after?: StatementPosition | undefined; limit: number },
): Promise<Statement> {
  const { db } = deps;
  const { accountId, currency } = await findAccount(db, platformId, number);
  const { after, limit } = query;
  const position = after ?? (await firstPosition(deps, platformId, accountId, query.period));
  const { from, lower, upper } = position;
  const account = { accountId, guarded: true };
  const [opening, closing, totals, found] = await Promise.all([
    readBalanceAt(db, platformId, { account, bound: lower }),
    readBalanceAt(db, platformId, { account, bound: upper }),
    after ? null : selectTotals(db, platformId, { account: accountId, from: lower, to: upper }),
    listTransfers(db, platformId, {
      ...{ account: accountId, from, to: upper, order: 'asc', limit: limit + 1 },
    }),
  ]);
  const shown = found.slice(0, limit);
  const others = shown.map((row) => (row.debit === accountId ? row.credit : row.debit));
  const counterparties = await accountsById(db, platformId, others);
  const next = found[limit];
  return {
    number,
    currency,
    opening: opening.balance,
    lines: shown.map((row) => toLine(row, accountId, counterparties)),
    totals,
    closing: closing.balance,
    next: next && { from: next.transferId, lower, upper },
  };
}

/**
 * Where a statement begins and ends. Numbers of moves rise along an account and its last one is kept with it,
 * so nothing at or below that number can still be added.
 */
async function firstPosition(
  deps: Pick<TransferDeps, 'db' | 'clock'>,
  platformId: bigint,
  id: AccountId,
  period: Period,
): Promise<StatementPosition> {
  const bounds: Bounds = await boundsOf(deps, platformId, period);
  const account = (await readAccounts(deps.db, platformId, [id])).get(id);
  const end = (account?.lastMoveId ?? 0n) + 1n;
  const upper = bounds.upper !== undefined && bounds.upper < end ? bounds.upper : end;
  const lower = bounds.lower < upper ? bounds.lower : upper;
  return { from: lower, lower, upper };
}

function toLine(
  row: TransferRow,
  account: AccountId,
  counterparties: ReadonlyMap<AccountId, AccountFacts>,
): StatementLine {
  const isDebit = row.debit === account;
  const balanceAfter = isDebit ? row.debitBalance : row.creditBalance;
  if (balanceAfter === null)
    throw new Error('a transfer keeps what a guarded account had after it');
  return {
    transferId: textMoveId('trf', row.transferId),
    bookedAt: instantOfMove(row.transferId),
    businessDate: row.businessDate,
    direction: isDebit ? 'debit' : 'credit',
    amount: row.amount,
    balanceAfter,
    counterparty: counterparties.get(isDebit ? row.credit : row.debit)?.number ?? null,
    code: row.code,
    reference: row.reference,
    memo: row.memo,
  };
}
