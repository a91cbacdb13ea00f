import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../../test/support/fakes.ts';
import {
  checkDigit,
  generateNumber,
  generatePrefix,
  hasCheckDigit,
  isAccountNumber,
  isPrefix,
  normaliseBankAccount,
  numberWithSuffix,
  suffixLength,
} from './numbering.ts';

const digits = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((each) => each.join(''));
const prefix = fc.oneof(digits(5), digits(12));

test('check digits of ISO/IEC 7812 examples', () => {
  expect(checkDigit('7992739871')).toBe('3');
  expect(checkDigit('411111111111111')).toBe('1');
  expect(checkDigit('0')).toBe('0');
});

test('a generated number has 19 digits, the prefix, and a check digit that agrees', () => {
  fc.assert(
    fc.property(prefix, fc.integer(), (start, seed) => {
      const number = generateNumber(start, seededRandom(seed));
      expect(isAccountNumber(number)).toBe(true);
      expect(number.startsWith(start)).toBe(true);
      expect(hasCheckDigit(number)).toBe(true);
    }),
  );
});

test('every single wrong digit is found', () => {
  const changed = fc.tuple(digits(18), fc.nat(18), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(changed, ([payload, place, by]) => {
      const number = payload + checkDigit(payload);
      const other = String((Number(number.charAt(place)) + by) % 10);
      const wrong = number.slice(0, place) + other + number.slice(place + 1);
      expect(hasCheckDigit(wrong)).toBe(false);
    }),
  );
});

test('two neighbours that changed places are found, except 0 and 9', () => {
  fc.assert(
    fc.property(digits(18), fc.nat(17), (payload, place) => {
      const number = payload + checkDigit(payload);
      const [a = '', b = ''] = number.slice(place, place + 2);
      fc.pre(a !== b && `${a}${b}` !== '09' && `${a}${b}` !== '90');
      const wrong = number.slice(0, place) + b + a + number.slice(place + 2);
      expect(hasCheckDigit(wrong)).toBe(false);
    }),
  );
});

test('digits come without bias: bytes from 250 on are skipped', () => {
  const highThenLow = {
    bytes: (count: number) => new Uint8Array(count).map((_, i) => 240 + (i % 16)),
  };
  // 240 … 249 stand for 0 … 9; 250 … 255 must not shift what follows.
  expect(generateNumber('12345', highThenLow).slice(5, 18)).toBe('0123456789012');
  const never = { bytes: (count: number) => new Uint8Array(count).fill(255) };
  expect(() => generatePrefix(never)).toThrow(/no usable bytes/);
});

test('a chosen suffix fills the number up, or is refused', () => {
  fc.assert(
    fc.property(prefix, fc.nat(20), (start, length) => {
      const number = numberWithSuffix(start, '7'.repeat(length));
      expect(number !== undefined).toBe(length === suffixLength(start));
    }),
  );
  expect(numberWithSuffix('12345', '1234567890123x')).toBeUndefined();
});

test('prefixes have 5 or 12 digits', () => {
  expect(isPrefix(generatePrefix(seededRandom(1)))).toBe(true);
  expect(['12345', '123456789012', '1234', '1234a', '123456'].map(isPrefix)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('bank account numbers compare without the signs that people write in them', () => {
  expect(normaliseBankAccount('gb82 WEST 1234-5698 7654 32')).toBe('GB82WEST12345698765432');
  expect(normaliseBankAccount('  ')).toBeUndefined();
  expect(normaliseBankAccount('1'.repeat(35))).toBeUndefined();
  expect(normaliseBankAccount('12*3')).toBeUndefined();
});
