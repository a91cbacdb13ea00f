import { isUtf8 } from 'node:buffer';
import { AppError } from '../kernel/error.ts';
import { duplicateName, occurrences, valuesIn } from './duplicate-names.ts';
import { invalidRequest, malformedJson } from './errors.ts';
import { LIMITS } from './limits.ts';

/**
 * A number with a fraction or an exponent: whether it was read exactly has to be looked at, because 0.1 + 2^53 would
 * pass for the amount 2^53. Text is not searched: it begins with a quotation mark.
 */
const MAY_BE_INEXACT = /[:,[\s]-?\d+[.eE]/;
const BYTE_ORDER_MARK = 0xfeff;
/** A name that would change what an object is, written out or in escapes. */
const MAY_NAME_PROTO = /__proto__|\\u/;
/** Levels of a text that has to be read with an eye on each value: that reading goes down once a level. */
const MAX_DEPTH = 64;
/** Texts up to this length are searched for the place at which they stop being JSON. */
const MAX_SEARCHED = 65_536;
/** So much of a name is shown. */
const SHOWN_NAME = 40;
/** No integer of so many digits is one that an amount may be. */
const MANY_ZEROS = 20;

/**
 * Reads a body, behind a byte order mark too; the error says where it stops being JSON, or what in it would be
 * taken for something else.
 */
export function readJson(body: Buffer): { readonly value: unknown } | AppError {
  if (!isUtf8(body)) return notJson('it is not UTF-8');
  const given = body.toString('utf8');
  // Some editors and Windows tools write the mark; RFC 8259, section 8.1, lets us ignore it.
  const text = given.charCodeAt(0) === BYTE_ORDER_MARK ? given.slice(1) : given;
  try {
    const value: unknown = JSON.parse(text);
    return (
      tooMany(text, value) ??
      (isDoubtful(text) ? misread(text, value) : undefined) ??
      namedTwice(text, value) ?? { value }
    );
  } catch (error) {
    return broken(text, error);
  }
}

const isDoubtful = (text: string): boolean =>
  MAY_NAME_PROTO.test(text) || MAY_BE_INEXACT.test(text);

function notJson(reason: string, position?: number): AppError {
  return new AppError(malformedJson, position === undefined ? { reason } : { reason, position });
}

/**
 * Refuses what would take long to look at, and is nothing that any route takes. Values stand between commas: few
 * commas are few values, as far as they stand side by side, and most texts need no more than that to be counted.
 */
function tooMany(text: string, value: unknown): AppError | undefined {
  const { jsonValues } = LIMITS;
  if (text.length <= jsonValues || occurrences(text, ',') < jsonValues / 2) return undefined;
  if (valuesIn(value, { items: true }) <= jsonValues) return undefined;
  const detail = `has more than ${jsonValues} fields and list items, counted at any depth`;
  return new AppError(invalidRequest, { errors: [{ pointer: '', detail }] });
}

function namedTwice(text: string, value: unknown): AppError | undefined {
  const error = duplicateName(text, value);
  return error && new AppError(invalidRequest, { errors: [error] });
}

/** Reads again with an eye on names and digits. */
function misread(text: string, value: unknown): AppError | undefined {
  if (isDeeper(value, MAX_DEPTH)) return notJson(`it is nested deeper than ${MAX_DEPTH} levels`);
  let found: AppError | undefined;
  JSON.parse(text, (name, each: unknown, context?: { readonly source?: string }) => {
    if (name === '__proto__') found = notJson('it has a field named __proto__');
    if (typeof each === 'number' && !isExact(context?.source ?? '', each)) {
      const shown = JSON.stringify(name.slice(0, SHOWN_NAME));
      found = notJson(`the number at ${shown} has more digits than can be read exactly`);
    }
    return each;
  });
  return found;
}

function isDeeper(value: unknown, levels: number): boolean {
  let open: unknown[] = [value];
  for (let level = 0; level <= levels; level += 1) {
    open = open.flatMap((each): unknown[] =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
    if (open.length === 0) return false;
  }
  return true;
}

/** False for what would pass for another integer than was written; fractions are refused as such, elsewhere. */
function isExact(source: string, value: number): boolean {
  const [, whole, fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  if (!Number.isInteger(value) || whole === undefined) return true;
  const written = whole + fraction;
  const digits = written.replace(/0+$/, '');
  const zeros = Number(exponent) - fraction.length + written.length - digits.length;
  if (digits === '') return true;
  if (zeros < 0) return false;
  return zeros > MANY_ZEROS || BigInt(digits + '0'.repeat(zeros)) === BigInt(Math.abs(value));
}

/** Where the text stops being JSON. */
function broken(text: string, error: unknown): AppError {
  if (text.trim() === '') return notJson('it is empty');
  if (endsTooSoon(text, error)) return notJson('it is cut off', text.length);
  return notJson('it is broken', positionIn(error) ?? firstWrong(text));
}

/** True for the error of a text that could go on. */
const endsTooSoon = (text: string, error: unknown): boolean =>
  error instanceof Error &&
  (/^(Unexpected end|Unterminated string)/.test(error.message) ||
    positionIn(error) === text.length);

function positionIn(error: unknown): number | undefined {
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? undefined : Number(position);
}

/** The runtime names no position for a wrong token: up to there, and no further, the text could go on. */
function firstWrong(text: string): number | undefined {
  if (text.length > MAX_SEARCHED) return undefined;
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (mayGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function mayGoOn(start: string): boolean {
  try {
    JSON.parse(start);
    return true;
  } catch (error) {
    return endsTooSoon(start, error);
  }
}
