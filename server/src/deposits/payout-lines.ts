import type { Amount } from '../kernel/amount.ts';
import type { AccountId } from '../ledger/index.ts';
import type { WaitingEntry } from './waiting-entries.ts';

/** A line of the bank that may be of a payout of ours: it has a reference that may be the payout's. */
export interface PayoutLine {
  /** The UUID of the bank entry. */
  readonly entryId: string;
  readonly mainAccountId: bigint;
  /** A debit is the payout itself; a credit is its money that came back (退汇). */
  readonly direction: 'credit' | 'debit';
  readonly amount: Amount;
  /** The references that the line states: the end-to-end id, which is the payout's reference, among them. */
  readonly references: readonly string[];
}

/**
 * Says which lines are of payouts of ours, before they are posted: by entry id, the internal account on the other
 * side of bank clearing. A debit takes from it what is on its way out; a credit that came back is put there. Such an
 * account must take whatever comes: what the ledger refuses of it stays recorded and is asked about again. Whoever
 * answers does not move money, and gives the same answer when it is asked again; it checks the amount itself, and
 * leaves a line out that is not what the payout was: it becomes an unexplained debit, or is matched as a deposit.
 */
export type FindPayouts = (
  platformId: bigint,
  lines: readonly PayoutLine[],
) => Promise<ReadonlyMap<string, AccountId>>;

/** Asks about the lines that could be of a payout. */
export async function findPayoutsAmong(
  find: FindPayouts | undefined,
  platformId: bigint,
  entries: readonly WaitingEntry[],
): Promise<ReadonlyMap<string, AccountId>> {
  const lines = entries.filter(({ kind, references }) => kind === 'line' && references.length > 0);
  return find && lines.length > 0 ? find(platformId, lines) : new Map();
}
