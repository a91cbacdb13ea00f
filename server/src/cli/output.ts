import Table from 'cli-table3';
import { type Currency, isCurrency } from '../kernel/currency.ts';
import { formatGrouped } from '../kernel/decimal.ts';

/** Where a command writes: results on standard output, everything else on standard error. */
export interface Terminal {
  readonly write: (text: string) => void;
  readonly note: (text: string) => void;
  /** True when a person is watching standard error: only then is progress drawn. */
  readonly isWatched: boolean;
}

/** The process's own. */
export const processTerminal: Terminal = {
  write: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(text),
  isWatched: process.stderr.isTTY === true,
};

/** A column of a table: what stands above it, and what it shows of a row. */
export interface Column<Row> {
  readonly title: string;
  readonly show: (row: Row) => string | null | undefined;
  /** Amounts and counts: their digits stand under each other. */
  readonly right?: boolean;
}

/** A table for people. Says so in a sentence when there is nothing to show. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { empty }: { empty: string },
): string {
  if (rows.length === 0) return `${empty}\n`;
  const drawn = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ right }) => (right ? 'right' : 'left')),
    style: { head: [], border: [] },
    chars: LINES,
  });
  for (const row of rows) drawn.push(columns.map(({ show }) => oneLine(show(row) ?? '')));
  return `${drawn.toString().replace(/^ | +$/gm, '')}\n`;
}

/** One thing for people: a name and a value a line. */
export function fields(values: Readonly<Record<string, string | null | undefined>>): string {
  const shown = Object.entries(values).filter(([, value]) => value != null && value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value ?? '')}\n`).join('');
}

// Only what separates the head from the rows, and columns by a space: easy to read, select and paste.
const LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: ' ' },
};

/** Names come from outside: no line break, and nothing that would move the cursor, reaches the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}

/** An amount for people: 123456n of CNY is "1,234.56". */
export function money(minorUnits: bigint, currency: string): string {
  return isCurrency(currency) ? formatGrouped(minorUnits, currency) : minorUnits.toString();
}

/** The same with its currency, where no column says it. */
export function moneyWithCurrency(minorUnits: bigint, currency: Currency | string): string {
  return `${money(minorUnits, currency)} ${currency}`;
}

/** One JSON document for programs: amounts as integers of minor units, times in ISO 8601. */
export function jsonDocument(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, each: unknown) => (typeof each === 'bigint' ? JSON.rawJSON(each.toString()) : each),
    2,
  );
  return `${text}\n`;
}
