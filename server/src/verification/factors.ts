import { isBusinessDate } from '../kernel/business-date.ts';
import type { FieldError } from '../kernel/error.ts';

/** The four factors (四要素), as they are compared. */
export interface Factors {
  /** 16 to 19 digits. */
  readonly cardNumber: string;
  readonly name: string;
  /** Of a resident identity card: 17 digits and the check character. */
  readonly identityNumber: string;
  /** 11 digits. */
  readonly mobile: string;
}

/** GB 11643-1999: weights of the first 17 digits, and the check characters by the sum's remainder. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS = '10X98765432';
const DOTS = /[．•・●]/g;
const BETWEEN_HAN = /(?<=\p{Script=Han})\s+(?=\p{Script=Han})/gu;

/** Takes away what people type and no bank has: blanks, hyphens, a country code, other dots in a name. */
export function normaliseFactors({ cardNumber, name, identityNumber, mobile }: Factors): Factors {
  return {
    cardNumber: cardNumber.replace(/[\s-]/g, ''),
    name: name.normalize('NFKC').replace(DOTS, '·').replace(BETWEEN_HAN, '').trim(),
    identityNumber: identityNumber.replace(/\s/g, '').toUpperCase(),
    mobile: mobile.replace(/[\s-]/g, '').replace(/^\+?86(?=\d{11}$)/, ''),
  };
}

/**
 * What is wrong with factors before anybody is asked: providers lock cards after a few wrong tries. A number that
 * fails the Luhn check is taken when `numberConfirmed`: some ranges of issuers never followed it.
 */
export function checkFactors(
  { cardNumber, name, identityNumber, mobile }: Factors,
  { numberConfirmed, today }: { numberConfirmed: boolean; today: string },
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!/^\d{16,19}$/.test(cardNumber))
    errors.push({ pointer: '/cardNumber', detail: 'must be 16 to 19 digits' });
  else if (!numberConfirmed && !passesLuhn(cardNumber))
    errors.push({
      pointer: '/cardNumber',
      detail: 'fails the check digit: correct it, or send numberConfirmed when it is right',
    });
  if (name.length < 2 || name.length > 50)
    errors.push({ pointer: '/name', detail: 'must be 2 to 50 characters' });
  if (!isIdentityNumber(identityNumber, today))
    errors.push({
      pointer: '/identityNumber',
      detail: 'must be 18 characters with a date of birth and the right check character',
    });
  if (!/^1[3-9]\d{9}$/.test(mobile))
    errors.push({ pointer: '/mobile', detail: 'must be a mobile number of 11 digits' });
  return errors;
}

/** The check digit of card numbers (ISO/IEC 7812-1, annex B). */
export function passesLuhn(digits: string): boolean {
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, place) => {
      const worth = Number(digit) * (place % 2 === 0 ? 1 : 2);
      return total + (worth > 9 ? worth - 9 : worth);
    }, 0);
  return sum % 10 === 0;
}

/** GB 11643: form, a date of birth of the calendar that is not after `today` (YYYY-MM-DD), and check character. */
export function isIdentityNumber(text: string, today: string): boolean {
  if (!/^[1-9]\d{16}[\dX]$/.test(text)) return false;
  const born = `${text.slice(6, 10)}-${text.slice(10, 12)}-${text.slice(12, 14)}`;
  if (!isBusinessDate(born) || born > today) return false;
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(text[i]), 0);
  return CHECK_CHARACTERS[sum % 11] === text[17];
}
