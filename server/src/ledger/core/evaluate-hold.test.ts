import { expect, test } from 'vitest';
import { amount } from '../../kernel/amount.ts';
import { currency } from '../../kernel/currency.ts';
import { accountId } from './account.ts';
import { evaluateRelease, findHold } from './evaluate-hold.ts';
import { WorkingSet } from './working-set.ts';

const account = accountId(1n);
const expiresAt = new Date('2026-03-02T01:00:00.000Z');
const before = new Date(expiresAt.getTime() - 1);

function withHold(remaining: bigint): WorkingSet {
  return new WorkingSet({
    accounts: [
      {
        ...{ id: account, guarded: true, currency: currency('CNY'), mainAccountId: 1n },
        ...{
          state: 'open',
          balance: 100n,
          held: remaining,
          overdraftLimit: 0n,
          frozen: 0n,
          lastMoveId: 0n,
        },
      },
    ],
    holds: [{ holdId: 7n, account, amount: 60n, remaining, owner: undefined, expiresAt }],
  });
}

const whole = { hold: 7n, amount: undefined, owner: undefined };
const insufficient = { code: 'hold_insufficient', hold: 7n, remaining: 0n };

test('a hold of which nothing is left is told with its expiry from that very moment on', () => {
  expect(findHold(withHold(0n), whole, before)).toEqual({ refusal: insufficient });
  expect(findHold(withHold(0n), whole, expiresAt)).toEqual({
    refusal: { ...insufficient, expiredAt: '2026-03-02T01:00:00.000Z' },
  });
});

test('a hold without an expiry never tells one', () => {
  const set = new WorkingSet({
    accounts: [],
    holds: [
      {
        ...{ holdId: 7n, account, amount: 60n, remaining: 0n },
        ...{ owner: undefined, expiresAt: undefined },
      },
    ],
  });
  expect(findHold(set, whole, expiresAt)).toEqual({ refusal: insufficient });
});

test('a release of more than remains tells the expiry too; what remains may still be released', () => {
  const booking = { moveId: 9n, instant: expiresAt };
  const tooMuch = { kind: 'release' as const, ...whole, amount: amount(31n) };
  expect(evaluateRelease(withHold(30n), tooMuch, booking)).toEqual({
    refusal: { ...insufficient, remaining: 30n, expiredAt: '2026-03-02T01:00:00.000Z' },
  });
  const rest = { kind: 'release' as const, ...whole };
  expect(evaluateRelease(withHold(30n), rest, booking)).toMatchObject({
    holdEvent: { kind: 'released', amount: 30n, remaining: 0n },
  });
});
