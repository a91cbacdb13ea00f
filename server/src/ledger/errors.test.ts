import { expect, test } from 'vitest';
import { refusalError, refusalErrors } from './errors.ts';

test('facts name accounts by number, holds and transfers by text id, and keep amounts', () => {
  const numberOf = (account: bigint) => (account === 7n ? '8888800000000000017' : undefined);
  const poor = refusalError({ code: 'insufficient_funds', account: 7n, shortfall: 5n }, numberOf);
  expect(poor.definition).toBe(refusalErrors.insufficient_funds);
  expect(poor.facts).toEqual({ account: '8888800000000000017', shortfall: 5n });

  const spent = refusalError({ code: 'hold_insufficient', hold: 33n, remaining: 2n }, numberOf);
  expect(spent.facts).toEqual({ hold: 'hld_00000000011', remaining: 2n });

  const twice = refusalError({ code: 'already_reversed', transfer: 1n, reversedBy: 2n }, numberOf);
  expect(twice.facts).toEqual({ transfer: 'trf_00000000001', reversedBy: 'trf_00000000002' });

  // Read from the database again, a refusal has its facts in another order: it is told in the same words.
  const [one, other] = [
    refusalError({ code: 'account_stopped', account: 7n, side: 'credit' }, numberOf),
    refusalError({ side: 'credit', account: 7n, code: 'account_stopped' }, numberOf),
  ];
  expect(JSON.stringify(one.facts)).toBe(JSON.stringify(other.facts));

  // An internal account has no number: nothing of the ledger's own names leaks.
  const hidden = refusalError({ code: 'account_closed', account: 9n }, numberOf);
  expect(hidden.facts).toEqual({ account: undefined });
});
