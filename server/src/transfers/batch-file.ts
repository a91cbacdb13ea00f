import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import type { Currency } from '../kernel/currency.ts';
import { parseDecimal } from '../kernel/decimal.ts';
import { AppError } from '../kernel/error.ts';
import { MAX_TEXT, TEXT_PATTERN } from '../kernel/text.ts';
import { MAX_BATCH_ITEMS } from './batch.ts';
import type { BatchItem } from './batch-run.ts';
import { batchFileInvalid } from './errors.ts';

/** The fields of a transfer that a file can have. */
const FILE_FIELDS = ['debitAccount', 'creditAccount', 'amount', 'reference', 'memo'] as const;
type FileField = (typeof FILE_FIELDS)[number];
const REQUIRED: readonly FileField[] = ['debitAccount', 'creditAccount', 'amount'];

/** The charsets that a file may be declared to have. GBK is read as GB 18030, which contains it. */
export const FILE_CHARSETS = ['utf-8', 'gbk', 'gb18030'] as const;

/** A file of transfers, as it is declared. */
export interface BatchFile {
  readonly bytes: Uint8Array;
  readonly charset: (typeof FILE_CHARSETS)[number];
  /** The currency of the amounts, which are decimals: 12.30. */
  readonly currency: Currency;
  /** What the columns are called; left out: as the fields are, and no other column may be there. */
  readonly columns?: Readonly<Partial<Record<FileField, string>>> | undefined;
}

/** What is wrong with a row. */
export interface RowError {
  /** Of the text, from 1. */
  readonly line: number;
  /** Undefined where it is the whole row. */
  readonly field?: FileField;
  readonly detail: string;
}

/** The items of a file, with the line of the text that each stands on. */
export interface FileItems {
  readonly items: readonly BatchItem[];
  readonly lines: readonly number[];
}

/** Errors of a file that are told at once. */
const MAX_ROW_ERRORS = 100;

/**
 * Reads a CSV file of transfers: a header, then a row for each. All that is wrong with its form is told at once, by
 * line and field, before anything is asked of the ledger.
 *
 * Throws AppError: `batch_file_invalid`.
 */
export function readBatchFile({ bytes, charset, currency, columns }: BatchFile): FileItems {
  const [header, ...rows] = rowsOf(decoded(bytes, charset));
  if (!header) throw invalidFile([{ line: 1, detail: 'the file has no header' }]);
  const places = placesOf(header, columns);
  if (rows.length === 0) throw invalidFile([{ line: header.line, detail: 'there is no row' }]);
  if (rows.length > MAX_BATCH_ITEMS) {
    const line = rows[MAX_BATCH_ITEMS]?.line ?? header.line;
    throw invalidFile([{ line, detail: `at most ${MAX_BATCH_ITEMS} rows` }]);
  }
  const errors: RowError[] = [];
  const items = rows.map((row) =>
    itemOf(row, { places, width: header.cells.length, currency, errors }),
  );
  if (errors.length > 0) throw invalidFile(errors);
  return { items, lines: rows.map(({ line }) => line) };
}

interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

function decoded(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch (cause) {
    const detail = `the bytes are not ${charset}: declare the charset that the file has`;
    throw invalidFile([{ line: 1, detail }], cause);
  }
}

function rowsOf(text: string): readonly Row[] {
  const rows: Row[] = [];
  try {
    parse(text, {
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      on_record: (cells: string[], { lines }) => {
        rows.push({ cells, line: lines });
        return null;
      },
    });
    return rows;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : 1;
    throw invalidFile([{ line, detail: `not CSV: ${error.message}` }], error);
  }
}

/** Where in a row each field stands. */
function placesOf(
  { cells, line }: Row,
  columns: BatchFile['columns'],
): ReadonlyMap<FileField, number> {
  const errors: RowError[] = [];
  const places = new Map<FileField, number>();
  for (const field of FILE_FIELDS) {
    const name = columns ? columns[field] : field;
    if (name === undefined) continue;
    const at = cells.indexOf(name);
    if (at >= 0) places.set(field, at);
    else if (columns || REQUIRED.includes(field)) {
      errors.push({ line, field, detail: `there is no column ${name}` });
    }
    if (at >= 0 && cells.lastIndexOf(name) !== at) {
      errors.push({ line, field, detail: `there are two columns ${name}` });
    }
  }
  for (const field of REQUIRED) {
    if (columns && columns[field] === undefined) {
      errors.push({ line, field, detail: 'say which column it is' });
    }
  }
  const known: readonly string[] = FILE_FIELDS;
  const others = columns ? [] : cells.filter((name) => !known.includes(name));
  for (const name of others) errors.push({ line, detail: `an unknown column: ${name}` });
  if (errors.length > 0) throw invalidFile(errors);
  return places;
}

function itemOf(
  { cells, line }: Row,
  context: {
    places: ReadonlyMap<FileField, number>;
    width: number;
    currency: Currency;
    errors: RowError[];
  },
): BatchItem {
  const { places, width, currency, errors } = context;
  if (cells.length !== width) {
    errors.push({ line, detail: `${cells.length} columns, and the header has ${width}` });
  }
  const cell = (field: FileField) => cells[places.get(field) ?? -1] ?? '';
  const account = (field: FileField) => {
    if (!/^\d{19}$/.test(cell(field))) errors.push({ line, field, detail: 'must be 19 digits' });
    return cell(field);
  };
  const text = (field: 'reference' | 'memo') => {
    const value = cell(field);
    if (value === '') return undefined;
    const isText = new RegExp(TEXT_PATTERN, 'u').test(value);
    if (isText && value.length <= MAX_TEXT[field]) return value;
    const detail = `must be text of at most ${MAX_TEXT[field]} characters`;
    errors.push({ line, field, detail });
    return undefined;
  };
  return {
    type: 'transfer',
    debitAccount: account('debitAccount'),
    creditAccount: account('creditAccount'),
    amount: amountIn(cell('amount'), { line, currency, errors }),
    currency,
    reference: text('reference'),
    memo: text('memo'),
  };
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER);

function amountIn(
  text: string,
  { line, currency, errors }: { line: number; currency: Currency; errors: RowError[] },
): bigint {
  const parsed = parseDecimal(text, currency);
  if (parsed.ok && parsed.minorUnits > 0n && parsed.minorUnits <= MOST) return parsed.minorUnits;
  const detail =
    !parsed.ok && parsed.reason === 'too_many_decimals'
      ? `has more decimals than ${currency}`
      : 'must be an amount above zero such as 12.30';
  errors.push({ line, field: 'amount', detail });
  return 1n;
}

function invalidFile(errors: readonly RowError[], cause?: unknown): AppError {
  const told = errors.slice(0, MAX_ROW_ERRORS).map(({ line, field, detail }) => ({
    pointer: field === undefined ? `/line/${line}` : `/line/${line}/${field}`,
    ...{ line, detail },
    ...(field === undefined ? {} : { field }),
  }));
  const facts = { errors: told, errorCount: errors.length };
  return new AppError(batchFileInvalid, facts, cause === undefined ? {} : { cause });
}
