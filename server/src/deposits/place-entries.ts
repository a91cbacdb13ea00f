import type { Db } from '../db/database.ts';
import type { Amount } from '../kernel/amount.ts';
import type { AccountId, TransferMove } from '../ledger/index.ts';
import type { MainAccountRecord } from '../virtual-accounts/index.ts';
import { matchAll } from './candidates.ts';
import type { SuspenseReason } from './match.ts';
import type { WaitingEntry } from './waiting-entries.ts';

/** Where an entry goes, as long as the ledger agrees. */
export interface PlacedEntry {
  readonly entryId: string;
  readonly main: MainAccountRecord;
  readonly amount: Amount;
  readonly reference: string | undefined;
  readonly state: 'credited' | 'suspended' | 'debited' | 'paid_out' | 'payout_returned';
  readonly reason: string | null;
  /** Who has the money then; for a debit, the account of bank debits, or that of payouts on their way. */
  readonly account: AccountId;
  /** Of what goes to suspense because the ledger refused it: the account that it is for. */
  readonly matched?: AccountId;
  readonly code: 'deposit' | 'opening_balance' | 'bank_debit' | 'payout' | 'payout_return';
}

/** Entries, and what is known of them. */
interface PlacedWith {
  readonly entries: readonly WaitingEntry[];
  readonly mains: ReadonlyMap<bigint, MainAccountRecord>;
  /** Those that are of payouts of ours, with the account that payouts are on their way in. */
  readonly payouts: ReadonlyMap<string, AccountId>;
}

/**
 * Decides where entries go: payouts of ours to the account that they are on their way in, other credits to whom they
 * match or to suspense, other debits to the account of bank debits.
 */
export async function placeEntries(
  db: Db,
  platformId: bigint,
  { entries, mains, payouts }: PlacedWith,
): Promise<readonly PlacedEntry[]> {
  const credits = entries.filter(
    ({ entryId, kind, direction }) =>
      kind === 'line' && direction === 'credit' && !payouts.has(entryId),
  );
  const matches = await matchAll(db, platformId, credits);
  let next = 0;
  return entries.map((entry): PlacedEntry => {
    const { entryId, amount, reference, kind } = entry;
    const main = mains.get(entry.mainAccountId);
    if (!main) throw new Error(`main account ${entry.mainAccountId} has entries and no record`);
    const common = { entryId, main, amount, reference };
    const payout = payouts.get(entryId);
    if (payout !== undefined) return ofPayout(common, entry.direction, payout);
    if (entry.direction === 'debit') {
      const code = 'bank_debit';
      return { ...common, state: 'debited', reason: null, account: main.bankDebits, code };
    }
    if (kind === 'opening_balance') {
      return { ...common, state: 'credited', reason: kind, account: main.opening, code: kind };
    }
    const match = matches[next];
    next += 1;
    if (!match) throw new Error('each credit has a match');
    const { account, reason } = match;
    if (account === undefined) return suspendedFor(common, match.reason);
    return { ...common, state: 'credited', reason, account, code: 'deposit' };
  });
}

/** A payout that the bank has made, or whose money came back. */
function ofPayout(
  common: Pick<PlacedEntry, 'entryId' | 'main' | 'amount' | 'reference'>,
  direction: WaitingEntry['direction'],
  account: AccountId,
): PlacedEntry {
  return direction === 'debit'
    ? { ...common, state: 'paid_out', reason: null, account, code: 'payout' }
    : { ...common, state: 'payout_returned', reason: null, account, code: 'payout_return' };
}

/** The same entry on its way to suspense, as long as nobody is known whom it is for. */
function suspendedFor(
  {
    entryId,
    main,
    amount,
    reference,
  }: Pick<PlacedEntry, 'entryId' | 'main' | 'amount' | 'reference'>,
  reason: SuspenseReason,
): PlacedEntry {
  const where = { state: 'suspended' as const, reason, account: main.suspense };
  return { entryId, main, amount, reference, ...where, code: 'deposit' };
}

/** The same entry on its way to suspense, because the account that it is for cannot be credited. */
export const suspendedInstead = (entry: PlacedEntry, reason: SuspenseReason): PlacedEntry => ({
  ...suspendedFor(entry, reason),
  matched: entry.account,
});

/** What the ledger is asked for. A debit leaves bank clearing: what the bank has is less. */
export function moveOf({
  main,
  amount,
  reference,
  state,
  account,
  code,
}: PlacedEntry): TransferMove {
  const sides =
    state === 'debited' || state === 'paid_out'
      ? { debit: account, credit: main.bankClearing }
      : { debit: main.bankClearing, credit: account };
  return { kind: 'transfer', code, debit: sides.debit, credit: sides.credit, amount, reference };
}
