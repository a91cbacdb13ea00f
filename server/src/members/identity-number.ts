import { type BusinessDate, isBusinessDate } from '../kernel/business-date.ts';

/** Weights of the first 17 digits and the check characters by remainder: GB 11643-1999, ISO 7064 MOD 11-2. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS = '10X98765432';
/** The first two digits: provinces by GB/T 2260, and 81 to 83 of residents of Hong Kong, Macao and Taiwan. */
const PROVINCES = /^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])/;
/** Nobody alive was born before. */
const EARLIEST_BIRTH = '1850-01-01';

/**
 * Reads a citizen's identity number (公民身份号码, GB 11643): 18 digits, the last of which may be X. Gives it with a
 * capital X; undefined unless province, date of birth (of the calendar, not after `today`) and check are right.
 */
export function parseIdentityNumber(text: string, today: BusinessDate): string | undefined {
  const number = text.trim().toUpperCase();
  if (!/^\d{17}[\dX]$/.test(number) || !PROVINCES.test(number)) return undefined;
  const birth = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
  if (!isBusinessDate(birth) || birth < EARLIEST_BIRTH || birth > today) return undefined;
  // The last of three digits tells men from women; 000 is nobody's.
  if (number.slice(14, 17) === '000') return undefined;
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(number[i]), 0);
  return CHECK_CHARACTERS[sum % 11] === number[17] ? number : undefined;
}
