import { UUID, V7Generator } from 'uuidv7';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** Crockford's base 32, lower case: no i, l, o, u, so that an id can be read out over the telephone. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** Makes UUIDs that sort by time (RFC 9562, version 7), monotonic within one generator. */
export type NewUuid = () => string;

/** A generator of time-sorted UUIDs on the given clock and source of randomness. */
export function uuidGenerator(clock: Clock, random: Random): NewUuid {
  const generator = new V7Generator({
    nextUint32: () => new DataView(random.bytes(4).slice().buffer).getUint32(0),
  });
  return () => generator.generateOrResetCore(clock.now().getTime(), 10_000).toString();
}

/** Writes a number in base 32, padded with zeros to `width` digits. */
export function toBase32(value: bigint, width: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest >>= 5n) text = DIGITS[Number(rest & 31n)] + text;
  return text.padStart(width, '0');
}

/** Reads base 32 written by `toBase32`; undefined when the text is anything else. */
export function fromBase32(text: string): bigint | undefined {
  let value = 0n;
  for (const digit of text) {
    const worth = DIGITS.indexOf(digit);
    if (worth < 0) return undefined;
    value = (value << 5n) | BigInt(worth);
  }
  return value;
}

const UUID_DIGITS = 26;
const MOVE_DIGITS = 11;

/** The text form of a UUID: a prefix that says what it names, and 26 digits, as in `mem_01jd…`. */
export function textId(prefix: string, uuid: string): string {
  return `${prefix}_${toBase32(BigInt(`0x${UUID.parse(uuid).toHex()}`), UUID_DIGITS)}`;
}

/** The UUID behind a text id of that prefix; undefined when the text is not one. */
export function uuidOf(prefix: string, text: string): string | undefined {
  if (!text.startsWith(`${prefix}_`) || text.length !== prefix.length + 1 + UUID_DIGITS)
    return undefined;
  const value = fromBase32(text.slice(prefix.length + 1));
  if (value === undefined || value >> 128n !== 0n) return undefined;
  return UUID.parse(value.toString(16).padStart(32, '0')).toString();
}

/** The text form of a move's number (`moveIdAt`): a prefix and 11 digits, as in `trf_3k9…`. */
export function textMoveId(prefix: string, id: bigint): string {
  return `${prefix}_${toBase32(id, MOVE_DIGITS)}`;
}

/** The number behind such a text; undefined when the text is not one. */
export function moveIdOf(prefix: string, text: string): bigint | undefined {
  if (!text.startsWith(`${prefix}_`) || text.length !== prefix.length + 1 + MOVE_DIGITS)
    return undefined;
  const value = fromBase32(text.slice(prefix.length + 1));
  return value !== undefined && value < 1n << 53n ? value : undefined;
}

/** Move ids count milliseconds from here: from 1970 they would leave 53 bits in 2039. */
const MOVE_EPOCH_MS = Date.UTC(2020, 0, 1);
/** How many moves one millisecond has numbers for. */
const MOVES_PER_MS = 4096;

/**
 * The lowest number of a move booked in the given millisecond: milliseconds since 2020 × 4096, so that
 * numbers sort by time, fit 53 bits until 2089, and a time bound is a bound on the primary key.
 */
export function moveIdAt(instant: Date): bigint {
  return BigInt(instant.getTime() - MOVE_EPOCH_MS) * BigInt(MOVES_PER_MS);
}

/** The millisecond in which the move with that number was booked. */
export function instantOfMove(id: bigint): Date {
  return new Date(Number(id / BigInt(MOVES_PER_MS)) + MOVE_EPOCH_MS);
}
