import type { Currency } from '../../kernel/currency.ts';
import { AppError } from '../../kernel/error.ts';
import { csvMappingInvalid } from '../errors.ts';
import { decodeText, readHead } from './byte-source.ts';
import { createCamt053Reader } from './camt053/read-camt053.ts';
import { readCiticReply } from './citic/read-citic.ts';
import { type CsvMapping, checkCsvMapping } from './csv/csv-mapping.ts';
import { readCsv } from './csv/read-csv.ts';
import { type Detected, detectFormat, textCharset, xmlCharset } from './detect-format.ts';
import { DEFAULT_LIMITS, type StatementLimits } from './limits.ts';
import { createMt940Reader } from './mt940/read-mt940.ts';
import type { StatementEvent, StatementFormat } from './statement-file.ts';
import { type ReferencesPerDay, StatementWriter } from './statement-writer.ts';
import type { TextReader } from './xml-reader.ts';

/** What the caller knows of a file beforehand. */
export interface StatementFileOptions {
  /** Checked against the head of the file; must be `csv` (with a mapping) for CSV. */
  readonly format?: StatementFormat;
  /** A WHATWG label, such as gb18030; without it XML says it itself, and the others are UTF-8. */
  readonly charset?: string;
  /** The mapping of a CSV file, as it came from outside: it is checked here. */
  readonly csv?: CsvMapping;
  /** For formats whose files lack it: CITIC, and CSV without a column or constant. */
  readonly currency?: Currency;
  /** For formats whose files lack it; must agree with a file that has one (CITIC DLTRNALL). */
  readonly accountNumber?: string;
  /**
   * Asked of each statement: true when its bank counts references anew from day to day. Then `reference` is the
   * booking date, a slash and the bank's reference. Not asked of CITIC, whose references have their date in them.
   */
  readonly referencesPerDay?: ReferencesPerDay;
  readonly limits?: Partial<StatementLimits>;
}

/** A file whose format is known; nothing of its lines is read before `events` is iterated. */
export interface OpenedStatementFile extends Detected {
  /**
   * Batches of events, in file order, read as they are asked for: memory does not grow with the file.
   * Lines come before the totals at the end of their statement are checked, so keep none of them until
   * `closed` has come. Whatever is wrong with the file is thrown as an AppError (`banking/errors.ts`).
   */
  readonly events: AsyncIterable<readonly StatementEvent[]>;
}

const BATCH_EVENTS = 1_000;

/**
 * Opens a bank statement of any format that is read: camt.053, MT940, CITIC detail replies, declared CSV.
 * Throws statement_format_unknown (what was seen, what is readable), statement_format_differs, csv_mapping_invalid.
 */
export async function openStatementFile(
  source: AsyncIterable<Uint8Array>,
  options: StatementFileOptions = {},
): Promise<OpenedStatementFile> {
  const declared = options.format ?? (options.csv ? 'csv' : undefined);
  const mapping = declared === 'csv' ? checkCsvMapping(options.csv) : undefined;
  if (options.csv && !mapping) {
    const problem = `a mapping was given with the format ${declared ?? ''}`;
    throw new AppError(csvMappingInvalid, { field: 'format', problem });
  }
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const bytes = await readHead(source, limits);
  const detected = detectFormat(bytes.head, declared);
  const hasDates = detected.format.startsWith('citic-');
  const writer = new StatementWriter(limits, hasDates ? undefined : options.referencesPerDay);
  const context = { ...options, format: detected.format, limits, writer };

  if (mapping) {
    const label = options.charset ?? mapping.charset;
    const text = decodeText(bytes.pieces, textCharset(bytes.head, label));
    return { ...detected, events: readCsv(text, mapping, context) };
  }
  switch (detected.format) {
    case 'camt.053': {
      const text = decodeText(bytes.pieces, xmlCharset(bytes.head, options.charset));
      return { ...detected, events: pushThrough(text, createCamt053Reader(context), writer) };
    }
    case 'mt940': {
      const text = decodeText(bytes.pieces, textCharset(bytes.head, options.charset));
      return { ...detected, events: pushThrough(text, createMt940Reader(context), writer) };
    }
    default:
      return { ...detected, events: readCiticReply(bytes, context) };
  }
}

async function* pushThrough(
  texts: AsyncIterable<string>,
  reader: TextReader,
  writer: StatementWriter,
): AsyncGenerator<readonly StatementEvent[]> {
  for await (const text of texts) {
    reader.write(text);
    if (writer.waiting >= BATCH_EVENTS) yield writer.take();
  }
  reader.end();
  if (writer.waiting > 0) yield writer.take();
}
