// Goal: numbers of persons and companies are taken when their check is right, and one that was mistyped is not.
// Method: the standards' own examples; then any number, with one character changed or two neighbours swapped.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { businessDate } from '../kernel/business-date.ts';
import { parseCreditCode } from './credit-code.ts';
import { parseIdentityNumber } from './identity-number.ts';
import { parseMobile } from './mobile.ts';

const today = businessDate('2026-03-02');
const identity = (text: string) => parseIdentityNumber(text, today);
const CODE_CHARACTERS = [...'0123456789ABCDEFGHJKLMNPQRTUWXY'];

test('the examples of the standards are right', () => {
  expect(identity('11010519491231002X')).toBe('11010519491231002X');
  expect(identity(' 440524188001010014 ')).toBe('440524188001010014');
  expect(identity('11010519491231002x')).toBe('11010519491231002X');
  expect(parseCreditCode('91350100M000100Y43')).toBe('91350100M000100Y43');
  expect(parseCreditCode('91350100m000100y43')).toBe('91350100M000100Y43');
});

test('a date of birth is one of the calendar, and not in the future', () => {
  const found = (birth: string) => withCheck(`110105${birth}002`);
  expect(found('20240229')).toBeDefined();
  expect(found('20230229')).toBeUndefined();
  expect(found('20261301')).toBeUndefined();
  expect(found('20260302')).toBeDefined();
  expect(found('20260303')).toBeUndefined();
  expect(found('17991231')).toBeUndefined();
  expect(withCheck('99010519491231002')).toBeUndefined();
  expect(withCheck('11010519491231000')).toBeUndefined();
});

/** The number with whichever last character is right; undefined when none is. */
function withCheck(first17: string): string | undefined {
  const right = [...'0123456789X'].filter((last) => identity(first17 + last) !== undefined);
  expect(right.length).toBeLessThanOrEqual(1);
  return right[0] && first17 + right[0];
}

const person = fc
  .record({
    area: fc.constantFrom('110105', '440524', '810000', '659001'),
    birth: fc.date({
      ...{ min: new Date('1900-01-01'), max: new Date('2026-03-01'), noInvalidDate: true },
    }),
    order: fc.integer({ min: 1, max: 999 }),
  })
  .map(({ area, birth, order }) => {
    const date = birth.toISOString().slice(0, 10).replaceAll('-', '');
    return withCheck(`${area}${date}${String(order).padStart(3, '0')}`);
  });
const company = fc
  .tuple(
    fc.constantFrom('91', '92', '51', 'A1'),
    fc.integer({ min: 100_000, max: 999_999 }),
    fc.array(fc.constantFrom(...CODE_CHARACTERS), { minLength: 9, maxLength: 9 }),
  )
  .map(([kind, area, body]) => {
    const first17 = `${kind}${area}${body.join('')}`;
    const right = CODE_CHARACTERS.filter((last) => parseCreditCode(first17 + last) !== undefined);
    expect(right).toHaveLength(1);
    return `${first17}${right[0]}`;
  });

test.each([
  ['identity number', person, identity, [...'0123456789X']],
  ['credit code', company, parseCreditCode, CODE_CHARACTERS],
] as const)('a mistyped %s is not taken', (_, numbers, parse, characters) => {
  const place = fc.integer({ min: 0, max: 17 });
  fc.assert(
    fc.property(numbers, place, fc.constantFrom(...characters), (number, at, other) => {
      if (number === undefined) throw new Error('there is a check character for every number');
      expect(parse(number)).toBe(number);
      const changed = number.slice(0, at) + other + number.slice(at + 1);
      if (changed !== number) expect(parse(changed)).toBeUndefined();
      const swapped =
        number.slice(0, at) +
        number
          .slice(at, at + 2)
          .split('')
          .reverse()
          .join('') +
        number.slice(at + 2);
      if (swapped !== number) expect(parse(swapped)).toBeUndefined();
      expect(parse(number.slice(1))).toBeUndefined();
      expect(parse(`${number}0`)).toBeUndefined();
    }),
  );
});

test('mobiles have 11 digits, with or without +86', () => {
  for (const text of ['13800138000', '+86 138-0013-8000', '0086 13800138000'])
    expect(parseMobile(text)).toBe('13800138000');
  for (const text of [
    '12800138000',
    '1380013800',
    '138001380000',
    '+1 13800138000',
    '',
    '１３８００１３８０００',
  ])
    expect(parseMobile(text)).toBeUndefined();
});
