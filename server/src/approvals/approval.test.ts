import { expect, test } from 'vitest';
import {
  APPROVAL_STATES,
  fingerprintOf,
  stateAfter,
  stateAt,
  stateWith,
  tierFor,
} from './approval.ts';

const EVENTS = ['approve', 'reject', 'withdraw', 'expire', 'use', 'fail'] as const;
const at = (instant: string) => new Date(instant);

test('only what waits is decided, only what is approved is carried out, and the rest is for good', () => {
  const edges = APPROVAL_STATES.flatMap((state) =>
    EVENTS.map((event) => [state, event, stateAfter(state, event)] as const),
  ).filter(([, , next]) => next !== undefined);
  expect(edges).toEqual([
    ['pending', 'approve', 'approved'],
    ['pending', 'reject', 'rejected'],
    ['pending', 'withdraw', 'withdrawn'],
    ['pending', 'expire', 'expired'],
    ['approved', 'use', 'used'],
    ['approved', 'fail', 'failed'],
  ]);
});

test('what waits expires at its instant, and what is decided does not', () => {
  const expiresAt = at('2026-03-02T01:00:00.000Z');
  const before = at('2026-03-02T00:59:59.999Z');
  expect(stateAt({ state: 'pending', expiresAt }, before)).toBe('pending');
  expect(stateAt({ state: 'pending', expiresAt }, expiresAt)).toBe('expired');
  expect(stateAt({ state: 'approved', expiresAt }, expiresAt)).toBe('approved');
});

test('as many must approve as the rule says', () => {
  expect(stateWith(1, { checkers: 2 })).toBe('pending');
  expect(stateWith(2, { checkers: 2 })).toBe('approved');
});

test.each([
  [0n, undefined],
  [99n, undefined],
  [100n, 1],
  [999n, 1],
  [1000n, 2],
  [5000n, undefined],
])('of %s the highest tier that it reaches holds', (amount, checkers) => {
  const tier = (fromAmount: bigint, needed: number) => ({
    ...{ fromAmount, checkers: needed, expiresAfterHours: 1 },
  });
  const tiers = [tier(1000n, 2), tier(100n, 1), tier(5000n, 0)];
  expect(tierFor(tiers, amount)?.checkers).toBe(checkers);
});

test('a fingerprint is of all that is asked, in whatever order', () => {
  const asked = {
    action: 'claim_reversal' as const,
    ...{ amount: 5n, currency: 'CNY', content: { a: 'x', b: 1 } },
  };
  const print = fingerprintOf(asked).toString('hex');
  expect(fingerprintOf({ ...asked, content: { b: 1, a: 'x' } }).toString('hex')).toBe(print);
  for (const other of [
    { ...asked, amount: 6n },
    { ...asked, currency: 'USD' },
    { ...asked, content: { a: 'x', b: 2 } },
    { ...asked, content: { a: 'x', b: '1' } },
  ]) {
    expect(fingerprintOf(other).toString('hex')).not.toBe(print);
  }
});
