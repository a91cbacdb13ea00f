import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import type { Currency } from '../../../kernel/currency.ts';
import { AppError } from '../../../kernel/error.ts';
import {
  csvMappingInvalid,
  shorten,
  statementCurrenciesMixed,
  statementMalformed,
  statementTooLarge,
  statementTotalsDisagree,
  statementTruncated,
} from '../../errors.ts';
import { given, invalidField, type RawField, readCurrency, readMinorUnits } from '../fields.ts';
import type { ReaderContext } from '../reader-context.ts';
import type { StatedBalance, StatementEvent } from '../statement-file.ts';
import { signedAmount, written } from '../statement-writer.ts';
import type { CsvMapping } from './csv-mapping.ts';
import { placeColumns, readCsvMinorUnits, readRow } from './csv-row.ts';
import { RunningBalance } from './running-balance.ts';

/** A row as csv-parse gives it, with the text line that it ends on. */
interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

const BATCH_EVENTS = 1_000;

/** Reads a CSV file by its declared mapping, as one statement. */
export async function* readCsv(
  text: AsyncIterable<string>,
  mapping: CsvMapping,
  context: ReaderContext,
): AsyncGenerator<readonly StatementEvent[]> {
  const { writer, limits } = context;
  const sheet = createSheet(mapping, context);
  const skipRows = mapping.skipRows ?? 0;
  const parser = parse({
    bom: true,
    delimiter: mapping.delimiter ?? ',',
    quote: mapping.quote === '' ? false : (mapping.quote ?? '"'),
    info: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    max_record_size: limits.maxLineLength,
    relax_column_count: true,
    trim: true,
  });
  // What goes wrong in the source arrives below as the parser's error.
  pipeline(Readable.from(withoutLines(text, skipRows)), parser, () => undefined);
  let last = 0;
  try {
    for await (const { record, info } of withoutLast(parser, mapping.skipLastRows ?? 0)) {
      last = info.lines + skipRows;
      sheet.take(record, last);
      if (writer.waiting >= BATCH_EVENTS) yield writer.take();
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw asAppError(error, parser.info.lines + skipRows, limits.maxLineLength);
  }
  sheet.end(last);
  if (writer.waiting > 0) yield writer.take();
}

/** Passes over the last rows, which are known for such when no more come. */
async function* withoutLast(rows: AsyncIterable<Row>, count: number): AsyncGenerator<Row> {
  const waiting: Row[] = [];
  for await (const row of rows) {
    waiting.push(row);
    const ready = waiting.length > count ? waiting.shift() : undefined;
    if (ready) yield ready;
  }
}

/** Passes over the first lines of a text, and refuses NUL characters: no text file has any. */
async function* withoutLines(text: AsyncIterable<string>, lines: number): AsyncGenerator<string> {
  let left = lines;
  for await (const piece of text) {
    if (piece.includes('\0')) {
      throw new AppError(statementMalformed, {
        problem: 'NUL characters: a binary file',
        found: '',
      });
    }
    let from = 0;
    while (left > 0) {
      const end = piece.indexOf('\n', from);
      if (end === -1) break;
      left -= 1;
      from = end + 1;
    }
    if (left === 0 && from < piece.length) yield piece.slice(from);
  }
}

function asAppError(error: CsvError, line: number, maximum: number): AppError {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new AppError(statementTruncated, { missing: 'the closing quote of a field', line });
    case 'CSV_MAX_RECORD_SIZE':
      return new AppError(statementTooLarge, { limit: 'maxLineLength', maximum, line });
    default: {
      const facts = { problem: 'a row that is not CSV', found: shorten(error.message), line };
      return new AppError(statementMalformed, facts, { cause: error });
    }
  }
}

