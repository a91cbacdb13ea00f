import type { AccountId } from '../ledger/index.ts';
import { hasCheckDigit, normaliseBankAccount } from '../virtual-accounts/index.ts';

/** What is looked at to find out whom a credit is for. */
export interface Payment {
  readonly mainAccountId: bigint;
  /** The bank says that this credit takes back an earlier debit. */
  readonly reversal: boolean;
  /** The account that the bank's line names as credited. */
  readonly creditedAccount: string | undefined;
  readonly counterpartyAccount: string | undefined;
  /** The lines of the remittance text, then each structured reference after an empty line. */
  readonly text: string;
}

/** The member's account of that number, if it is one of this main account. */
export type NumberLookUp = (mainAccountId: bigint, number: string) => AccountId | undefined;

/** A member's account that a bank account was bound to, and the main account that it is under. */
export interface BoundAccount {
  readonly mainAccountId: bigint;
  readonly accountId: AccountId;
}

/** Who may have been meant where no number says it, all looked up before. */
export interface Hints {
  readonly byReferenceCode: (mainAccountId: bigint, code: string) => AccountId | undefined;
  /** The accounts of the members who have bound that bank account: one for each member. */
  readonly byPayer: (bankAccount: string) => readonly BoundAccount[];
}

/** Why a credit is somebody's. */
export type MatchReason = 'account_number' | 'reference_code' | 'payer_account';
/** Why a credit waits in suspense. The last three are the ledger's answers to a credit that was matched. */
export type SuspenseReason =
  | 'bank_reversal'
  | 'ambiguous_account_number'
  | 'ambiguous_reference_code'
  | 'ambiguous_payer'
  | 'no_match'
  | 'account_closed'
  | 'account_stopped'
  | 'balance_limit_exceeded';

/** Whom a credit is for; without an account it goes to suspense. */
export type Match =
  | { readonly account: AccountId; readonly reason: MatchReason }
  | { readonly account: undefined; readonly reason: SuspenseReason };

const NUMBER_LENGTH = 19;
/**
 * Lines that are as long as this were cut there, in the midst of a word too: those of MT103 field 70, which many
 * banks pass on as they are, of MT940 field 86, and an Ustrd of ISO 20022 (Max140Text).
 */
const LINE_LIMITS = [35, 65, 140];
/** Words of one text that are looked up; the text itself is at most 2,000 characters and 12 references. */
const MAX_WORDS = 500;

/**
 * Decides whom a credit is for (domain.md, Deposit), first by the virtual account number that it was paid to or
 * that the text quotes; undefined when there is none, and `matchByHints` decides. Two different answers of one
 * sort are no answer: a person decides. What the bank takes back is never matched. Pure.
 */
export function matchByNumber(payment: Payment, byNumber: NumberLookUp): Match | undefined {
  if (payment.reversal) return suspend('bank_reversal');
  const { mainAccountId, text } = payment;
  const named = namedNumber(payment);
  const credited = named === undefined ? undefined : byNumber(mainAccountId, named);
  if (credited !== undefined) return found(credited, 'account_number');
  const quoted = distinct(numbersIn(text).map((number) => byNumber(mainAccountId, number)));
  const [only, other] = quoted;
  if (other !== undefined) return suspend('ambiguous_account_number');
  return only === undefined ? undefined : found(only, 'account_number');
}

/**
 * Decides it by a reference code in the text, else by the payer's bank account, when exactly one member of the
 * platform has it bound, and to an account of the main account that was paid. A member who has bound it for
 * another main account may have paid here too, so it counts.
 */
export function matchByHints(payment: Payment, { byReferenceCode, byPayer }: Hints): Match {
  const { mainAccountId, text } = payment;
  const coded = distinct(wordsIn(text).map((word) => byReferenceCode(mainAccountId, word)));
  if (coded.length > 1) return suspend('ambiguous_reference_code');
  if (coded[0] !== undefined) return found(coded[0], 'reference_code');
  const payer = payerOf(payment);
  const [only, ...others] = payer === undefined ? [] : byPayer(payer);
  if (others.length > 0) return suspend('ambiguous_payer');
  if (only?.mainAccountId !== mainAccountId) return suspend('no_match');
  return found(only.accountId, 'payer_account');
}

/** The virtual account number that the bank's own field names. */
export function namedNumber({ creditedAccount }: Payment): string | undefined {
  const plain = creditedAccount?.replaceAll(/\s/g, '');
  return plain?.length === NUMBER_LENGTH ? plain : undefined;
}

/** Runs of exactly 19 digits; also those that are written in full width, and those that a line break has cut. */
export function numbersIn(text: string): string[] {
  const whole = plainText(text).match(/(?<!\d)\d{19}(?!\d)/g) ?? [];
  return text.includes('\n') ? [...whole, ...cutNumbersIn(text.split('\n'))] : whole;
}

/**
 * Numbers that end a line of the very length of a limit and go on at the start of the next one. The two pieces
 * must be 19 digits together, and the last of them the check digit: two texts that have nothing to do with each
 * other must not become a number.
 */
function cutNumbersIn(lines: readonly string[]): string[] {
  return lines.flatMap((line, i) => {
    const start = /(?<!\d)\d{1,18}$/.exec(plainText(line))?.[0] ?? '';
    // Limits are of characters: a rare Chinese one is two of JavaScript's units.
    if (start === '' || !LINE_LIMITS.includes(Array.from(line).length)) return [];
    const rest = /^\d{1,18}(?!\d)/.exec(plainText(lines[i + 1] ?? ''))?.[0] ?? '';
    const number = rest === '' ? '' : start + rest;
    return number.length === NUMBER_LENGTH && hasCheckDigit(number) ? [number] : [];
  });
}

/** Words that could be reference codes: letters and digits that stand alone, in capitals. */
export function wordsIn(text: string): string[] {
  const words = plainText(text).match(/[\p{Script=Latin}\p{Nd}]+/gu) ?? [];
  const codes = words.slice(0, MAX_WORDS).map((word) => word.toUpperCase());
  return codes.filter((word) => /^[0-9A-Z]{4,32}$/.test(word));
}

/** The payer's bank account as bindings are written. */
export function payerOf({ counterpartyAccount }: Payment): string | undefined {
  return counterpartyAccount === undefined ? undefined : normaliseBankAccount(counterpartyAccount);
}

/** Full-width digits and letters, common in Chinese remittance texts, become plain ones. */
function plainText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: anything beyond ASCII is looked for
  return /[^\x00-\x7f]/.test(text) ? text.normalize('NFKC') : text;
}

function distinct(accounts: readonly (AccountId | undefined)[]): AccountId[] {
  return [...new Set(accounts)].filter((account) => account !== undefined);
}

const found = (account: AccountId, reason: MatchReason): Match => ({ account, reason });
const suspend = (reason: SuspenseReason): Match => ({ account: undefined, reason });
