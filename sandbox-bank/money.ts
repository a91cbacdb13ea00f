/** The most that one movement or balance of this bank may be, in fen: what a JSON number would carry exactly. */
export const MAX_FEN = 9_007_199_254_740_991n;

/** Reads yuan as banks write them ("12.30") as fen. Undefined for anything else, zero and too much among it. */
export function parseYuan(text: unknown): bigint | undefined {
  if (typeof text !== 'string') return undefined;
  const [, whole, fraction = ''] = /^(\d{1,14})(?:\.(\d{1,2}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const fen = BigInt(whole + fraction.padEnd(2, '0'));
  return fen > 0n && fen <= MAX_FEN ? fen : undefined;
}

/** Writes fen as yuan with two decimals: 1230n is "12.30". */
export function yuan(fen: bigint): string {
  const digits = (fen < 0n ? -fen : fen).toString().padStart(3, '0');
  return `${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