/** Turns rows into the events of one statement. */
function createSheet(mapping: CsvMapping, context: ReaderContext) {
  const { writer } = context;
  const running = new RunningBalance();
  let places: ReadonlyMap<string, number> | undefined;
  let width = 0;
  let code: Currency | undefined;

  function open(currency: Currency): Currency {
    const account = given(
      (mapping.accountNumber ?? context.accountNumber ?? '').replace(/\s+/g, ''),
    );
    const opening = declared(mapping.openingBalance, 'openingBalance', currency);
    writer.open({
      accountNumber: account,
      currency,
      statementId: undefined,
      sequence: undefined,
      opening,
    });
    code = currency;
    return currency;
  }

  function take(record: readonly string[], line: number) {
    if (!places) {
      const header = mapping.header ?? true;
      width = record.length;
      places = placeColumns(mapping, header ? record : record.map((_, index) => `${index + 1}`));
      if (header) return;
    }
    checkWidth(record, width, line);
    const at = places;
    const fieldOf = (field: string): RawField => {
      const index = at.get(field) ?? -1;
      return { place: { line }, field, text: record[index] ?? '' };
    };
    const rowCurrency = currencyOf(fieldOf, mapping, context);
    const currency = code ?? open(rowCurrency);
    if (rowCurrency !== currency) {
      const facts = { field: 'columns.currency', expected: currency, found: rowCurrency, line };
      throw new AppError(statementCurrenciesMixed, facts);
    }
    const draft = readRow(fieldOf, mapping, line, currency);
    if (mapping.columns.runningBalance !== undefined) {
      const balance = readCsvMinorUnits(fieldOf('columns.runningBalance'), mapping, currency);
      const wrong = running.add({ signed: signedAmount(draft), balance });
      if (wrong) throw runningError(wrong.expected, balance, currency, line);
    }
    if (draft.amount === 0n) writer.skip('zero_amount');
    else writer.line(draft);
  }

  function end(line: number) {
    if (!places && (mapping.header ?? true)) {
      throw new AppError(statementTruncated, { missing: 'the header row', line });
    }
    const currency = code ?? open(constantCurrency(mapping, context));
    const ends = running.ends();
    const derived = (amount: bigint): StatedBalance => ({ amount, currency, date: undefined });
    const closing = declared(mapping.closingBalance, 'closingBalance', currency);
    if (ends && closing && closing.amount !== ends.closing) {
      throw runningError(closing.amount, ends.closing, currency, line);
    }
    writer.close(
      closing ?? (ends && derived(ends.closing)),
      { line },
      ends && derived(ends.opening),
    );
  }

  return { take, end };
}

/** Rows may end in more separators than the first one, and nothing between them. */
function checkWidth(record: readonly string[], width: number, line: number): void {
  if (record.length >= width && record.slice(width).every((text) => text === '')) return;
  throw new AppError(statementMalformed, {
    problem: `a row of ${record.length} fields; the first has ${width}`,
    found: shorten(record.join(' ')),
    line,
  });
}

function runningError(expected: bigint, found: bigint, currency: Currency, line: number): AppError {
  return new AppError(statementTotalsDisagree, {
    reason: 'running_balance',
    field: 'columns.runningBalance',
    expected: written(expected, currency),
    found: written(found, currency),
    line,
  });
}

function declared(
  text: string | undefined,
  field: string,
  currency: Currency,
): StatedBalance | undefined {
  if (text === undefined) return undefined;
  const raw = { place: { line: 0 }, field: `mapping.${field}`, text };
  return { amount: readMinorUnits(raw, currency), currency, date: undefined };
}

/** What Chinese banks call their currency. */
const CHINESE_NAMES: ReadonlyMap<string, string> = new Map([
  ['人民币', 'CNY'],
  ['RMB', 'CNY'],
]);

function currencyOf(
  fieldOf: (field: string) => RawField,
  mapping: CsvMapping,
  context: ReaderContext,
) {
  if (mapping.columns.currency === undefined) return constantCurrency(mapping, context);
  const raw = fieldOf('columns.currency');
  if (raw.text === '') throw invalidField(raw, 'an ISO 4217 currency code');
  const stated = readCurrency({ ...raw, text: CHINESE_NAMES.get(raw.text) ?? raw.text });
  if (mapping.currency === undefined || mapping.currency === stated) return stated;
  throw invalidField(raw, `the mapping's currency: ${mapping.currency}`);
}

function constantCurrency(mapping: CsvMapping, { currency }: ReaderContext): Currency {
  const text = mapping.currency ?? currency;
  if (text === undefined) {
    const problem = 'give a currency: no column of the file says it';
    throw new AppError(csvMappingInvalid, { field: 'currency', problem });
  }
  return readCurrency({ place: { line: 0 }, field: 'mapping.currency', text });
}
