import { AppError } from '../kernel/error.ts';
import {
  findByNames,
  findByNumbers,
  findByPayerAccounts,
  normaliseBankAccount,
} from '../virtual-accounts/index.ts';
import { entryUuid } from './bank-entry.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { bankEntryNotFound, entryNotInSuspense } from './errors.ts';
import { nearNumbers, type Slip } from './near-numbers.ts';
import { type SuspendedFacts, selectForSuggestion, selectPaidBefore } from './suggestion-store.ts';

/** Why an account may be the one, the best reason first. */
const REASONS = [
  ...(['written_apart', 'digits_swapped', 'digit_wrong', 'digit_missing', 'digit_extra'] as const),
  ...(['payer_paid_before', 'payer_bound', 'payer_name'] as const),
] as const;
export type SuggestionReason = (typeof REASONS)[number];
export const SUGGESTION_REASONS: readonly SuggestionReason[] = REASONS;

/** An account that a deposit in suspense may be for. */
export interface Suggestion {
  /** The number of the virtual account. */
  readonly account: string;
  /** The best first. */
  readonly reasons: readonly { readonly code: SuggestionReason; readonly times: number }[];
}

/** Accounts that are told of one entry, and those of one name that are looked at. */
const MAX_SUGGESTIONS = 10;
const MAX_NAMED = 20;

/**
 * Accounts that an entry in suspense may be for, the likeliest first: a number with one slip in the text; the payer's
 * bank account has paid to it before, or is bound by its member; its member has the payer's name. Several reasons go
 * before one. Only of the main account that was paid, and nothing is decided: a person claims.
 *
 * Throws AppError: `bank_entry_not_found`, `entry_not_in_suspense`.
 */
export async function suggestAccounts(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  bankEntry: string,
): Promise<readonly Suggestion[]> {
  const entryId = entryUuid(bankEntry);
  const entry = entryId && (await selectForSuggestion(db, platformId, entryId));
  if (!entry) throw new AppError(bankEntryNotFound, { bankEntry });
  if (entry.state !== 'suspended') {
    throw new AppError(entryNotInSuspense, { bankEntry, state: entry.state });
  }
  const found = new Map<string, Map<SuggestionReason, number>>();
  const note = (account: string, reason: SuggestionReason, times = 1) => {
    const reasons = found.get(account) ?? new Map<SuggestionReason, number>();
    found.set(account, reasons.set(reason, Math.max(times, reasons.get(reason) ?? 0)));
  };
  await Promise.all([
    noteNumbers({ db }, platformId, entry, note),
    notePayer({ db }, platformId, entry, note),
    noteNames({ db }, platformId, entry, note),
  ]);
  return ranked(found);
}

type Note = (account: string, reason: SuggestionReason, times?: number) => void;

async function noteNumbers(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  { text, creditedAccount, mainAccountId }: SuspendedFacts,
  note: Note,
): Promise<void> {
  const near = nearNumbers(`${creditedAccount ?? ''}\n${text}`);
  if (near.size === 0) return;
  const accounts = await findByNumbers(db, platformId, near.keys());
  for (const [number, facts] of accounts) {
    const slip: Slip | undefined = near.get(number);
    if (slip && facts.mainAccountId === mainAccountId && facts.kind !== 'suspense') {
      note(number, slip);
    }
  }
}

async function notePayer(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  entry: SuspendedFacts,
  note: Note,
): Promise<void> {
  const { counterpartyAccount, mainAccountId } = entry;
  if (counterpartyAccount === undefined) return;
  const payer = normaliseBankAccount(counterpartyAccount);
  const [before, bound] = await Promise.all([
    selectPaidBefore(db, platformId, { ...entry, counterpartyAccount }),
    findByPayerAccounts(db, platformId, payer === undefined ? [] : [payer]),
  ]);
  for (const { number, times } of before) note(number, 'payer_paid_before', times);
  for (const account of (payer && bound.get(payer)) || []) {
    if (account.mainAccountId === mainAccountId) note(account.number, 'payer_bound');
  }
}

async function noteNames(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  { counterpartyName, mainAccountId }: SuspendedFacts,
  note: Note,
): Promise<void> {
  const names = spellingsOf(counterpartyName ?? '');
  if (names.length === 0) return;
  const limit = MAX_NAMED;
  for (const number of await findByNames(db, platformId, { mainAccountId, names, limit })) {
    note(number, 'payer_name');
  }
}

/** How a bank and a platform may write one name: with full-width or plain brackets and letters, with or without spaces. */
function spellingsOf(name: string): string[] {
  const plain = name.normalize('NFKC').trim();
  const spellings = [name.trim(), plain, plain.replaceAll('(', '（').replaceAll(')', '）')];
  return [
    ...new Set([...spellings, ...spellings.map((each) => each.replaceAll(/\s/g, ''))]),
  ].filter((each) => each !== '');
}

const rankOf = (reason: SuggestionReason) => REASONS.indexOf(reason);

function ranked(found: ReadonlyMap<string, ReadonlyMap<SuggestionReason, number>>) {
  return Array.from(found, ([account, counted]) => ({
    account,
    reasons: Array.from(counted, ([code, times]) => ({ code, times })).sort(
      (a, b) => rankOf(a.code) - rankOf(b.code),
    ),
  }))
    .sort((a, b) => b.reasons.length - a.reasons.length || compareBest(a, b))
    .slice(0, MAX_SUGGESTIONS);
}

function compareBest(a: Suggestion, b: Suggestion): number {
  const [[one], [other]] = [a.reasons, b.reasons];
  if (!one || !other) return 0;
  const byReason = rankOf(one.code) - rankOf(other.code) || other.times - one.times;
  return byReason || (a.account < b.account ? -1 : 1);
}
