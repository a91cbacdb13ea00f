import type { BusinessDate } from '../../../kernel/business-date.ts';
import type { Currency } from '../../../kernel/currency.ts';
import { AppError } from '../../../kernel/error.ts';
import { csvMappingInvalid, shorten } from '../../errors.ts';
import {
  checkLineAmount,
  given,
  invalidField,
  joinRemittance,
  normalAccount,
  type RawField,
  readDate,
  readMinorUnits,
} from '../fields.ts';
import type { LineDraft } from '../statement-writer.ts';
import { type CsvColumn, type CsvMapping, mappedColumns } from './csv-mapping.ts';

/** The mapped fields of one row, by the field of the mapping (`columns.bookingDate`, `amount.signed`). */
export type RowField = (field: string) => RawField;

/** How many column names an error lists. */
const MAX_NAMES = 50;

/**
 * Finds each mapped column's place in a row. `header` is the header row, if the file has one. Throws
 * csv_mapping_invalid with the columns found when a name is not there, or is there twice.
 */
export function placeColumns(
  mapping: CsvMapping,
  header: readonly string[],
): ReadonlyMap<string, number> {
  const names = header.map((name) => name.trim());
  const columnsFound = names.slice(0, MAX_NAMES).map(shorten);
  const placeOf = (field: string, column: CsvColumn): number => {
    if (typeof column === 'number') {
      if (names.length === 0 || column <= names.length) return column - 1;
      const problem = `the file has ${names.length} columns`;
      throw new AppError(csvMappingInvalid, { field, problem, columnsFound });
    }
    const index = names.indexOf(column.trim());
    if (index === -1) {
      const problem = `the file has no column "${shorten(column)}"`;
      throw new AppError(csvMappingInvalid, { field, problem, columnsFound });
    }
    if (names.lastIndexOf(column.trim()) !== index) {
      const problem = `the file has two columns "${shorten(column)}": give the number instead`;
      throw new AppError(csvMappingInvalid, { field, problem, columnsFound });
    }
    return index;
  };
  return new Map(
    [...mappedColumns(mapping)].map(([field, column]) => [field, placeOf(field, column)]),
  );
}

/** Reads one row. `amount` may be 0n: such a row is no booking. */
export function readRow(
  fieldOf: RowField,
  mapping: CsvMapping,
  position: number,
  code: Currency,
): LineDraft {
  const { columns } = mapping;
  const optional = (field: keyof typeof columns) =>
    columns[field] === undefined ? undefined : given(fieldOf(`columns.${field}`).text);
  const { amount, direction } = readAmount(fieldOf, mapping, code);
  const valueDate = columns.valueDate === undefined ? undefined : fieldOf('columns.valueDate');
  const account = (text: string | undefined) =>
    text === undefined ? undefined : normalAccount(text);
  return {
    position,
    direction,
    amount,
    reversal: false,
    bookingDate: readCsvDate(fieldOf('columns.bookingDate'), mapping),
    valueDate: valueDate && valueDate.text !== '' ? readCsvDate(valueDate, mapping) : undefined,
    bankReference: optional('reference'),
    creditedAccount: account(optional('creditedAccount')),
    counterpartyName: optional('counterpartyName'),
    counterpartyAccount: account(optional('counterpartyAccount')),
    remittance: joinRemittance(
      (columns.remittance ?? []).map((_, index) => fieldOf(`columns.remittance.${index}`).text),
    ),
    references: [],
    bankCode: optional('bankCode'),
  };
}

function readAmount(fieldOf: RowField, mapping: CsvMapping, code: Currency) {
  const { amount: where } = mapping;
  if ('signed' in where) return directed(fieldOf('amount.signed'), mapping, code);
  if ('unsigned' in where) {
    const raw = fieldOf('amount.unsigned');
    const word = fieldOf('amount.direction');
    const isCredit = where.credit.includes(word.text);
    if (!isCredit && !where.debit.includes(word.text)) {
      throw invalidField(word, [...where.credit, ...where.debit].join(', '));
    }
    const read = directed(raw, mapping, code);
    if (read.direction === 'debit') throw invalidField(raw, 'an amount without a sign');
    return { amount: read.amount, direction: isCredit ? ('credit' as const) : ('debit' as const) };
  }
  return oneOfTwo(fieldOf('amount.credit'), fieldOf('amount.debit'), mapping, code);
}

