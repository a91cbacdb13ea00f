import type { Random } from '../kernel/random.ts';

/** Digits of a virtual account's number, prefix and check digit included. */
const NUMBER_LENGTH = 19;

/** A main account's prefix has 5 digits, or 12 where the bank gives out shorter ranges. */
const PREFIX = /^(\d{5}|\d{12})$/;
const SHORT_PREFIX_LENGTH = 5;

/** Bytes drawn at a time, and how often: 250 of 256 values are used, so the second draw is already rare. */
const DRAW_BYTES = 32;
const MAX_DRAWS = 16;

/** Of the 256 values of a byte the first 250 stand for each digit equally often; the others are skipped. */
const UNBIASED_BELOW = 250;

/** True for a text that may be the prefix of a main account's numbers: 5 or 12 digits. */
export function isPrefix(text: string): boolean {
  return PREFIX.test(text);
}

/** True for a text of the form of a virtual account's number: 19 digits. The check digit is not looked at. */
export function isAccountNumber(text: string): boolean {
  return text.length === NUMBER_LENGTH && /^\d+$/.test(text);
}

/**
 * The check digit of a text of digits by the Luhn formula (ISO/IEC 7812-1, annex B): it finds every single
 * wrong digit, and every exchange of neighbours except 09 and 90.
 */
export function checkDigit(digits: string): string {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const weighted = i % 2 === 0 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return String((10 - (sum % 10)) % 10);
}

/** True when the last digit is the check digit of those before it. Numbers chosen by a platform need not pass. */
export function hasCheckDigit(number: string): boolean {
  return checkDigit(number.slice(0, -1)) === number.slice(-1);
}

/** A new number on the prefix: random digits, then the check digit over the 18 before it. */
export function generateNumber(prefix: string, random: Random): string {
  const payload = prefix + randomDigits(NUMBER_LENGTH - 1 - prefix.length, random);
  return payload + checkDigit(payload);
}

/** A new prefix of 5 digits. */
export function generatePrefix(random: Random): string {
  return randomDigits(SHORT_PREFIX_LENGTH, random);
}

/** The number with a suffix that the platform chose, taken as it is; undefined when it has not the right length. */
export function numberWithSuffix(prefix: string, suffix: string): string | undefined {
  const number = prefix + suffix;
  return isAccountNumber(number) ? number : undefined;
}

/** How many digits a chosen suffix must have on the prefix: 14 on 5 digits, 7 on 12. */
export function suffixLength(prefix: string): number {
  return NUMBER_LENGTH - prefix.length;
}

function randomDigits(count: number, random: Random): string {
  let digits = '';
  for (let draw = 0; draw < MAX_DRAWS; draw += 1) {
    for (const byte of random.bytes(DRAW_BYTES)) {
      if (digits.length === count) return digits;
      if (byte < UNBIASED_BELOW) digits += String(byte % 10);
    }
  }
  if (digits.length === count) return digits;
  throw new Error('the source of randomness gives no usable bytes');
}

/**
 * A bank account number as it is compared: capitals, without the spaces and signs that people write in it
 * (an IBAN in groups of four). Undefined when it is none: 1 to 34 letters and digits (ISO 13616-1, at most 34).
 */
export function normaliseBankAccount(text: string): string | undefined {
  const plain = text.replace(/[\s\-./]/g, '').toUpperCase();
  return /^[0-9A-Z]{1,34}$/.test(plain) ? plain : undefined;
}
