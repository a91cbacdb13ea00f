import { expect, test } from 'vitest';
import { amount, MAX_AMOUNT } from '../kernel/amount.ts';
import { currency } from '../kernel/currency.ts';
import { accountId, MAX_INTERNAL_BALANCE } from '../ledger/index.ts';
import type { MainAccountRecord } from '../virtual-accounts/index.ts';
import { beyondLimits } from './headroom.ts';
import type { PlacedEntry } from './place-entries.ts';

const main: MainAccountRecord = {
  mainAccountId: 1n,
  number: '8110',
  name: 'Sample Platform Ltd',
  bankName: null,
  currency: currency('CNY'),
  prefix: '11000',
  referencesPerDay: false,
  createdAt: new Date('2026-03-02T00:00:00Z'),
  bankClearing: accountId(1n),
  bankDebits: accountId(2n),
  suspense: accountId(3n),
  interestAndFees: accountId(4n),
  opening: accountId(5n),
  platform: accountId(6n),
};

let entries = 0;

function entry(state: 'suspended' | 'debited', minorUnits: bigint): PlacedEntry {
  entries += 1;
  const common = { entryId: `${entries}`, main, amount: amount(minorUnits), reference: undefined };
  return state === 'debited'
    ? { ...common, state, reason: null, account: main.bankDebits, code: 'bank_debit' }
    : { ...common, state, reason: 'no_match', account: main.suspense, code: 'deposit' };
}

const have = (clearing: bigint, debits: bigint) =>
  new Map([
    [main.bankClearing, clearing],
    [main.bankDebits, debits],
    [main.suspense, 0n],
  ]);

test('what fits only because of the entries before it is let in, and counts for those after it', () => {
  const debit = entry('debited', 10n);
  const [first, room, second] = [
    entry('suspended', 6n),
    entry('debited', 4n),
    entry('suspended', 8n),
  ];
  const third = entry('suspended', 1n);
  const placed = [debit, first, room, second, third];
  // The clearing account is the lower, the more the bank has.
  expect(beyondLimits(placed, have(-MAX_INTERNAL_BALANCE, 0n))).toEqual(new Set([third]));
});

test('both accounts of a debit have their limit', () => {
  const placed = [entry('debited', 2n), entry('debited', 1n)];
  const [two] = placed;
  expect(beyondLimits(placed, have(MAX_INTERNAL_BALANCE - 1n, 0n))).toEqual(new Set([two]));
  expect(beyondLimits(placed, have(0n, 1n - MAX_INTERNAL_BALANCE))).toEqual(new Set([two]));
});

test('an account past its limit may come back', () => {
  const placed = [entry('suspended', MAX_AMOUNT), entry('debited', 1n)];
  const [, debit] = placed;
  expect(beyondLimits(placed, have(2n * MAX_INTERNAL_BALANCE, 0n))).toEqual(new Set([debit]));
});
