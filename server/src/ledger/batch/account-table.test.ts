import fc from 'fast-check';
import { expect, test } from 'vitest';
import { currency } from '../../kernel/currency.ts';
import { accountId, type Guarded, MAX_BALANCE } from '../core/account.ts';
import { AccountTable } from './account-table.ts';

const amounts = fc.bigInt({ min: -MAX_BALANCE, max: MAX_BALANCE });
const postings = fc.array(
  fc.record({
    id: fc.bigInt({ min: 1n, max: 700n }),
    balance: amounts,
    held: amounts,
    lastMoveId: amounts,
  }),
  { maxLength: 1_500, size: 'max' },
);

const account = (posting: Pick<Guarded, 'balance' | 'held' | 'lastMoveId'> & { id: bigint }) => ({
  ...{ guarded: true as const, currency: currency('CNY'), mainAccountId: posting.id % 3n },
  ...{
    state: 'open' as const,
    overdraftLimit: 7n,
    frozen: 0n,
    ...posting,
    id: accountId(posting.id),
  },
});

test('it gives each account as it was set last, however many there are', () => {
  fc.assert(
    fc.property(postings, (list) => {
      const table = new AccountTable();
      const model = new Map<bigint, Guarded>();
      for (const posting of list) {
        table.set(account(posting));
        model.set(posting.id, account(posting));
      }
      expect(table.size).toBe(model.size);
      for (const [id, expected] of model) expect(table.get(accountId(id))).toEqual(expected);
      table.clear();
      expect([table.size, table.get(accountId(1n))]).toEqual([0, undefined]);
    }),
    { numRuns: 50 },
  );
});
