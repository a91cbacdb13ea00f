import { expect, test } from 'vitest';
import { businessDate } from '../../kernel/business-date.ts';
import { currency } from '../../kernel/currency.ts';
import { type Account, accountId, type Guarded } from '../core/account.ts';
import { Memories, Memory, type OpenDay } from './memory.ts';

const day: OpenDay = {
  date: businessDate('2026-03-02'),
  lastMoveId: 7n,
  version: 1n,
  rulesVersion: 0n,
};
const common = { currency: currency('CNY'), mainAccountId: 1n };
const guarded = (id: number): Guarded => ({
  ...{ ...common, id: accountId(BigInt(id)), guarded: true, state: 'open', balance: 5n },
  ...{ held: 0n, overdraftLimit: 0n, frozen: 0n, lastMoveId: 7n },
});
const internal: Account = { ...common, id: accountId(99n), guarded: false };

test('what is forgotten is asked again, but for internal accounts, which never change', () => {
  const memory = new Memory();
  memory.keepInternals([internal, guarded(1)]);
  memory.remember(day, [guarded(1), guarded(2)]);
  expect([memory.size, memory.day]).toEqual([3, day]);
  memory.forget();
  expect([memory.size, memory.day, memory.account(accountId(1n))]).toEqual([
    1,
    undefined,
    undefined,
  ]);
  expect(memory.account(internal.id)).toBe(internal);
  expect(memory.internal(accountId(1n))).toBeUndefined();
  memory.empty();
  expect([memory.size, memory.internal(internal.id)]).toEqual([0, undefined]);
});

test('beyond the limit, who was not used for longest is emptied', () => {
  const memories = new Memories(5);
  const [first, second, third] = [new Memory(), new Memory(), new Memory()];
  const use = (memory: Memory, ...ids: number[]) => {
    memory.remember(day, ids.map(guarded));
    memories.used(memory);
  };
  use(first, 1, 2);
  use(second, 1, 2);
  use(first, 2);
  use(third, 1, 2);
  expect([first.size, second.size, third.size]).toEqual([2, 0, 2]);
  use(second, 1, 2, 3, 4, 5, 6);
  expect([first.size, second.size, third.size]).toEqual([0, 0, 0]);
});
