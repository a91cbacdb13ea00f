import { AppError } from '../kernel/error.ts';
import { invalidRequest } from './errors.ts';

/** The opaque text of a position in a list: base64url of the fields that the next page starts after. */
export function encodeCursor(fields: readonly string[]): string {
  return Buffer.from(JSON.stringify(fields), 'utf8').toString('base64url');
}

/**
 * Reads a cursor that `encodeCursor` wrote. `parse` turns its fields into a position, or into undefined when
 * they are none; then, and for any other text, it is a 400 that names the cursor.
 */
export function decodeCursor<T>(
  cursor: string,
  parse: (fields: readonly string[]) => T | undefined,
): T {
  const fields = fieldsOf(cursor);
  const position = fields && parse(fields);
  if (position !== undefined) return position;
  const detail = 'must be a nextCursor that this list has given';
  throw new AppError(invalidRequest, { errors: [{ pointer: 'query/cursor', detail }] });
}

function fieldsOf(cursor: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const texts = Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
    return Array.isArray(value) && texts.length === value.length ? texts : undefined;
  } catch {
    return undefined;
  }
}
