import { expect, test } from 'vitest';
import { refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { currency } from '../kernel/currency.ts';
import {
  openMainAccount,
  openVirtualAccount,
  stopVirtualAccount,
} from '../virtual-accounts/index.ts';
import {
  isRepeatedRefusal,
  listTransfers,
  placeHold,
  readBalance,
  readTransfer,
  reverseTransfer,
  transfer,
} from './index.ts';

const app = await testApp();
const platformId = 1n;
const { record, main, numbers } = await testPlatform(app, { platformId, members: 4, funds: 1000n });
const foreign = await testPlatform(app, { platformId: 2n, members: 2, funds: 1000n });
const [alice, bob, carol, dave] = numbers as [string, string, string, string];

let keys = 0;
/** A request id of its own. */
const next = () => {
  keys += 1;
  return { requestId: `api/${keys}` };
};
const pay = (debitAccount: string, creditAccount: string, amount: number) => ({
  debitAccount,
  creditAccount,
  amount,
});
const balanceOf = async (number: string) => (await readBalance(app, platformId, number)).balance;

test('a transfer answers with both sides as they are after it, and is read again as it was answered', async () => {
  const { result, repeated } = await transfer(
    app,
    platformId,
    { ...pay(alice, bob, 100), currency: 'CNY', reference: 'order-1', memo: '货款' },
    next(),
  );
  expect(repeated).toBe(false);
  expect(result).toMatchObject({
    ...{ status: 'posted', amount: 100n, currency: 'CNY', code: 'transfer', reverses: null },
    debit: { account: alice, balance: 900n, held: 0n, available: 900n },
    credit: { account: bob, balance: 1100n, held: 0n, available: 1100n },
    ...{ reference: 'order-1', memo: '货款', businessDate: '2026-03-02' },
  });
  expect(await readTransfer(app, platformId, result.id!)).toEqual(result);
  await expect(readTransfer(app, 2n, result.id!)).rejects.toEqual(refusal('transfer_not_found'));
});

test('a repeat gets the same bytes, whatever happened in between; other content is a conflict', async () => {
  const key = next();
  const first = await transfer(app, platformId, pay(alice, bob, 7), key);
  await transfer(app, platformId, pay(bob, alice, 3), next());
  await reverseTransfer(app, platformId, first.result.id!, { mode: next() });
  const again = await transfer(app, platformId, pay(alice, bob, 7), key);
  expect(again).toEqual({ repeated: true, result: first.result });
  await expect(transfer(app, platformId, pay(alice, bob, 8), key)).rejects.toEqual(
    refusal('request_id_reused'),
  );
});

test('a refusal is an answer: it is repeated though the money has come since', async () => {
  const { number } = await openVirtualAccount(app, platformId, {
    mainAccount: main.number,
    name: 'Poor',
  });
  const key = next();
  const attempt = () =>
    transfer(app, platformId, pay(number, bob, 5), key).catch((error: unknown) => error);
  const first = await attempt();
  expect(first).toEqual(
    refusal('insufficient_funds', {
      ...{ account: number, shortfall: 5n },
      field: '/debitAccount',
    }),
  );
  expect(isRepeatedRefusal(first)).toBe(false);
  await transfer(app, platformId, pay(alice, number, 5), next());
  const again = await attempt();
  expect(again).toEqual(first);
  expect(isRepeatedRefusal(again)).toBe(true);
});

test('refusals before the ledger name the field; the first of two is named', async () => {
  const nobody = '0'.repeat(19);
  const ask = (...[debit, credit, rest]: [string, string, object?]) =>
    transfer(app, platformId, { ...pay(debit, credit, 1), ...rest }, next());
  await expect(ask(nobody, nobody)).rejects.toEqual(
    refusal('account_not_found', { field: '/debitAccount', account: nobody }),
  );
  await expect(ask(alice, nobody)).rejects.toEqual(
    refusal('account_not_found', { field: '/creditAccount' }),
  );
  await expect(ask(alice, alice)).rejects.toEqual(
    refusal('same_account', { account: alice, field: '/creditAccount' }),
  );
  const { suspense } = main.accounts;
  for (const [debit, credit] of [
    [suspense, alice],
    [alice, suspense],
  ] as const) {
    await expect(ask(debit, credit)).rejects.toEqual(
      refusal('public_account_refused', { account: suspense }),
    );
  }
  await expect(ask(alice, bob, { currency: 'USD' })).rejects.toEqual(
    refusal('currencies_differ', { credit: 'USD', field: '/currency' }),
  );
});

test('no money crosses platforms or main accounts', async () => {
  const [theirs] = foreign.numbers as [string];
  for (const [debit, credit] of [
    [alice, theirs],
    [theirs, alice],
  ] as const) {
    await expect(transfer(app, platformId, pay(debit, credit, 1), next())).rejects.toEqual(
      refusal('account_not_found', { account: theirs }),
    );
  }
  const usd = { number: 'US1', name: 'Dollars', currency: currency('USD') };
  const { number: mainAccount } = await openMainAccount(app, platformId, usd);
  const { number } = await openVirtualAccount(app, platformId, { mainAccount, name: 'Dollars' });
  await expect(transfer(app, platformId, pay(alice, number, 1), next())).rejects.toEqual(
    refusal('different_main_accounts', { debit: alice, credit: number }),
  );
});

test('stopped accounts refuse their side, and only that', async () => {
  await stopVirtualAccount(app, platformId, dave, { side: 'debit' });
  await expect(transfer(app, platformId, pay(dave, bob, 1), next())).rejects.toEqual(
    refusal('account_stopped', { account: dave, side: 'debit' }),
  );
  const { result } = await transfer(app, platformId, pay(bob, dave, 1), next());
  expect(result.credit.balance).toBe(1001n);
  await stopVirtualAccount(app, platformId, dave, { side: 'credit' });
  await expect(transfer(app, platformId, pay(bob, dave, 1), next())).rejects.toEqual(
    refusal('account_stopped', { account: dave, side: 'credit' }),
  );
});

test('a dry run foretells the answer and changes nothing', async () => {
  const before = await balanceOf(alice);
  const input = { ...pay(alice, bob, 11), reference: 'r' };
  const foretold = await transfer(app, platformId, input, { dryRun: true });
  expect(foretold.result).toMatchObject({ id: null, dryRun: true });
  expect(await balanceOf(alice)).toBe(before);
  const { result } = await transfer(app, platformId, input, next());
  const { id: _id, dryRun: _dryRun, bookedAt: _at, ...same } = foretold.result;
  expect(result).toMatchObject(same);
  const tooMuch = pay(alice, bob, 1_000_000);
  const refused = await transfer(app, platformId, tooMuch, { dryRun: true }).catch(
    (e: unknown) => e,
  );
  await expect(transfer(app, platformId, tooMuch, next())).rejects.toEqual(refused);
  // What was only foretold has left no request behind.
  expect(refused).toEqual(refusal('insufficient_funds'));
});

test('a transfer is reversed once, in whole, and says so when it is read', async () => {
  const { result: paid } = await transfer(app, platformId, pay(alice, carol, 20), next());
  const key = next();
  const reverse = (mode: typeof key) =>
    reverseTransfer(app, platformId, paid.id!, { memo: '退', mode });
  const { result: reversal } = await reverse(key);
  expect(reversal).toMatchObject({
    ...{ code: 'reversal', reverses: paid.id, amount: 20n, memo: '退' },
    debit: { account: carol },
    credit: { account: alice },
  });
  expect(await reverse(key)).toEqual({ repeated: true, result: reversal });
  await expect(reverse(next())).rejects.toEqual(
    refusal('already_reversed', { transfer: paid.id, reversedBy: reversal.id }),
  );
  expect((await readTransfer(app, platformId, paid.id!)).reversedBy).toBe(reversal.id);
  await expect(reverseTransfer(app, platformId, reversal.id!, { mode: next() })).rejects.toEqual(
    refusal('transfer_not_reversible', { transferCode: 'reversal' }),
  );
  await expect(reverseTransfer(app, 2n, paid.id!, { mode: next() })).rejects.toEqual(
    refusal('transfer_not_found'),
  );
});

test('money that the payee has spent, or put aside, is not taken back', async () => {
  const { number: shop } = await openVirtualAccount(app, platformId, {
    mainAccount: main.number,
    name: 'Shop',
  });
  const { result: paid } = await transfer(app, platformId, pay(alice, shop, 30), next());
  await transfer(app, platformId, pay(shop, bob, 10), next());
  await expect(reverseTransfer(app, platformId, paid.id!, { mode: next() })).rejects.toEqual(
    refusal('insufficient_funds', { account: shop, shortfall: 10n }),
  );
  await transfer(app, platformId, pay(alice, shop, 10), next());
  await placeHold(app, platformId, { account: shop, amount: 1, reason: 'r' }, next());
  await expect(reverseTransfer(app, platformId, paid.id!, { mode: next() })).rejects.toEqual(
    refusal('insufficient_funds', { account: shop, shortfall: 1n }),
  );
});

test('deposits are not reversed here', async () => {
  const { transfers } = await listTransfers(app, platformId, { period: {}, limit: 1000 });
  const deposit = transfers.find(({ code }) => code === 'deposit');
  expect(deposit).toMatchObject({ debit: { account: null, balance: null }, currency: 'CNY' });
  await expect(reverseTransfer(app, platformId, deposit!.id!, { mode: next() })).rejects.toEqual(
    refusal('transfer_not_reversible', { transferCode: 'deposit' }),
  );
});

test('lists are newest first, of one account or of all, and pages join to the whole', async () => {
  const whole = await listTransfers(app, platformId, { account: bob, period: {}, limit: 1000 });
  const ids = whole.transfers.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted().reverse());
  const involved = whole.transfers.map(({ debit, credit }) => [debit.account, credit.account]);
  expect(involved.every((pair) => pair.includes(bob))).toBe(true);
  const joined: (string | null)[] = [];
  let before: bigint | undefined;
  do {
    const page = await listTransfers(app, platformId, {
      account: bob,
      period: {},
      before,
      limit: 2,
    });
    joined.push(...page.transfers.map(({ id }) => id));
    before = page.next;
  } while (before !== undefined);
  expect(joined).toEqual(ids);
  await expect(listTransfers(app, 2n, { account: bob, period: {}, limit: 10 })).rejects.toEqual(
    refusal('account_not_found'),
  );
  expect(record.number).toBe(main.number);
});
