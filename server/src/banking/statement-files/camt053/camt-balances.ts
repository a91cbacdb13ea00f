import { type Currency, isCurrency } from '../../../kernel/currency.ts';
import { AppError } from '../../../kernel/error.ts';
import { type Place, shorten, statementCurrenciesMixed } from '../../errors.ts';
import { invalidField, readCurrency, readMinorUnits } from '../fields.ts';
import type { StatedBalance } from '../statement-file.ts';
import { written } from '../statement-writer.ts';
import type { BalanceDraft } from './camt-draft.ts';
import { readIndicator, readIsoDate } from './camt-entry.ts';

/** Opening balances by preference: booked, previously closed, interim (of a page that is not the first). */
const OPENING = ['OPBD', 'PRCD', 'ITBD'];
/** Closing balances by preference: booked, interim (of a page that is not the last). */
const CLOSING = ['CLBD', 'ITBD'];

/** The statement that balances are of, as errors name it. */
export interface StatementName {
  /** Which one of the file, 1-based. */
  readonly statement: number;
  readonly statementId?: string;
  readonly accountNumber?: string;
}

/** What a statement states of its two ends. */
export interface StatedEnds {
  readonly opening: StatedBalance | undefined;
  readonly closing: StatedBalance | undefined;
  /** Where the closing balance stands. */
  readonly closingPlace: Place | undefined;
}

/**
 * Finds the opening and closing balance among those stated. A type may stand there for several days: the
 * first opening and the last closing count.
 */
export function readBalances(balances: readonly BalanceDraft[], name: StatementName): StatedEnds {
  const opening = choose(balances, OPENING, false);
  const closing = choose(balances, CLOSING, true);
  const placeOf = ({ line }: BalanceDraft): Place => placeIn(name, line);
  // One interim balance alone cannot be both ends.
  if (opening === closing)
    return { opening: undefined, closing: undefined, closingPlace: undefined };
  return {
    opening: opening && readBalance(opening, placeOf(opening)),
    closing: closing && readBalance(closing, placeOf(closing)),
    closingPlace: closing && placeOf(closing),
  };
}

/**
 * Throws `statement_currencies_mixed` for an opening or closing balance in another currency, be it one beside
 * that of the account: then the account has money that the entries of this statement cannot speak of.
 */
export function checkCurrencies(
  balances: readonly BalanceDraft[],
  expected: Currency,
  name: StatementName,
): void {
  const other = balances.find(
    ({ type, amount }) =>
      amount.currency !== expected && (OPENING.includes(type) || CLOSING.includes(type)),
  );
  if (!other) return;
  const { line, type, amount } = other;
  const facts = { field: `Bal/${type}/Amt/@Ccy`, expected, found: shorten(amount.currency) };
  throw new AppError(statementCurrenciesMixed, { line, ...name, ...facts });
}

/** Balances of which a day has one. Interim ones are several: a page may begin and end with them. */
const ONE_A_DAY = ['OPBD', 'PRCD', 'CLBD'];

/**
 * Throws `statement_field_invalid` when a statement states one of its ends twice for a day, and differently: which
 * one is true nobody can tell. A balance without a day is held against all of its type.
 */
export function checkContradictions(balances: readonly BalanceDraft[], name: StatementName): void {
  for (const type of ONE_A_DAY) {
    const ofType = balances.filter((balance) => balance.type === type);
    if (ofType.length < 2) continue;
    const days = new Map<string, BalanceDraft>();
    for (const balance of ofType) {
      const day = balance.date.slice(0, 10);
      const before = days.get(day) ?? days.get('') ?? (day === '' ? ofType[0] : undefined);
      if (before && before !== balance) refuseContradiction(before, balance, name);
      if (!days.has(day)) days.set(day, balance);
    }
  }
}

function refuseContradiction(
  before: BalanceDraft,
  balance: BalanceDraft,
  name: StatementName,
): void {
  const one = readBalance(before, placeIn(name, before.line));
  const other = readBalance(balance, placeIn(name, balance.line));
  if (one.amount === other.amount) return;
  const { type, indicator, amount, line } = balance;
  const sign = amount.text.trim() === before.amount.text.trim() ? ` ${indicator}` : '';
  throw invalidField(
    { place: placeIn(name, line), field: `Bal/${type}/Amt`, text: `${amount.text}${sign}` },
    `the balance that line ${before.line} states: ${written(one.amount, one.currency)}`,
  );
}

/** A line, with the statement that it is of. */
export function placeIn({ statement, statementId }: StatementName, line: number) {
  const place = { line, statement };
  return statementId === undefined ? place : { ...place, statementId: shorten(statementId) };
}

function choose(
  balances: readonly BalanceDraft[],
  types: readonly string[],
  last: boolean,
): BalanceDraft | undefined {
  for (const type of types) {
    const ofType = balances.filter((balance) => balance.type === type);
    // A stable sort: balances without or with equal dates stay in file order.
    const ordered = ofType.sort((a, b) => compareDates(a.date, b.date));
    const chosen = last ? ordered.at(-1) : ordered[0];
    if (chosen) return chosen;
  }
  return undefined;
}

function compareDates(a: string, b: string): number {
  if (a === '' || b === '' || a.slice(0, 10) === b.slice(0, 10)) return 0;
  return a < b ? -1 : 1;
}

function readBalance({ type, indicator, date, amount }: BalanceDraft, place: Place): StatedBalance {
  const raw = { place, field: `Bal/${type}/Amt` };
  const currency = readCurrency({ ...raw, field: `${raw.field}/@Ccy`, text: amount.currency });
  const size = readMinorUnits({ ...raw, text: amount.text }, currency);
  if (size < 0n) throw invalidField({ ...raw, text: amount.text }, 'an amount without a sign');
  const sign = readIndicator(indicator, place, `Bal/${type}/CdtDbtInd`);
  const day = readIsoDate(date, place, `Bal/${type}/Dt`);
  return { amount: sign === 'credit' ? size : -size, currency, date: day };
}

/** The currency of a statement: the account's, else its balances', else its first entry's. */
export function statementCurrency(
  candidates: readonly (string | undefined)[],
  place: Place,
): Currency {
  const stated = candidates.find((candidate) => candidate !== undefined && candidate !== '') ?? '';
  if (isCurrency(stated)) return stated;
  return readCurrency({ place, field: 'Stmt/Acct/Ccy', text: stated });
}
