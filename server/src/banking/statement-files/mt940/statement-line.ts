import type { BusinessDate } from '../../../kernel/business-date.ts';
import { isBusinessDate } from '../../../kernel/business-date.ts';
import type { Currency } from '../../../kernel/currency.ts';
import {
  checkLineAmount,
  invalidField,
  readCurrency,
  readDate,
  readMinorUnits,
} from '../fields.ts';
import type { StatedBalance } from '../statement-file.ts';

/** What :61: says. `amount` may be 0n: such a line is no booking. */
export interface Mt940Line {
  readonly line: number;
  readonly direction: 'credit' | 'debit';
  readonly reversal: boolean;
  /** EC and ED announce a booking; they are none. */
  readonly expected: boolean;
  readonly amount: bigint;
  readonly valueDate: BusinessDate;
  readonly bookingDate: BusinessDate;
  readonly typeCode: string | undefined;
  readonly customerReference: string | undefined;
  readonly bankReference: string | undefined;
}

/**
 * SWIFT MT940, field 61: value date, entry date (optional, or four blanks), mark, funds code (optional),
 * amount, type, customer reference, // bank reference. Some banks leave the type out at the end.
 */
const LINE = /^(\d{6})(\d{4}| {4})? *(RC|RD|EC|ED|C|D)([A-Z])?(\d[\d.,]*)([A-Z][A-Z0-9]{3})?(.*)$/s;
const BALANCE = /^([CD])(\d{6})([A-Z]{3})(\d[\d.,]*)$/;
const LINE_FORM = 'YYMMDD[MMDD](C|D|RC|RD)[letter]amount,[type][reference][//bank reference]';

/** Years of two digits: MT940 reads 80 to 99 as the last century. */
function isoOf(text: string): string {
  const century = text < '80' ? '20' : '19';
  return `${century}${text.slice(0, 2)}-${text.slice(2, 4)}-${text.slice(4, 6)}`;
}

/** The date MMDD that lies nearest to the value date: around new year it may be in the year next to it. */
function entryDate(valueDate: BusinessDate, monthDay: string): BusinessDate | undefined {
  if (valueDate.endsWith(`-${monthDay.slice(0, 2)}-${monthDay.slice(2)}`)) return valueDate;
  const year = Number(valueDate.slice(0, 4));
  const target = Date.parse(valueDate);
  let nearest: BusinessDate | undefined;
  for (const candidateYear of [year, year - 1, year + 1]) {
    const iso = `${candidateYear}-${monthDay.slice(0, 2)}-${monthDay.slice(2)}`;
    if (!isBusinessDate(iso)) continue;
    const distance = Math.abs(Date.parse(iso) - target);
    if (nearest === undefined || distance < Math.abs(Date.parse(nearest) - target)) nearest = iso;
  }
  return nearest;
}

/** Reads :61:. RC takes a credit back, so it is a debit; RD takes a debit back, so it is a credit. */
export function readLine(text: string, line: number, code: Currency): Mt940Line {
  const raw = { place: { line }, field: ':61:', text };
  // The supplementary details, on the next line, are text and read with :86:.
  const first = (text.split('\n', 1)[0] ?? '').trimEnd();
  const match = LINE.exec(first);
  const [, value, entry, mark, , amountText, typeCode, rest = ''] = match ?? [];
  if (value === undefined || mark === undefined || amountText === undefined) {
    throw invalidField(raw, LINE_FORM);
  }
  if (typeCode === undefined && rest.trim() !== '') throw invalidField(raw, LINE_FORM);
  const amountField = { ...raw, field: ':61: amount', text: amountText };
  const amount = readMinorUnits(amountField, code, ',');
  if (amount !== 0n) checkLineAmount(amountField, amount);
  const valueDate = readDate(
    { ...raw, field: ':61: value date', text: value },
    isoOf(value),
    'YYMMDD',
  );
  const booked =
    entry === undefined || entry.trim() === '' ? valueDate : entryDate(valueDate, entry);
  if (booked === undefined) {
    throw invalidField({ ...raw, field: ':61: entry date', text: entry ?? '' }, 'a date MMDD');
  }
  const slashes = rest.indexOf('//');
  const [customer, bank] =
    slashes === -1 ? [rest, ''] : [rest.slice(0, slashes), rest.slice(slashes + 2)];
  return {
    line,
    direction: mark === 'C' || mark === 'RD' || mark === 'EC' ? 'credit' : 'debit',
    reversal: mark.startsWith('R'),
    expected: mark.startsWith('E'),
    amount,
    valueDate,
    bookingDate: booked,
    typeCode,
    customerReference: referenceOf(customer),
    bankReference: referenceOf(bank),
  };
}

/** A reference, or undefined where the bank wrote that there is none. */
function referenceOf(text: string): string | undefined {
  const reference = text.trim();
  return /^(?:|NONREF|NOREF|NOTPROVIDED|\/+)$/.test(reference) ? undefined : reference;
}

/** Reads :60a: or :62a:. A debit balance is negative. */
export function readBalance(text: string, line: number, field: string): StatedBalance {
  const raw = { place: { line }, field, text };
  const [, mark, date, codeText, amountText] = BALANCE.exec(text.trim()) ?? [];
  if (
    mark === undefined ||
    date === undefined ||
    codeText === undefined ||
    amountText === undefined
  ) {
    throw invalidField(raw, '(C|D)YYMMDD, a currency code, an amount with a decimal comma');
  }
  const currency = readCurrency({ ...raw, text: codeText });
  const amount = readMinorUnits({ ...raw, text: amountText }, currency, ',');
  // Some banks know no date of the balance before the first statement.
  const day =
    date === '000000' ? undefined : readDate({ ...raw, text: date }, isoOf(date), 'YYMMDD');
  return { amount: mark === 'C' ? amount : -amount, currency, date: day };
}
