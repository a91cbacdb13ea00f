import type pg from 'pg';
import { type AccountId, readAccounts } from '../ledger/index.ts';
import { type MainAccountRecord, readMainAccountRecords } from '../virtual-accounts/index.ts';
import { entryIdRange } from './bank-entry.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { type ImportOutcome, type OutcomeRow, outcomeOf } from './import-report.ts';
import { findPayoutsAmong } from './payout-lines.ts';
import { type PlacedEntry, placeEntries, suspendedInstead } from './place-entries.ts';
import { PAGE_ENTRIES, PASS_LIMITS } from './post-waiting.ts';
import { readWaiting } from './waiting-entries.ts';

/**
 * Says what posting would do with the entries that an import has recorded in the open transaction of `session`.
 * Accounts that are closed or stopped now are told; a balance limit is not.
 */
export async function predictOutcome(
  deps: Pick<DepositDeps, 'db' | 'findPayouts'>,
  platformId: bigint,
  session: pg.PoolClient,
  importId: string,
): Promise<ImportOutcome> {
  const { first, last } = entryIdRange(importId);
  const all = await readMainAccountRecords(deps.db, platformId);
  const mains = new Map(all.map((main): [bigint, MainAccountRecord] => [main.mainAccountId, main]));
  const sums = new Map<string, OutcomeRow>();
  let after = first;
  for (let page = 0; page < PASS_LIMITS.pages; page += 1) {
    const entries = await readWaiting(session, platformId, { after, last, limit: PAGE_ENTRIES });
    const end = entries.at(-1);
    if (!end) break;
    after = end.entryId;
    const payouts = await findPayoutsAmong(deps.findPayouts, platformId, entries);
    const placed = await placeEntries(deps.db, platformId, { entries, mains, payouts });
    for (const entry of await withRefusals(deps, platformId, placed)) add(sums, entry);
  }
  return outcomeOf([...sums.values()]);
}

function add(sums: Map<string, OutcomeRow>, { state, reason, amount }: PlacedEntry): void {
  const key = `${state}/${reason ?? ''}`;
  const { count, sum } = sums.get(key) ?? { count: 0, sum: 0n };
  sums.set(key, { state, reason, count: count + 1, sum: sum + amount });
}

/** What the ledger would refuse because of the state of an account goes to suspense. */
async function withRefusals(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  placed: readonly PlacedEntry[],
): Promise<readonly PlacedEntry[]> {
  const credited = placed.filter(({ state }) => state === 'credited');
  const ids = [...new Set<AccountId>(credited.map(({ account }) => account))];
  const accounts = await readAccounts(db, platformId, ids);
  return placed.map((entry) => {
    const state = entry.state === 'credited' ? accounts.get(entry.account)?.state : undefined;
    if (state === 'closed') return suspendedInstead(entry, 'account_closed');
    const isStopped = state === 'stopped' || state === 'credit_stopped';
    return isStopped ? suspendedInstead(entry, 'account_stopped') : entry;
  });
}
