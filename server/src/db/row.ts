import { strict as assert } from 'node:assert';

/** One row as an array, as raw statements give it: every value is looked at before it is believed. */
export type Row = readonly unknown[];

/** The value as a bigint (int8). Throws when the statement gave anything else: a bug of ours. */
export function bigintAt(row: Row, column: number): bigint {
  const value = row[column];
  assert(typeof value === 'bigint', `column ${column} is not a bigint`);
  return value;
}

/** The value as a bigint, undefined for null. */
export function bigintOrNone(row: Row, column: number): bigint | undefined {
  return row[column] === null ? undefined : bigintAt(row, column);
}

/** The value as a number (int4). */
export function intAt(row: Row, column: number): number {
  const value = row[column];
  assert(typeof value === 'number', `column ${column} is not a number`);
  return value;
}

/** The value as text; dates come as text too. */
export function textAt(row: Row, column: number): string {
  const value = row[column];
  assert(typeof value === 'string', `column ${column} is not text`);
  return value;
}

/** The value as text, undefined for null. */
export function textOrNone(row: Row, column: number): string | undefined {
  return row[column] === null ? undefined : textAt(row, column);
}

/** The values of an array of texts. */
export function textsAt(row: Row, column: number): readonly string[] {
  const value = row[column];
  assert(Array.isArray(value), `column ${column} is not an array`);
  return value.map((each: unknown) => {
    assert(typeof each === 'string', `column ${column} is not an array of texts`);
    return each;
  });
}

/** The value as a boolean. */
export function booleanAt(row: Row, column: number): boolean {
  const value = row[column];
  assert(typeof value === 'boolean', `column ${column} is not a boolean`);
  return value;
}

/** The bytes in hexadecimal. */
export function hexAt(row: Row, column: number): string {
  const value = row[column];
  assert(Buffer.isBuffer(value), `column ${column} is not bytes`);
  return value.toString('hex');
}

/** The value as a moment, undefined for null. */
export function dateOrNone(row: Row, column: number): Date | undefined {
  const value = row[column];
  assert(value === null || value instanceof Date, `column ${column} is not a moment`);
  return value ?? undefined;
}
