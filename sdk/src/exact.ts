/**
 * An answer has an integer that a JavaScript number cannot hold exactly, such as a sum above 2^53 − 1. The
 * request was done all the same: `status` and `text` are the whole answer, to be read with a parser that knows
 * 64-bit integers.
 */
export class InexactIntegerError extends Error {
  /** The name of the field, or its index in a list. */
  readonly field: string;
  readonly status: number;
  readonly text: string;

  constructor({ field, status, text }: { field: string; status: number; text: string }) {
    super(`the answer has an integer in "${field}" that a number cannot hold exactly`);
    this.name = 'InexactIntegerError';
    this.field = field;
    this.status = status;
    this.text = text;
  }
}

/** Only with so many digits in a row can an integer be too large; account numbers are such too, as text. */
const MANY_DIGITS = /\d{16}/;

/** The same answer, once every integer in it is known to be exact. Throws InexactIntegerError. */
export async function refuseInexact(response: Response): Promise<Response> {
  if (!response.headers.get('content-type')?.includes('json')) return response;
  const text = await response.clone().text();
  if (!MANY_DIGITS.test(text)) return response;
  const field = inexactField(text);
  if (field === undefined) return response;
  throw new InexactIntegerError({ field, status: response.status, text });
}

function inexactField(text: string): string | undefined {
  let found: string | undefined;
  try {
    JSON.parse(text, (field, value: unknown) => {
      // Whatever is rounded ends beyond the largest number that is safe.
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) found ??= field;
      return value;
    });
  } catch {
    // What is no JSON is told by whoever reads it.
  }
  return found;
}
