import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_AMOUNT } from '../kernel/amount.ts';
import { currency } from '../kernel/currency.ts';
import { formatDecimal } from '../kernel/decimal.ts';
import { readAmount } from './amount-text.ts';

test('what is written as a decimal is read as the same amount, in any currency', () => {
  const code = fc.constantFrom('CNY', 'JPY', 'KWD').map(currency);
  const amount = fc.oneof(fc.bigInt(1n, MAX_AMOUNT), fc.bigInt(1n, 1000n));
  fc.assert(
    fc.property(code, amount, (unit, minorUnits) => {
      expect(readAmount(formatDecimal(minorUnits, unit), { currency: unit })).toBe(minorUnits);
      expect(readAmount(String(minorUnits), { currency: unit, minor: true })).toBe(minorUnits);
    }),
  );
});

test.each([
  ['12.345', 'CNY', /at most 2 decimals, such as 12.30/],
  ['1.5', 'JPY', /JPY has no decimals/],
  ['0', 'CNY', /more than zero/],
  ['-1', 'CNY', /more than zero/],
  ['90071992547409.92', 'CNY', /at most 90071992547409.91 CNY/],
  ['1,000.00', 'CNY', /write a decimal with a point/],
  ['1e3', 'CNY', /write a decimal/],
  ['1.', 'CNY', /"1\." is no amount: write a decimal with a point and at most 2 decimals/],
  ['1.', 'JPY', /JPY has no decimals/],
  ['.5', 'CNY', /write a decimal/],
  ['.', 'CNY', /write a decimal/],
  ['1.5.0', 'CNY', /write a decimal/],
  ['', 'CNY', /write a decimal/],
])('%j of %s is no amount', (text, code, allowed) => {
  expect(() => readAmount(text, { currency: code })).toThrow(allowed);
});

test('minor units are a whole number', () => {
  expect(() => readAmount('12.30', { currency: 'CNY', minor: true })).toThrow(/whole number/);
});
