/** Digits of a virtual account's number. */
const LENGTH = 19;
/** Runs of digits in one text that are looked at. */
const MAX_RUNS = 8;
const DIGITS = '0123456789';

/** How a number that was written is another than the one that there is. */
export type Slip =
  | 'written_apart'
  | 'digit_wrong'
  | 'digits_swapped'
  | 'digit_missing'
  | 'digit_extra';

/**
 * Numbers of 19 digits that somebody may have meant who wrote this text, with how they are another: digits written
 * apart by spaces, hyphens or points, one digit wrong, two neighbours exchanged, one left out, or one too many. Pure.
 */
export function nearNumbers(text: string): ReadonlyMap<string, Slip> {
  const near = new Map<string, Slip>();
  const add = (number: string, slip: Slip) => {
    if (!near.has(number)) near.set(number, slip);
  };
  const runs = text.normalize('NFKC').match(/\d(?:[ \-.]?\d){17,}/g) ?? [];
  for (const run of runs.slice(0, MAX_RUNS)) {
    const digits = run.replaceAll(/[ \-.]/g, '');
    if (digits.length === LENGTH) {
      if (digits !== run) add(digits, 'written_apart');
      for (const number of swapped(digits)) add(number, 'digits_swapped');
      for (const number of replaced(digits)) add(number, 'digit_wrong');
    } else if (digits.length === LENGTH - 1) {
      for (const number of filled(digits)) add(number, 'digit_missing');
    } else if (digits.length === LENGTH + 1) {
      for (const number of shortened(digits)) add(number, 'digit_extra');
    }
  }
  return near;
}

const swapped = (digits: string): string[] =>
  Array.from({ length: digits.length - 1 }, (_, i) => {
    const [one = '', other = ''] = digits.slice(i, i + 2);
    return digits.slice(0, i) + other + one + digits.slice(i + 2);
  }).filter((number) => number !== digits);

const replaced = (digits: string): string[] =>
  Array.from(digits, (own, i) =>
    Array.from(DIGITS)
      .filter((digit) => digit !== own)
      .map((digit) => digits.slice(0, i) + digit + digits.slice(i + 1)),
  ).flat();

const filled = (digits: string): string[] =>
  Array.from({ length: digits.length + 1 }, (_, i) =>
    Array.from(DIGITS, (digit) => digits.slice(0, i) + digit + digits.slice(i)),
  ).flat();

const shortened = (digits: string): string[] =>
  Array.from(digits, (_, i) => digits.slice(0, i) + digits.slice(i + 1));
