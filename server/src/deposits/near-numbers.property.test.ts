// Goal: whatever single slip a payer makes in a number, the number that was meant is among those that are looked up,
// and there are never so many that looking them up costs much. Method: make the slip in a random number.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearNumbers } from './near-numbers.ts';

const number = fc.stringMatching(/^[1-9]\d{18}$/);
const place = fc.nat({ max: 18 });
const digit = fc.integer({ min: 0, max: 9 }).map(String);

test('one wrong, missing or extra digit, and two exchanged ones, lead back to the number', () => {
  fc.assert(
    fc.property(number, place, digit, (meant, i, other) => {
      const [own = '', next = ''] = meant.slice(i, i + 2);
      const slips = [
        meant.slice(0, i) + other + meant.slice(i + 1),
        meant.slice(0, i) + meant.slice(i + 1),
        meant.slice(0, i) + other + meant.slice(i),
        meant.slice(0, i) + next + own + meant.slice(i + 2),
      ].filter((written) => written !== meant);
      for (const written of slips) {
        expect(nearNumbers(`货款 ${written} 谢谢`).has(meant), written).toBe(true);
      }
    }),
  );
});

test('digits in groups are one number; the right one alone is no slip; two wrong digits say nothing', () => {
  expect(nearNumbers('８８８８８ 00000-00000 0005').get('8888800000000000005')).toBe(
    'written_apart',
  );
  expect(nearNumbers('8888800000000000051').has('8888800000000000051')).toBe(false);
  expect(nearNumbers('8888800000000000093').has('8888800000000000051')).toBe(false);
  expect(nearNumbers('order 20261123').size).toBe(0);
});

test('a text of any length gives a bounded number of look-ups', () => {
  const text = Array.from(
    { length: 200 },
    (_, i) => `${1_000_000_000_000_000_000n + BigInt(i)}`,
  ).join(' , ');
  expect(nearNumbers(text).size).toBeLessThan(2_000);
});
