import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { amount, isAmount, MAX_AMOUNT } from './amount.ts';
import { dateInZone, isBusinessDate } from './business-date.ts';
import { currency, decimalsOf, isCurrency } from './currency.ts';
import { formatDecimal, formatGrouped, parseDecimal } from './decimal.ts';
import {
  fromBase32,
  instantOfMove,
  moveIdAt,
  moveIdOf,
  textId,
  textMoveId,
  toBase32,
  uuidOf,
} from './id.ts';

const anyCurrency = fc.constantFrom('CNY', 'JPY', 'KWD', 'CLF', 'EUR').map(currency);

describe('decimals', () => {
  test('what is written is read again, in every currency', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 20n), 10n ** 20n), anyCurrency, (minorUnits, code) => {
        const text = formatDecimal(minorUnits, code);
        expect(parseDecimal(text, code)).toEqual({ ok: true, minorUnits });
        expect(parseDecimal(text.replace('.', ','), code, ',')).toEqual({ ok: true, minorUnits });
        expect(formatGrouped(minorUnits, code).replaceAll(',', '')).toBe(text);
        expect(text.split('.')[1]?.length ?? 0).toBe(decimalsOf(code));
      }),
    );
  });

  test.each([
    ['12.30', 'CNY', 1230n],
    ['12.300', 'CNY', 1230n],
    ['12.3', 'CNY', 1230n],
    ['12.', 'CNY', 1200n],
    ['+0.07', 'CNY', 7n],
    ['-0.07', 'CNY', -7n],
    ['1200', 'JPY', 1200n],
    ['1200.0', 'JPY', 1200n],
    ['1.234', 'KWD', 1234n],
  ])('%s %s is %s', (text, code, minorUnits) => {
    expect(parseDecimal(text, currency(code))).toEqual({ ok: true, minorUnits });
  });

  test.each([
    ['12.305', 'too_many_decimals'],
    ['1e3', 'not_a_decimal'],
    ['1,200.00', 'not_a_decimal'],
    ['', 'not_a_decimal'],
    ['.5', 'not_a_decimal'],
    ['12,30', 'not_a_decimal'],
    ['１２', 'not_a_decimal'],
    [' 12', 'not_a_decimal'],
  ])('%j is refused: %s', (text, reason) => {
    expect(parseDecimal(text, currency('CNY'))).toEqual({ ok: false, reason });
  });
});

describe('amounts', () => {
  test('are 1 to 2^53 − 1', () => {
    for (const bad of [0n, -1n, MAX_AMOUNT + 1n]) {
      expect(isAmount(bad)).toBe(false);
      expect(() => amount(bad)).toThrow(RangeError);
    }
    expect(amount(1)).toBe(1n);
    expect(amount(MAX_AMOUNT)).toBe(MAX_AMOUNT);
    expect(() => amount(1.5)).toThrow(RangeError);
  });
});

describe('dates', () => {
  test('are real ones', () => {
    expect(isBusinessDate('2028-02-29')).toBe(true);
    for (const bad of ['2026-02-29', '2026-13-01', '26-01-01', '2026-1-1', 'x']) {
      expect(isBusinessDate(bad), bad).toBe(false);
    }
  });

  test('are read in the zone of the platform', () => {
    const instant = new Date('2026-03-01T16:30:00Z');
    expect(dateInZone(instant, 'Asia/Shanghai')).toBe('2026-03-02');
    expect(dateInZone(instant, 'UTC')).toBe('2026-03-01');
  });
});

describe('ids', () => {
  test('text forms are read again, and nothing else is', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.bigInt(0n, (1n << 53n) - 1n), (uuid, moveId) => {
        expect(uuidOf('mem', textId('mem', uuid))).toBe(uuid);
        expect(uuidOf('key', textId('mem', uuid))).toBeUndefined();
        expect(moveIdOf('trf', textMoveId('trf', moveId))).toBe(moveId);
      }),
    );
    expect(uuidOf('mem', `mem_${'z'.repeat(26)}`)).toBeUndefined();
    expect(moveIdOf('trf', `trf_${'z'.repeat(11)}`)).toBeUndefined();
    expect(fromBase32('u')).toBeUndefined();
    expect(fromBase32('I')).toBeUndefined();
  });

  test('sort as their numbers do', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 1n << 52n), fc.bigInt(0n, 1n << 52n), (a, b) => {
        expect(toBase32(a, 11) < toBase32(b, 11)).toBe(a < b);
      }),
    );
  });

  test('a move number holds its millisecond', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2020-01-01'), max: new Date('2089-01-01'), noInvalidDate: true }),
        fc.bigInt(0n, 4095n),
        (instant, counter) => {
          const id = moveIdAt(instant) + counter;
          expect(instantOfMove(id)).toEqual(instant);
          expect(id < 1n << 53n).toBe(true);
        },
      ),
    );
  });
});

test('currencies are those of ISO 4217', () => {
  expect(isCurrency('CNY')).toBe(true);
  for (const bad of ['RMB', 'cny', 'XXXX', '']) expect(isCurrency(bad), bad).toBe(false);
});
