import { expect, test } from 'vitest';
import { fund, refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { expireHolds } from '../ledger/index.ts';
import { openVirtualAccount } from '../virtual-accounts/index.ts';
import {
  captureHold,
  listHolds,
  placeHold,
  readBalance,
  readHold,
  releaseHold,
  reverseTransfer,
} from './index.ts';

const app = await testApp();
const platformId = 1n;
const { record, main, numbers } = await testPlatform(app, { platformId, members: 2, funds: 1000n });
await testPlatform(app, { platformId: 2n, members: 1 });
const [, seller] = numbers as [string, string];

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
const place = (account: string, amount: number, rest: object = {}) =>
  placeHold(app, platformId, { account, amount, reason: 'order', ...rest }, next());

test('a hold takes from available, not from the balance', async () => {
  const account = await buyer();
  const { result: hold } = await place(account, 60);
  expect(hold).toMatchObject({
    ...{ account, amount: 60n, remaining: 60n, released: 0n, captured: 0n, status: 'active' },
    ...{ owner: null, reason: 'order', expiresAt: null, currency: 'CNY' },
    balances: { balance: 100n, held: 60n, available: 40n },
    event: { kind: 'placed', amount: 60n },
  });
  await expect(place(account, 41)).rejects.toEqual(
    refusal('insufficient_funds', { account, shortfall: 1n }),
  );
  expect(await readBalance(app, platformId, account)).toMatchObject({ balance: 100n, held: 60n });
});

test('a hold is released in parts and captured in parts, until nothing remains', async () => {
  const account = await buyer();
  const { id } = (await place(account, 60)).result;
  const hold = id!;
  const released = await releaseHold(app, platformId, { hold, amount: 10 }, next());
  expect(released.result).toMatchObject({ remaining: 50n, released: 10n, captured: 0n });
  const capture = (amount?: number) =>
    captureHold(app, platformId, { hold, creditAccount: seller, amount }, next());
  const first = await capture(20);
  expect(first.result).toMatchObject({
    transfer: {
      code: 'payment',
      amount: 20n,
      debit: { account, balance: 80n, held: 30n, available: 50n },
    },
    hold: { remaining: 30n, captured: 20n, released: 10n, balances: { balance: 80n, held: 30n } },
  });
  await expect(capture(31)).rejects.toEqual(
    refusal('hold_insufficient', { hold, remaining: 30n, field: '/amount' }),
  );
  const rest = await capture();
  expect(rest.result.hold).toMatchObject({ remaining: 0n, captured: 50n, status: 'closed' });
  await expect(capture()).rejects.toEqual(refusal('hold_insufficient', { remaining: 0n }));
  const history = await readHold(app, platformId, hold);
  expect(history.events.map(({ kind, amount, remaining }) => [kind, amount, remaining])).toEqual([
    ['placed', 60n, 60n],
    ['released', 10n, 50n],
    ['captured', 20n, 30n],
    ['captured', 30n, 0n],
  ]);
  expect(history.events[2]!.transferId).toBe(first.result.transfer.id);
  expect(history).toMatchObject({ amount: 60n, remaining: 0n, released: 10n, captured: 50n });
});

test('repeats of a release and a capture say how the hold stood then', async () => {
  const account = await buyer();
  const hold = (await place(account, 60)).result.id!;
  const [releaseKey, captureKey] = [next(), next()];
  const release = () => releaseHold(app, platformId, { hold, amount: 10 }, releaseKey);
  const capture = () =>
    captureHold(app, platformId, { hold, creditAccount: seller, amount: 5 }, captureKey);
  const [released, captured] = [await release(), await capture()];
  await releaseHold(app, platformId, { hold }, next());
  expect(await release()).toEqual({ repeated: true, result: released.result });
  expect(await capture()).toEqual({ repeated: true, result: captured.result });
});

test('a hold with an owner is touched by that owner only', async () => {
  const hold = (await place(await buyer(), 60, { owner: 'escrow' })).result.id!;
  const differs = refusal('hold_owner_differs', { hold, field: '/owner' });
  await expect(releaseHold(app, platformId, { hold }, next())).rejects.toEqual(differs);
  await expect(
    captureHold(app, platformId, { hold, creditAccount: seller, owner: 'other' }, next()),
  ).rejects.toEqual(differs);
  const { result } = await releaseHold(app, platformId, { hold, owner: 'escrow' }, next());
  expect(result).toMatchObject({ owner: 'escrow', remaining: 0n, status: 'closed' });
});

test('an expired hold is not captured, and is released by the sweep, once', async () => {
  const account = await buyer();
  const expiresAt = new Date(app.clock.now().getTime() + 60_000);
  const hold = (await place(account, 60, { expiresAt })).result.id!;
  expect(await expireHolds(app, platformId)).toBe(0);
  app.clock.advance(60_000);
  await expect(
    captureHold(app, platformId, { hold, creditAccount: seller }, next()),
  ).rejects.toEqual(refusal('hold_expired', { hold, expiredAt: expiresAt.toISOString() }));
  expect(await expireHolds(app, platformId)).toBe(1);
  expect(await expireHolds(app, platformId)).toBe(0);
  // Nothing is left of it now, and whoever comes late learns why.
  const expired = { hold, remaining: 0n, expiredAt: expiresAt.toISOString() };
  for (const late of [
    captureHold(app, platformId, { hold, creditAccount: seller }, next()),
    releaseHold(app, platformId, { hold }, next()),
  ]) {
    await expect(late).rejects.toEqual(refusal('hold_insufficient', expired));
  }
  const { events, ...state } = await readHold(app, platformId, hold);
  expect(state).toMatchObject({ released: 60n, remaining: 0n, status: 'closed', expiresAt });
  expect(events.map(({ kind }) => kind)).toEqual(['placed', 'expired']);
  expect(await readBalance(app, platformId, account)).toMatchObject({ held: 0n, available: 100n });
});

test('dry runs of a hold, a release and a capture change nothing', async () => {
  const account = await buyer();
  const placing = { account, amount: 60, reason: 'order' };
  const foretold = await placeHold(app, platformId, placing, { dryRun: true });
  expect(foretold.result).toMatchObject({ id: null, dryRun: true, balances: { held: 60n } });
  const hold = (await place(account, 60)).result.id!;
  const release = { hold, amount: 10 };
  const foretoldRelease = await releaseHold(app, platformId, release, { dryRun: true });
  expect(foretoldRelease.result).toMatchObject({ remaining: 50n, released: 10n });
  const capture = { hold, creditAccount: seller };
  const foretoldCapture = await captureHold(app, platformId, capture, { dryRun: true });
  expect(foretoldCapture.result).toMatchObject({
    transfer: { id: null, amount: 60n },
    dryRun: true,
  });
  expect(await readHold(app, platformId, hold)).toMatchObject({ remaining: 60n });
  expect(await readBalance(app, platformId, account)).toMatchObject({ balance: 100n, held: 60n });
});

test('a refused hold names the field, first and again', async () => {
  const account = await buyer();
  const expiresAt = app.clock.now();
  const refused = refusal('hold_expiry_passed', { field: '/expiresAt' });
  const key = next();
  const ask = () =>
    placeHold(app, platformId, { account, amount: 1, reason: 'order', expiresAt }, key);
  await expect(ask()).rejects.toEqual(refused);
  await expect(ask()).rejects.toEqual(refused);
  await expect(place(account, 101)).rejects.toEqual(
    refusal('insufficient_funds', { field: '/account' }),
  );
});

test('a captured payment is reversed like a transfer; the hold stays captured', async () => {
  const account = await buyer();
  const hold = (await place(account, 60)).result.id!;
  const { result } = await captureHold(app, platformId, { hold, creditAccount: seller }, next());
  const { result: reversal } = await reverseTransfer(app, platformId, result.transfer.id!, {
    mode: next(),
  });
  expect(reversal.credit).toEqual({ account, balance: 100n, held: 0n, available: 100n });
  expect(await readHold(app, platformId, hold)).toMatchObject({ captured: 60n, remaining: 0n });
});

test('holds of another platform, and suspense, are refused', async () => {
  const hold = (await place(await buyer(), 60)).result.id!;
  const notFound = refusal('hold_not_found', { hold });
  await expect(readHold(app, 2n, hold)).rejects.toEqual(notFound);
  await expect(releaseHold(app, 2n, { hold }, next())).rejects.toEqual(notFound);
  await expect(releaseHold(app, platformId, { hold: 'hld_x' }, next())).rejects.toEqual(
    refusal('hold_not_found'),
  );
  const { suspense } = main.accounts;
  await expect(place(suspense, 1)).rejects.toEqual(
    refusal('public_account_refused', { field: '/account' }),
  );
  await expect(
    captureHold(app, platformId, { hold, creditAccount: suspense }, next()),
  ).rejects.toEqual(refusal('public_account_refused', { field: '/creditAccount' }));
});

test('a capture to the account of the hold is refused, naming the field, again and again', async () => {
  const account = await buyer();
  const hold = (await place(account, 60)).result.id!;
  const capture = { hold, creditAccount: account };
  const refused = refusal('same_account', { account, field: '/creditAccount' });
  await expect(captureHold(app, platformId, capture, { dryRun: true })).rejects.toEqual(refused);
  const key = next();
  await expect(captureHold(app, platformId, capture, key)).rejects.toEqual(refused);
  await expect(captureHold(app, platformId, capture, key)).rejects.toEqual(refused);
});

test('holds are listed newest first, by account, and with money left only', async () => {
  const account = await buyer();
  const placed: string[] = [];
  for (const amount of [1, 2, 3]) placed.push((await place(account, amount)).result.id!);
  await releaseHold(app, platformId, { hold: placed[1]! }, next());
  const all = await listHolds(app, platformId, { account, limit: 2 });
  expect(all.holds.map(({ id }) => id)).toEqual([placed[2], placed[1]]);
  const rest = await listHolds(app, platformId, { account, limit: 2, before: all.next });
  expect(rest.holds.map(({ id }) => id)).toEqual([placed[0]]);
  const active = await listHolds(app, platformId, { account, active: true, limit: 10 });
  expect(active.holds.map(({ id }) => id)).toEqual([placed[2], placed[0]]);
});
