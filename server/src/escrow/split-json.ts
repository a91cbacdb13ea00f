import type { SplitPart } from './order.ts';

/** Fields of a split that are money: in JSON they are decimal text, so that no parser rounds them. */
const MONEY = new Set(['amount', 'atMost', 'upTo']);

/** A split as it is stored. */
export function splitToJson(parts: readonly SplitPart[]): string {
  return JSON.stringify(parts, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** The split that was stored, from its JSON text. */
export function splitFromJson(text: string): readonly SplitPart[] {
  const parts: unknown = JSON.parse(text, (key, value: unknown) =>
    MONEY.has(key) && typeof value === 'string' ? BigInt(value) : value,
  );
  // Safe: only splitToJson writes it, and nothing changes it.
  return parts as readonly SplitPart[];
}