/** Banks leave the other column empty, or fill it with zero; some write money out with a minus. */
function oneOfTwo(credit: RawField, debit: RawField, mapping: CsvMapping, code: Currency) {
  // Some fill it with dashes.
  const isEmpty = ({ text }: RawField) => /^-*$/.test(text);
  const read = (raw: RawField) => (isEmpty(raw) ? 0n : directed(raw, mapping, code).amount);
  if (isEmpty(credit) && isEmpty(debit)) throw invalidField(credit, 'an amount in one column');
  const [into, out] = [read(credit), read(debit)];
  if (into !== 0n && out !== 0n) throw invalidField(credit, 'an amount in one column of the two');
  if (withSignInFront(credit.text).startsWith('-') && into !== 0n)
    throw invalidField(credit, 'an amount without a minus');
  return into === 0n
    ? { amount: out, direction: 'debit' as const }
    : { amount: into, direction: 'credit' as const };
}

function directed(raw: RawField, mapping: CsvMapping, code: Currency) {
  const signed = readCsvMinorUnits(raw, mapping, code);
  const amount = signed < 0n ? -signed : signed;
  if (amount !== 0n) checkLineAmount(raw, amount);
  return { amount, direction: signed < 0n ? ('debit' as const) : ('credit' as const) };
}

/** Reads an amount by the mapping's separators. Thousands must be grouped by three, or not at all. */
export function readCsvMinorUnits(raw: RawField, mapping: CsvMapping, code: Currency): bigint {
  return readGrouped({ ...raw, text: withSignInFront(raw.text) }, mapping, code);
}

/** A minus may be typeset, stand behind, or be written as parentheses: 1.00-, (1.00). */
function withSignInFront(text: string): string {
  const plain = text.replace(/^[\u2212\u2013]/, '-');
  const [, behind, inside] = /^(?:(\d.*)-|\((\d.*)\))$/.exec(plain) ?? [];
  const size = behind ?? inside;
  return size === undefined ? plain : `-${size.trim()}`;
}

function readGrouped(raw: RawField, mapping: CsvMapping, code: Currency): bigint {
  const { decimalSeparator = '.', thousandsSeparator } = mapping;
  if (thousandsSeparator === undefined) return readMinorUnits(raw, code, decimalSeparator);
  // Programs write a blank between thousands as a no-break or thin blank, and ' as ’.
  const text = raw.text.replace(/[\u00a0\u2009\u202f]/g, ' ').replaceAll('’', "'");
  if (!text.includes(thousandsSeparator))
    return readMinorUnits({ ...raw, text }, code, decimalSeparator);
  const [whole = '', ...fraction] = text.split(decimalSeparator);
  const groups = whole.replace(/^[+-]/, '').split(thousandsSeparator);
  const grouped =
    /^\d{1,3}$/.test(groups[0] ?? '') && groups.slice(1).every((g) => /^\d{3}$/.test(g));
  if (!grouped)
    throw invalidField(raw, `digits in groups of three between "${thousandsSeparator}"`);
  const plain = [whole.replaceAll(thousandsSeparator, ''), ...fraction].join(decimalSeparator);
  return readMinorUnits({ ...raw, text: plain }, code, decimalSeparator);
}

/** Where year, month and day are in each format. */
const DATE_FORMS: Readonly<Record<CsvMapping['dateFormat'], RegExp>> = {
  'YYYY-MM-DD': /^(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)$/,
  YYYYMMDD: /^(?<y>\d{4})(?<m>\d\d)(?<d>\d\d)$/,
  'DD.MM.YY': /^(?<d>\d\d?)\.(?<m>\d\d?)\.(?<y>\d\d)$/,
  'DD.MM.YYYY': /^(?<d>\d\d?)\.(?<m>\d\d?)\.(?<y>\d{4})$/,
  'DD/MM/YYYY': /^(?<d>\d\d?)\/(?<m>\d\d?)\/(?<y>\d{4})$/,
  'MM/DD/YYYY': /^(?<m>\d\d?)\/(?<d>\d\d?)\/(?<y>\d{4})$/,
  'YYYY/M/D': /^(?<y>\d{4})\/(?<m>\d\d?)\/(?<d>\d\d?)$/,
};

function readCsvDate(raw: RawField, { dateFormat }: CsvMapping): BusinessDate {
  const date = withoutTime(raw.text);
  const { y = '', m = '', d = '' } = DATE_FORMS[dateFormat].exec(date)?.groups ?? {};
  // As in MT940, 80 to 99 are the last century.
  const century = y < '80' ? '20' : '19';
  const year = y.length === 2 ? `${century}${y}` : y;
  return readDate(raw, `${year}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`, dateFormat);
}

/** The time behind a date, with colons or, as in 20260302101112, without; and its zone, which is not applied. */
function withoutTime(text: string): string {
  const [, joined] = /^(\d{8})[ T]?\d{6}$/.exec(text) ?? [];
  const time = /[ T]\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$/;
  return joined ?? text.replace(time, '');
}
