import { parseYuan } from './money.ts';
import { Refusal } from './refusal.ts';

const MAX_TEXT = 200;

/** The fields of a JSON body, each checked when it is read. Refuses (422) what is not as it should be. */
export interface Fields {
  /** A text of 1 to 200 characters. */
  text(name: string): string;
  /** The same, or what stands in for one that is not there. */
  textOr<T>(name: string, absent: T): string | T;
  /** Yuan with two decimals, above zero, as fen. */
  yuan(name: string): bigint;
  /** A whole number in that range, or what stands in for one that is not there. */
  wholeOr<T>(name: string, absent: T, range: { min: number; max: number }): number | T;
  has(name: string): boolean;
  flag(name: string): boolean;
}

export function fieldsOf(body: unknown): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal(400, 'invalid', 'The body must be a JSON object.');
  }
  const values: ReadonlyMap<string, unknown> = new Map(Object.entries(body));
  const at = (name: string) => values.get(name) ?? undefined;
  const text = (name: string) => {
    const value = at(name);
    if (typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT) return value;
    throw new Refusal(422, 'invalid', `${name} must be a text of 1 to ${MAX_TEXT} characters.`);
  };
  return {
    text,
    textOr: (name, absent) => (at(name) === undefined || at(name) === '' ? absent : text(name)),
    yuan: (name) => {
      const fen = parseYuan(at(name));
      if (fen !== undefined) return fen;
      throw new Refusal(422, 'invalid', `${name} must be an amount in yuan, such as "12.30".`);
    },
    wholeOr: (name, absent, { min, max }) => {
      const value = at(name);
      if (value === undefined) return absent;
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max)
        return value;
      throw new Refusal(422, 'invalid', `${name} must be a whole number from ${min} to ${max}.`);
    },
    has: (name) => at(name) !== undefined,
    flag: (name) => {
      const value = at(name);
      if (typeof value === 'boolean') return value;
      throw new Refusal(422, 'invalid', `${name} must be true or false.`);
    },
  };
}
