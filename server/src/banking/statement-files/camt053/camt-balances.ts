import { type Currency, isCurrency } from '../../../kernel/currency.ts';
import type { Place } from '../../errors.ts';
import { invalidField, readCurrency, readMinorUnits } from '../fields.ts';
import type { StatedBalance } from '../statement-file.ts';
import type { BalanceDraft } from './camt-draft.ts';
import { readIndicator, readIsoDate } from './camt-entry.ts';

/** Opening balances by preference: booked, previously closed, interim (of a page that is not the first). */
const OPENING = ['OPBD', 'PRCD', 'ITBD'];
/** Closing balances by preference: booked, interim (of a page that is not the last). */
const CLOSING = ['CLBD', 'ITBD'];

/**
 * Finds the opening and closing balance among those stated. A type may stand there for several days: the
 * first opening and the last closing count. One in the account's currency goes before one in another.
 */
export function readBalances(
  balances: readonly BalanceDraft[],
  accountCurrency: string,
  place: Place,
): { readonly opening: StatedBalance | undefined; readonly closing: StatedBalance | undefined } {
  const opening = choose(balances, OPENING, accountCurrency, false);
  const closing = choose(balances, CLOSING, accountCurrency, true);
  // One interim balance alone cannot be both ends.
  if (opening === closing) return { opening: undefined, closing: undefined };
  return {
    opening: opening && readBalance(opening, place),
    closing: closing && readBalance(closing, place),
  };
}

function choose(
  balances: readonly BalanceDraft[],
  types: readonly string[],
  accountCurrency: string,
  last: boolean,
): BalanceDraft | undefined {
  for (const type of types) {
    const ofType = balances.filter((balance) => balance.type === type);
    const ours = ofType.filter(({ amount }) => amount.currency === accountCurrency);
    const candidates = ours.length > 0 ? ours : ofType;
    // A stable sort: balances without or with equal dates stay in file order.
    const ordered = [...candidates].sort((a, b) => compareDates(a.date, b.date));
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
