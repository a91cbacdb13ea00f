import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { AppError } from '../../../kernel/error.ts';
import { CHARSET_ALLOWED, isCharset } from '../../../kernel/text.ts';
import { csvMappingInvalid } from '../../errors.ts';
import { mappingProblem } from './mapping-problem.ts';

const Column = Type.Union(
  [Type.String({ minLength: 1, maxLength: 200 }), Type.Integer({ minimum: 1, maximum: 1_000 })],
  { description: 'The name of a column in the header row, or its number, from 1.' },
);
const WORDS = 'a list of 1 to 20 words, of 1 to 40 characters each';
const Words = Type.Array(Type.String({ minLength: 1, maxLength: 40, 'x-allowed': WORDS }), {
  ...{ minItems: 1, maxItems: 20 },
  'x-allowed': WORDS,
});
const strict = { additionalProperties: false };

const Signed = Type.Object(
  { signed: Column },
  { ...strict, description: 'One column; debits are negative.' },
);
const Unsigned = Type.Object(
  { unsigned: Column, direction: Column, credit: Words, debit: Words },
  { ...strict, description: 'One column, and one whose values say which way the money went.' },
);
const TwoColumns = Type.Object(
  { credit: Column, debit: Column },
  { ...strict, description: 'A column for money in and one for money out; one of them is filled.' },
);
const Amount = Type.Union([Signed, Unsigned, TwoColumns], {
  description: 'Where the amount of a line is.',
});

const Balance = Type.String({
  pattern: '^-?\\d{1,20}(\\.\\d{1,4})?$',
  'x-allowed': 'a balance with a decimal point, such as -12.30',
  description: 'A balance with a decimal point, such as -12.30.',
});

/** How the columns of a CSV file are to be read. The schema is the check, the type and the documentation. */
export const CsvMapping = Type.Object(
  {
    delimiter: Type.Optional(
      Type.String({
        ...{ minLength: 1, maxLength: 1, 'x-allowed': 'one character' },
        description: 'Between fields; a comma without.',
      }),
    ),
    quote: Type.Optional(
      Type.String({
        ...{ maxLength: 1, 'x-allowed': 'one character, or empty for none' },
        description: 'Around fields; " without, empty for none.',
      }),
    ),
    charset: Type.Optional(
      Type.String({
        ...{ minLength: 1, maxLength: 40, 'x-allowed': CHARSET_ALLOWED },
        description: 'A WHATWG label; utf-8 without.',
      }),
    ),
    header: Type.Optional(
      Type.Boolean({
        'x-allowed': 'true or false',
        description: 'Whether the first row names the columns; true without.',
      }),
    ),
    skipRows: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000,
        'x-allowed': 'a whole number from 0 to 1000',
        description: 'Text lines before header or data.',
      }),
    ),
    skipLastRows: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        'x-allowed': 'a whole number from 0 to 100',
        description: 'Rows at the end that are no lines, such as totals; empty ones do not count.',
      }),
    ),
    dateFormat: Type.Enum(
      ['YYYY-MM-DD', 'YYYYMMDD', 'DD.MM.YYYY', 'DD.MM.YY', 'DD/MM/YYYY', 'MM/DD/YYYY', 'YYYY/M/D'],
      { description: 'Of every date column. A time behind a date is passed over.' },
    ),
    decimalSeparator: Type.Optional(Type.Enum(['.', ','], { description: 'A point without.' })),
    thousandsSeparator: Type.Optional(
      Type.Enum(['.', ',', ' ', "'"], {
        description: 'Between groups of three digits; none without.',
      }),
    ),
    amount: Amount,
    columns: Type.Object(
      {
        bookingDate: Column,
        valueDate: Type.Optional(Column),
        reference: Type.Optional(Column),
        counterpartyName: Type.Optional(Column),
        counterpartyAccount: Type.Optional(Column),
        creditedAccount: Type.Optional(Column),
        remittance: Type.Optional(
          Type.Array(Column, {
            minItems: 1,
            maxItems: 20,
            'x-allowed': 'a list of 1 to 20 columns',
          }),
        ),
        runningBalance: Type.Optional(Column),
        currency: Type.Optional(Column),
        bankCode: Type.Optional(Column),
      },
      strict,
    ),
    currency: Type.Optional(
      Type.String({
        ...{ pattern: '^[A-Z]{3}$', 'x-allowed': '3 capital letters, such as CNY' },
        description: 'Of all lines, if no column says it.',
      }),
    ),
    accountNumber: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, 'x-allowed': 'a text of 1 to 64 characters' }),
    ),
    openingBalance: Type.Optional(Balance),
    closingBalance: Type.Optional(Balance),
  },
  { ...strict, description: 'How the columns of a CSV bank statement are to be read.' },
);
export type CsvMapping = Static<typeof CsvMapping>;

/** A column by its name or its number. */
export type CsvColumn = Static<typeof Column>;

/** Checks a mapping from outside. Throws csv_mapping_invalid, which names the field and what is allowed there. */
export function checkCsvMapping(mapping: unknown): CsvMapping {
  if (mapping === undefined || mapping === null) {
    throw new AppError(csvMappingInvalid, { field: '', problem: 'CSV needs a mapping' });
  }
  if (!Value.Check(CsvMapping, mapping)) {
    const forms = { signed: Signed, unsigned: Unsigned, twoColumns: TwoColumns };
    throw new AppError(csvMappingInvalid, mappingProblem(mapping, { whole: CsvMapping, ...forms }));
  }
  const { charset } = mapping;
  if (charset !== undefined && !isCharset(charset)) {
    const problem = `must be ${CHARSET_ALLOWED}`;
    throw new AppError(csvMappingInvalid, { field: 'charset', problem });
  }
  const { decimalSeparator = '.', thousandsSeparator, delimiter = ',', quote = '"' } = mapping;
  if (decimalSeparator === thousandsSeparator) {
    const problem = 'must differ from decimalSeparator';
    throw new AppError(csvMappingInvalid, { field: 'thousandsSeparator', problem });
  }
  if (delimiter === quote) {
    throw new AppError(csvMappingInvalid, {
      field: 'quote',
      problem: 'must differ from delimiter',
    });
  }
  if (mapping.header === false) refuseNames(mapping);
  return mapping;
}

/** All columns that a mapping names, by the field of the mapping that names them. */
export function mappedColumns({ amount, columns }: CsvMapping): Map<string, CsvColumn> {
  const found = new Map<string, CsvColumn>();
  for (const [field, column] of Object.entries({ ...columns, remittance: undefined })) {
    if (column !== undefined) found.set(`columns.${field}`, column);
  }
  for (const [index, column] of (columns.remittance ?? []).entries()) {
    found.set(`columns.remittance.${index}`, column);
  }
  for (const [field, column] of Object.entries(amount)) {
    if (!Array.isArray(column)) found.set(`amount.${field}`, column);
  }
  return found;
}

function refuseNames(mapping: CsvMapping): void {
  for (const [field, column] of mappedColumns(mapping)) {
    if (typeof column === 'number') continue;
    const problem = 'must be a column number, because the file has no header row';
    throw new AppError(csvMappingInvalid, { field, problem });
  }
}
