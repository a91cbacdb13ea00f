import { expect, test } from 'vitest';
import { fund, refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { openVirtualAccount } from '../virtual-accounts/index.ts';
import {
  type BatchItem,
  placeHold,
  readBalance,
  readHold,
  submitBatch,
  transfer,
} from './index.ts';

const app = await testApp();
const platformId = 1n;
const { record, main, numbers } = await testPlatform(app, { platformId, members: 1 });
const [shop] = numbers as [string];

let keys = 0;
const next = () => {
  keys += 1;
  return { requestId: `api/${keys}` };
};
/** An account of its own with 100. */
async function buyer() {
  const { number } = await openVirtualAccount(app, platformId, {
    mainAccount: main.number,
    name: 'Buyer',
  });
  await fund(app, platformId, { record, number, funds: 100n });
  return number;
}
const pay = (debitAccount: string, amount: number, creditAccount = shop): BatchItem => ({
  ...{ type: 'transfer', debitAccount, creditAccount, amount },
});
const balanceOf = async (number: string) => (await readBalance(app, platformId, number)).balance;

test('an atomic batch does all in order, each on what the ones before it left', async () => {
  const [one, two] = [await buyer(), await buyer()];
  const { id } = (
    await placeHold(app, platformId, { account: two, amount: 50, reason: 'r' }, next())
  ).result;
  const hold = id!;
  const key = next();
  const items: BatchItem[] = [
    pay(one, 100, two),
    { type: 'hold', account: two, amount: 120, reason: 'order' },
    { type: 'release', hold, amount: 10 },
    { type: 'capture', hold, creditAccount: shop, amount: 15 },
    { type: 'capture', hold, creditAccount: shop },
  ];
  const submit = () => submitBatch(app, platformId, { mode: 'atomic', items }, key);
  const { result, repeated } = await submit();
  expect(repeated).toBe(false);
  expect(result).toMatchObject({
    ...{ mode: 'atomic', status: 'posted' },
    summary: { count: 5, posted: 5, refused: 0, amount: 270n },
    items: [
      { index: 0, status: 'posted', transfer: { amount: 100n }, hold: null },
      { transfer: null, hold: { amount: 120n, event: { kind: 'placed' } } },
      { hold: { remaining: 40n, released: 10n, captured: 0n } },
      { transfer: { code: 'payment' }, hold: { remaining: 25n, released: 10n, captured: 15n } },
      {
        hold: {
          remaining: 0n,
          released: 10n,
          captured: 40n,
          balances: { balance: 160n, held: 120n },
        },
      },
    ],
  });
  expect(await submit()).toEqual({ repeated: true, result });
  expect(await readHold(app, platformId, hold)).toMatchObject({ captured: 40n, status: 'closed' });
});

test('an atomic batch is refused as a whole, and says which item and why, again and again', async () => {
  const account = await buyer();
  const items = [pay(account, 60), pay(account, 60)];
  const key = next();
  const submit = () => submitBatch(app, platformId, { mode: 'atomic', items }, key);
  const refused = refusal('insufficient_funds', {
    ...{ account, shortfall: 20n, itemIndex: 1 },
    field: '/items/1/debitAccount',
  });
  await expect(submit()).rejects.toEqual(refused);
  await fund(app, platformId, { record, number: account, funds: 100n });
  await expect(submit()).rejects.toEqual(refused);
  expect(await balanceOf(account)).toBe(200n);
  const other = { mode: 'atomic', items: [pay(account, 60)] } as const;
  await expect(submitBatch(app, platformId, other, key)).rejects.toEqual(
    refusal('request_id_reused'),
  );
  const unknown = { mode: 'atomic', items: [pay(account, 1), pay('0'.repeat(19), 1)] } as const;
  await expect(submitBatch(app, platformId, unknown, next())).rejects.toEqual(
    refusal('account_not_found', { field: '/items/1/debitAccount', itemIndex: 1 }),
  );
  expect(await balanceOf(account)).toBe(200n);
});

test('a capture to the account of the hold names the field of its item', async () => {
  const account = await buyer();
  const placing = { account, amount: 50, reason: 'r' };
  const hold = (await placeHold(app, platformId, placing, next())).result.id!;
  const items: BatchItem[] = [
    pay(account, 1),
    { type: 'capture', hold, creditAccount: account, amount: 5 },
  ];
  const field = '/items/1/creditAccount';
  await expect(submitBatch(app, platformId, { mode: 'atomic', items }, next())).rejects.toEqual(
    refusal('same_account', { account, field, itemIndex: 1 }),
  );
  const each = { mode: 'independent', items } as const;
  const { result } = await submitBatch(app, platformId, each, next());
  expect(result.items[1]!.error).toEqual(refusal('same_account', { account, field }));
});

test('what the ledger refuses names the field of its item, for all or for each', async () => {
  const account = await buyer();
  const placing = { account, amount: 50, reason: 'r', owner: 'escrow' };
  const hold = (await placeHold(app, platformId, placing, next())).result.id!;
  const expiresAt = app.clock.now();
  const items: BatchItem[] = [
    { type: 'release', hold, amount: 5 },
    { type: 'capture', hold, creditAccount: shop, amount: 51, owner: 'escrow' },
    { type: 'hold', account, amount: 1, reason: 'r', expiresAt },
    pay(account, 1_000),
  ];
  const refused = [
    refusal('hold_owner_differs', { field: '/items/0/owner' }),
    refusal('hold_insufficient', { field: '/items/1/amount' }),
    refusal('hold_expiry_passed', { field: '/items/2/expiresAt' }),
    refusal('insufficient_funds', { field: '/items/3/debitAccount' }),
  ];
  for (const how of [{ dryRun: true } as const, next()]) {
    const each = { mode: 'independent', items } as const;
    const { result } = await submitBatch(app, platformId, each, how);
    expect(result.items.map(({ error }) => error)).toEqual(refused);
  }
  await expect(submitBatch(app, platformId, { mode: 'atomic', items }, next())).rejects.toEqual(
    refusal('hold_owner_differs', { field: '/items/0/owner', itemIndex: 0 }),
  );
});

test('a single transfer and an atomic batch under one key are not the same request', async () => {
  const account = await buyer();
  const key = next();
  const single = { debitAccount: account, creditAccount: shop, amount: 1 };
  await transfer(app, platformId, single, key);
  const batch = { mode: 'atomic', items: [pay(account, 1)] } as const;
  await expect(submitBatch(app, platformId, batch, key)).rejects.toEqual(
    refusal('request_id_reused'),
  );
});

test('independent items stand each for itself, and a repeat gets the same answer', async () => {
  const account = await buyer();
  const items: BatchItem[] = [
    pay(account, 60),
    pay(account, 60),
    pay('0'.repeat(19), 1),
    { type: 'hold', account, amount: 40, reason: 'rest' },
    { type: 'release', hold: 'hld_00000000000' },
  ];
  const key = next();
  const submit = () => submitBatch(app, platformId, { mode: 'independent', items }, key);
  const foretold = await submitBatch(
    app,
    platformId,
    { mode: 'independent', items },
    { dryRun: true },
  );
  const { result, repeated } = await submit();
  expect(repeated).toBe(false);
  expect(result).toMatchObject({
    ...{ mode: 'independent', status: 'partial' },
    summary: { count: 5, posted: 2, refused: 3, amount: 100n },
  });
  expect(result.items.map(({ status, error }) => error?.definition.code ?? status)).toEqual([
    'posted',
    'insufficient_funds',
    'account_not_found',
    'posted',
    'hold_not_found',
  ]);
  expect(result.items[1]!.error).toEqual(refusal('insufficient_funds', { shortfall: 20n }));
  // The dry run foresaw what each item would find after the ones before it.
  expect(foretold.result).toMatchObject({
    ...{ dryRun: true, status: 'partial', summary: result.summary },
    items: result.items.map(({ index, status }) => ({ index, status })),
  });
  await fund(app, platformId, { record, number: account, funds: 1000n });
  const again = await submit();
  expect(again.repeated).toBe(true);
  expect(again.result).toEqual(result);
});

test('a dry run of an atomic batch carries holds from item to item, and changes nothing', async () => {
  const account = await buyer();
  const { id } = (await placeHold(app, platformId, { account, amount: 50, reason: 'r' }, next()))
    .result;
  const hold = id!;
  const items: BatchItem[] = [
    { type: 'release', hold, amount: 10 },
    { type: 'capture', hold, creditAccount: shop, amount: 15 },
  ];
  const { result } = await submitBatch(
    app,
    platformId,
    { mode: 'atomic', items },
    { dryRun: true },
  );
  expect(result.items[1]).toMatchObject({
    transfer: { id: null },
    hold: { remaining: 25n, released: 10n, captured: 15n, dryRun: true },
  });
  expect(await readHold(app, platformId, hold)).toMatchObject({ remaining: 50n });
  expect(await balanceOf(account)).toBe(100n);
});

test('what was refused before the ledger is not called a repeat', async () => {
  const items = [pay('0'.repeat(19), 1)];
  const { repeated } = await submitBatch(app, platformId, { mode: 'independent', items }, next());
  expect(repeated).toBe(false);
});

test('a batch of which every item is refused is refused', async () => {
  const account = await buyer();
  const refused = { mode: 'independent', items: [pay(account, 101)] } as const;
  expect((await submitBatch(app, platformId, refused, next())).result.status).toBe('refused');
});

// Goal: one key does one thing. Method: each way of using a key a second time for something else is tried; it
// is refused before anything is done, whichever came first.
test('a key that was used for anything else does nothing, in any order', async () => {
  const account = await buyer();
  const [one, two, three] = [pay(account, 1), pay(account, 2), pay(account, 3)];
  const single = (key: { requestId: string }) =>
    transfer(app, platformId, { debitAccount: account, creditAccount: shop, amount: 1 }, key);
  const batch = (mode: 'atomic' | 'independent', items: BatchItem[], key: { requestId: string }) =>
    submitBatch(app, platformId, { mode, items }, key);
  const reused = refusal('request_id_reused');
  const firsts = [
    (key: { requestId: string }) => single(key),
    (key: { requestId: string }) => batch('atomic', [one, two], key),
    (key: { requestId: string }) => batch('independent', [one, two], key),
    (key: { requestId: string }) => batch('independent', [one, two, three], key),
    (key: { requestId: string }) => batch('independent', [two, one], key),
  ];
  for (const [i, first] of firsts.entries()) {
    const key = next();
    await first(key);
    const left = await balanceOf(account);
    for (const [j, other] of firsts.entries()) {
      if (i !== j) await expect(other(key)).rejects.toEqual(reused);
    }
    expect(await balanceOf(account)).toBe(left);
    expect((await first(key)).repeated).toBe(true);
  }
});
