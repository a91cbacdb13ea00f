// Goal: the five kinds of a forced transfer (转账 冻结 解冻 支付冻结 解冻支付), as finance would tell them, with
// every refusal; the documents always say what the money does. Method: accounts of 100 each on a real PostgreSQL.
import { afterEach, expect, test } from 'vitest';
import { fund, refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { openVirtualAccount, stopVirtualAccount } from '../virtual-accounts/index.ts';
import {
  freeze,
  listFreezes,
  payFreeze,
  placeHold,
  readBalance,
  readFreeze,
  readHold,
  releaseHold,
  reverseTransfer,
  submitBatch,
  unfreeze,
  unfreezePay,
} from './index.ts';

const app = await testApp();
const platformId = 1n;
const { record, main } = await testPlatform(app, { platformId, members: 1 });
const suspense = await app.db
  .selectFrom('virtual_account')
  .select('number')
  .where('platform_id', '=', platformId)
  .where('kind', '=', 'suspense')
  .executeTakeFirstOrThrow();

let keys = 0;
const next = () => {
  keys += 1;
  return { requestId: `api/freeze-${keys}` };
};
async function open(funds: bigint) {
  const opening = { mainAccount: main.number, name: 'Member' };
  const { number } = await openVirtualAccount(app, platformId, opening);
  if (funds > 0n) await fund(app, platformId, { record, number, funds });
  return number;
}
async function has(number: string) {
  const { balance, held, available } = await readBalance(app, platformId, number);
  return { balance, held, available };
}
const frozenOf = async (account: string, amount: number) =>
  (await freeze(app, platformId, { account, amount, reason: '合同冻结' }, next())).result;
const payFrozen = async (debitAccount: string, creditAccount: string, amount: number) => {
  const input = { debitAccount, creditAccount, amount, reason: '货到付款', reference: 'PO-1' };
  return (await payFreeze(app, platformId, input, next())).result;
};
const state = async (id: string) => {
  const { status, remaining, unfrozen, paid } = await readFreeze(app, platformId, id);
  return { status, remaining, unfrozen, paid };
};

// Whatever a test did: every document says what its hold says, and its steps add up.
afterEach(async () => {
  const { freezes } = await listFreezes(app, platformId, { limit: 1000 });
  for (const { id, hold, kind, remaining, unfrozen, paid, amount } of freezes) {
    const held = await readHold(app, platformId, hold!);
    const [back, forth] =
      kind === 'freeze' ? (['released', 'captured'] as const) : (['captured', 'released'] as const);
    expect([remaining, unfrozen, paid]).toEqual([held.remaining, held[back], held[forth]]);
    expect(amount).toBe(remaining + unfrozen + paid);
    const { steps } = await readFreeze(app, platformId, id!);
    expect(steps.reduce((sum, step) => sum + step.amount, 0n)).toBe(unfrozen + paid);
    if (steps.length > 0) expect(steps.at(-1)?.remaining).toBe(remaining);
  }
});

test("a freeze puts the payer's own money aside, and gives it back in parts", async () => {
  const payer = await open(100n);
  const frozen = await frozenOf(payer, 60);
  expect(frozen).toMatchObject({
    id: expect.stringMatching(/^frz_[0-9a-z]{11}$/) as unknown,
    ...{ kind: 'freeze', status: 'frozen', debitAccount: payer, creditAccount: null },
    ...{
      amount: 60n,
      remaining: 60n,
      unfrozen: 0n,
      paid: 0n,
      reason: '合同冻结',
      transferId: null,
    },
  });
  expect(await has(payer)).toEqual({ balance: 100n, held: 60n, available: 40n });
  const id = frozen.id!;
  const part = { freeze: id, amount: 25, reason: '部分解冻' };
  const { result: first } = await unfreeze(app, platformId, part, next());
  expect(first).toMatchObject({
    ...{ freeze: id, kind: 'unfreeze', amount: 25n, remaining: 35n, status: 'frozen' },
    ...{ creditAccount: null, transferId: null, reason: '部分解冻' },
  });
  expect(await has(payer)).toEqual({ balance: 100n, held: 35n, available: 65n });
  const { result: last } = await unfreeze(app, platformId, { freeze: id }, next());
  expect(last).toMatchObject({ amount: 35n, remaining: 0n, status: 'closed', reason: null });
  expect(await state(id)).toEqual({ status: 'closed', remaining: 0n, unfrozen: 60n, paid: 0n });
  expect((await readFreeze(app, platformId, id)).steps).toEqual([first, last]);
});

test('from a freeze somebody is paid, and who is paid must be named', async () => {
  const [payer, seller] = [await open(100n), await open(0n)];
  const id = (await frozenOf(payer, 60)).id!;
  await expect(unfreezePay(app, platformId, { freeze: id }, next())).rejects.toEqual(
    refusal('freeze_payee_required', { field: '/creditAccount' }),
  );
  const pay = (creditAccount: string, amount?: number) =>
    unfreezePay(app, platformId, { freeze: id, creditAccount, amount }, next());
  await expect(pay(payer)).rejects.toEqual(refusal('same_account', { field: '/creditAccount' }));
  await expect(pay(suspense.number)).rejects.toEqual(
    refusal('public_account_refused', { field: '/creditAccount' }),
  );
  await expect(pay('9999999999999999999')).rejects.toEqual(
    refusal('account_not_found', { field: '/creditAccount' }),
  );
  const { result: paid } = await pay(seller, 40);
  expect(paid).toMatchObject({
    ...{ kind: 'unfreezePay', amount: 40n, remaining: 20n, creditAccount: seller },
    transferId: expect.stringMatching(/^trf_/) as unknown,
  });
  expect(await has(payer)).toEqual({ balance: 60n, held: 20n, available: 40n });
  expect(await has(seller)).toEqual({ balance: 40n, held: 0n, available: 40n });
  await unfreeze(app, platformId, { freeze: id }, next());
  expect(await state(id)).toEqual({ status: 'closed', remaining: 0n, unfrozen: 20n, paid: 40n });
});

test('a pay-freeze moves the money to the payee, who cannot spend it', async () => {
  const [payer, payee] = [await open(100n), await open(0n)];
  const frozen = await payFrozen(payer, payee, 70);
  expect(frozen).toMatchObject({
    ...{ kind: 'payFreeze', status: 'frozen', debitAccount: payer, creditAccount: payee },
    ...{ amount: 70n, remaining: 70n, reference: 'PO-1', memo: null },
    transferId: expect.stringMatching(/^trf_/) as unknown,
  });
  expect(await has(payer)).toEqual({ balance: 30n, held: 0n, available: 30n });
  expect(await has(payee)).toEqual({ balance: 70n, held: 70n, available: 0n });
  await expect(frozenOf(payee, 1)).rejects.toEqual(
    refusal('insufficient_funds', { shortfall: 1n }),
  );
  const freezeId = frozen.id!;
  const back = await unfreeze(app, platformId, { freeze: freezeId, amount: 20 }, next());
  expect(back.result).toMatchObject({ remaining: 50n, creditAccount: payer });
  expect(await has(payer)).toEqual({ balance: 50n, held: 0n, available: 50n });
  expect(await has(payee)).toEqual({ balance: 50n, held: 50n, available: 0n });
  const { result } = await unfreezePay(app, platformId, { freeze: freezeId }, next());
  expect(result).toMatchObject({ remaining: 0n, creditAccount: null, transferId: null });
  expect(await has(payee)).toEqual({ balance: 50n, held: 0n, available: 50n });
  const closed = { status: 'closed', remaining: 0n, unfrozen: 20n, paid: 50n };
  expect(await state(freezeId)).toEqual(closed);
});

test('a pay-freeze is for its payee, and for nobody else', async () => {
  const [payer, payee, other] = [await open(100n), await open(0n), await open(0n)];
  const id = (await payFrozen(payer, payee, 70)).id!;
  const pay = (creditAccount: string) =>
    unfreezePay(app, platformId, { freeze: id, creditAccount, amount: 10 }, next());
  await expect(pay(other)).rejects.toEqual(
    refusal('freeze_payee_differs', { freeze: id, payee, field: '/creditAccount' }),
  );
  expect((await pay(payee)).result).toMatchObject({ amount: 10n, remaining: 60n });
});

test('neither half of a pay-freeze is done without the other', async () => {
  const [payer, payee] = [await open(100n), await open(0n)];
  await expect(payFrozen(payer, payee, 101)).rejects.toEqual(
    refusal('insufficient_funds', { account: payer, shortfall: 1n, field: '/debitAccount' }),
  );
  // The payee may receive and not pay: nothing can be put aside there.
  await stopVirtualAccount(app, platformId, payee, { side: 'debit' });
  await expect(payFrozen(payer, payee, 10)).rejects.toEqual(
    refusal('account_stopped', { account: payee, side: 'debit', field: '/creditAccount' }),
  );
  expect(await has(payer)).toEqual({ balance: 100n, held: 0n, available: 100n });
  const { freezes } = await listFreezes(app, platformId, { account: payer, limit: 10 });
  expect(freezes).toEqual([]);
});

test('what cannot go back to the payer stays frozen, and may still go to the payee', async () => {
  const [payer, payee] = [await open(100n), await open(0n)];
  const id = (await payFrozen(payer, payee, 70)).id!;
  await stopVirtualAccount(app, platformId, payer, { side: 'credit' });
  await expect(unfreeze(app, platformId, { freeze: id }, next())).rejects.toEqual(
    refusal('account_stopped', { account: payer, side: 'credit' }),
  );
  expect((await state(id)).remaining).toBe(70n);
  const { result } = await unfreezePay(app, platformId, { freeze: id }, next());
  expect(result.status).toBe('closed');
});

test('not more is taken than remains, and an unknown number is told as that', async () => {
  const id = (await frozenOf(await open(100n), 60)).id!;
  await expect(unfreeze(app, platformId, { freeze: id, amount: 61 }, next())).rejects.toEqual(
    refusal('freeze_insufficient', { freeze: id, remaining: 60n, field: '/amount' }),
  );
  await unfreeze(app, platformId, { freeze: id }, next());
  await expect(unfreeze(app, platformId, { freeze: id }, next())).rejects.toEqual(
    refusal('freeze_insufficient', { freeze: id, remaining: 0n }),
  );
  const freezeId = 'frz_00000000001';
  await expect(unfreeze(app, platformId, { freeze: freezeId }, next())).rejects.toEqual(
    refusal('freeze_not_found', { freeze: freezeId }),
  );
  await expect(readFreeze(app, platformId, 'frz_x')).rejects.toEqual(refusal('freeze_not_found'));
  await testPlatform(app, { platformId: 2n, members: 1 });
  await expect(readFreeze(app, 2n, id)).rejects.toEqual(refusal('freeze_not_found'));
});

test('a repeat gets the same answer, whatever was taken meanwhile; other content is refused', async () => {
  const [payer, payee] = [await open(100n), await open(0n)];
  const mode = next();
  const input = { debitAccount: payer, creditAccount: payee, amount: 70, reason: 'r' };
  const first = await payFreeze(app, platformId, input, mode);
  const id = first.result.id!;
  const stepMode = next();
  const step = { freeze: id, amount: 30, reason: 'part' };
  const stepped = await unfreezePay(app, platformId, step, stepMode);
  await unfreeze(app, platformId, { freeze: id }, next());
  expect(await payFreeze(app, platformId, input, mode)).toEqual({ ...first, repeated: true });
  const again = await unfreezePay(app, platformId, step, stepMode);
  expect(again).toEqual({ ...stepped, repeated: true });
  expect(await state(id)).toMatchObject({ unfrozen: 40n, paid: 30n });
  const reused = refusal('request_id_reused');
  const other = { ...step, reason: 'another' };
  await expect(unfreezePay(app, platformId, other, stepMode)).rejects.toEqual(reused);
  const otherInput = { ...input, reason: 'another' };
  await expect(payFreeze(app, platformId, otherInput, mode)).rejects.toEqual(reused);
});

test('a dry run decides the same way and leaves nothing', async () => {
  const [payer, payee] = [await open(100n), await open(0n)];
  const input = { debitAccount: payer, creditAccount: payee, amount: 70, reason: 'r' };
  const dry = { dryRun: true } as const;
  const { result } = await payFreeze(app, platformId, input, dry);
  expect(result).toMatchObject({
    id: null,
    hold: null,
    transferId: null,
    remaining: 70n,
    dryRun: true,
  });
  await expect(payFreeze(app, platformId, { ...input, amount: 101 }, dry)).rejects.toEqual(
    refusal('insufficient_funds', { shortfall: 1n }),
  );
  expect(await has(payer)).toEqual({ balance: 100n, held: 0n, available: 100n });
  const id = (await payFrozen(payer, payee, 70)).id!;
  const step = await unfreeze(app, platformId, { freeze: id, amount: 20 }, dry);
  expect(step.result).toMatchObject({ id: null, remaining: 50n, transferId: null, dryRun: true });
  expect(await state(id)).toMatchObject({ remaining: 70n });
});

test('of two that want all of it at once, one gets it', async () => {
  const [payer, payee] = [await open(200n), await open(0n)];
  const race = async (id: string) => {
    const tries = await Promise.allSettled([
      unfreeze(app, platformId, { freeze: id, amount: 70 }, next()),
      unfreeze(app, platformId, { freeze: id, amount: 70 }, next()),
      unfreezePay(app, platformId, { freeze: id, amount: 70 }, next()),
    ]);
    const lost = tries.flatMap((each) =>
      each.status === 'rejected' ? [each.reason as unknown] : [],
    );
    const spent = refusal('freeze_insufficient', { freeze: id, remaining: 0n, field: '/amount' });
    expect(lost).toEqual([spent, spent]);
    expect(await state(id)).toMatchObject({ status: 'closed', remaining: 0n });
  };
  for (let round = 1; round <= 5; round += 1) {
    await race((await payFrozen(payer, payee, 70)).id!);
    const { available } = await has(payer);
    if (available < 70n) await fund(app, platformId, { record, number: payer, funds: 70n });
  }
});

test('parts taken at once are all counted, in one batch too', async () => {
  const [payer, payee] = [await open(100n), await open(0n)];
  const id = (await payFrozen(payer, payee, 100)).id!;
  const parts = Array.from({ length: 20 }, (_, i) => {
    const step = { freeze: id, amount: 5 };
    return i % 2 === 0
      ? unfreeze(app, platformId, step, next())
      : unfreezePay(app, platformId, step, next());
  });
  await Promise.all(parts);
  expect(await state(id)).toEqual({ status: 'closed', remaining: 0n, unfrozen: 50n, paid: 50n });
  expect(await has(payer)).toEqual({ balance: 50n, held: 0n, available: 50n });
  expect(await has(payee)).toEqual({ balance: 50n, held: 0n, available: 50n });
});

test('the hold of a freeze is touched by its freeze only, and its payment is not reversed', async () => {
  const [payer, payee] = [await open(100n), await open(0n)];
  const { hold, transferId } = await payFrozen(payer, payee, 70);
  await expect(releaseHold(app, platformId, { hold: hold! }, next())).rejects.toEqual(
    refusal('hold_owner_differs'),
  );
  const owner = 'guanjia:freeze';
  const reserved = refusal('hold_owner_reserved', { owner, field: '/owner' });
  await expect(releaseHold(app, platformId, { hold: hold!, owner }, next())).rejects.toEqual(
    reserved,
  );
  const placing = { account: payer, amount: 1, reason: 'r', owner };
  await expect(placeHold(app, platformId, placing, next())).rejects.toEqual(reserved);
  const items = [{ type: 'capture', hold: hold!, creditAccount: payer, owner } as const];
  const batch = await submitBatch(app, platformId, { mode: 'independent', items }, next());
  expect(batch.result.items[0]?.error).toEqual(
    refusal('hold_owner_reserved', { field: '/items/0/owner' }),
  );
  await expect(reverseTransfer(app, platformId, transferId!, { mode: next() })).rejects.toEqual(
    refusal('transfer_not_reversible'),
  );
});

test('freezes are listed newest first, by account, kind and what is left', async () => {
  const [payer, payee] = [await open(300n), await open(100n)];
  const first = await frozenOf(payer, 10);
  const second = await payFrozen(payer, payee, 20);
  const third = await frozenOf(payee, 30);
  await unfreeze(app, platformId, { freeze: first.id! }, next());
  const list = async (filter: object) => {
    const { freezes } = await listFreezes(app, platformId, { limit: 10, ...filter });
    return freezes.map(({ id }) => id);
  };
  expect(await list({ account: payer })).toEqual([second.id, first.id]);
  expect(await list({ account: payer, active: true })).toEqual([second.id]);
  expect(await list({ account: payee })).toEqual([third.id, second.id]);
  expect(await list({ account: payee, kind: 'freeze' })).toEqual([third.id]);
  const page = await listFreezes(app, platformId, { account: payer, limit: 1 });
  expect(await list({ account: payer, before: page.next })).toEqual([first.id]);
});
