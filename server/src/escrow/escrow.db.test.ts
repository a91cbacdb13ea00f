// Goal: escrow orders (担保交易) as finance tells them: who has what after each step, every refusal, and that money
// is conserved. Method: a real PostgreSQL; a buyer, two sellers, the platform's commission and a partner, each with
// 1,000.00 at the start; after each test the ledger and the orders are recomputed (`guanjia verify`).
import { afterEach, describe, expect, test } from 'vitest';
import { refusal, testApp } from '../../test/support/fixtures.ts';
import { captureHold, releaseHold, transfer } from '../transfers/index.ts';
import { reopenVirtualAccount, stopVirtualAccount } from '../virtual-accounts/index.ts';
import { disputeOrder, finishOrder, resolveDispute } from './conclude.ts';
import { confirmOrder } from './confirm.ts';
import { keepDeadlines } from './keep-deadlines.ts';
import { payOrder } from './pay.ts';
import { readEscrowOrder } from './read-orders.ts';
import { type RefundInput, refundOrder } from './refund.ts';
import { type EscrowBench, escrowBench } from './testing.fixture.ts';

const app = await testApp();
let platforms = 0n;
let bench: EscrowBench;
let requests = 0;
const next = () => ({ requestId: `test/${++requests}` });
const DAY_MS = 86_400_000;

async function open(): Promise<EscrowBench> {
  platforms += 1n;
  bench = await escrowBench(app, platforms);
  return bench;
}

afterEach(async () => {
  expect(await bench.disagreements()).toEqual([]);
  expect((await bench.available()).reduce((a, b) => a + b, await bench.held())).toBe(5000_00n);
});

const confirm = (id: string, amount?: bigint, mode = next()) =>
  confirmOrder(app, bench.platformId, { escrowOrder: id, amount }, mode);
const refund = (id: string, input: Partial<RefundInput> = {}, mode = next()) =>
  refundOrder(
    app,
    bench.platformId,
    { escrowOrder: id, from: 'both', whenShort: 'refuse', ...input },
    mode,
  );
const dispute = (id: string) =>
  disputeOrder(app, bench.platformId, { escrowOrder: id, reason: 'broken' }, next());
const read = (id: string) => readEscrowOrder(app, bench.platformId, id);

describe('pay, confirm, split', () => {
  test('paid: 100.00 of the buyer is put aside; confirmed in parts, it is split', async () => {
    const { pay, available } = await open();
    const id = await pay({ reference: 'A-1' });
    expect(await available()).toEqual([900_00n, 1000_00n, 1000_00n, 1000_00n, 1000_00n]);
    // 40.00: commission 2.00, partner 2.00, the seller 36.00.
    const first = await confirm(id, 40_00n);
    expect(first.action).toMatchObject({ state: 'held', remaining: 60_00n });
    expect(await available()).toEqual([900_00n, 1036_00n, 1000_00n, 1002_00n, 1002_00n]);
    // The other 60.00: 3.00, 2.00 and 55.00.
    const last = await confirm(id);
    expect(last.action).toMatchObject({ state: 'settled', remaining: 0n });
    expect(await available()).toEqual([900_00n, 1091_00n, 1000_00n, 1005_00n, 1004_00n]);
    const order = await read(id);
    expect(order).toMatchObject({ state: 'settled', splitAmount: 100_00n, remaining: 0n });
    expect(order.actions.map(({ kind }) => kind)).toEqual(['pay', 'confirm', 'confirm']);
    await expect(confirm(id)).rejects.toEqual(
      refusal('escrow_state_refuses', { state: 'settled' }),
    );
  });

  test('a confirmation may split otherwise: between both sellers', async () => {
    const { pay, available, seller, second, platformId } = await open();
    const id = await pay({ reference: 'A-2' });
    const split = [seller, second].map((account) => ({
      ...{ role: 'seller' as const, account },
      share: { kind: 'remainder' as const, weight: 1 },
    }));
    await confirmOrder(app, platformId, { escrowOrder: id, amount: 33_33n, split }, next());
    expect((await available()).slice(1, 3)).toEqual([1016_67n, 1016_66n]);
  });

  test('a repeat gets the same answer, a changed one is refused, and a dry run changes nothing', async () => {
    const { pay, available, platformId } = await open();
    const id = await pay({ reference: 'A-3' });
    const foretold = await confirmOrder(app, platformId, { escrowOrder: id }, { dryRun: true });
    expect(foretold).toMatchObject({ dryRun: true, action: { state: 'settled', remaining: 0n } });
    expect((await available())[1]).toBe(1000_00n);
    const mode = next();
    const done = await confirm(id, 40_00n, mode);
    const again = await confirm(id, 40_00n, mode);
    expect(again).toEqual({ ...done, repeated: true });
    expect((await available())[1]).toBe(1036_00n);
    await expect(confirm(id, 41_00n, mode)).rejects.toEqual(refusal('request_id_reused'));
  });

  test('nobody else can use what is put aside', async () => {
    const { pay, platformId, buyer, partner } = await open();
    const { hold } = await read(await pay({ reference: 'A-4', amount: 900_00n }));
    const spend = { debitAccount: buyer, creditAccount: partner, amount: 100_01n };
    await expect(transfer(app, platformId, spend, next())).rejects.toEqual(
      refusal('insufficient_funds'),
    );
    await expect(releaseHold(app, platformId, { hold }, next())).rejects.toEqual(
      refusal('hold_owner_differs'),
    );
    const named = { hold, owner: 'guanjia:escrow/A-4' };
    await expect(releaseHold(app, platformId, named, next())).rejects.toEqual(
      refusal('hold_owner_reserved'),
    );
    const capture = { ...named, creditAccount: partner };
    await expect(captureHold(app, platformId, capture, next())).rejects.toEqual(
      refusal('hold_owner_reserved'),
    );
  });

  test('what may not be paid', async () => {
    const { pay, buyer, seller, second, commission, split } = await open();
    await pay({ reference: 'A-5' });
    const refused = (options: Parameters<typeof pay>[0], code: string) =>
      expect(pay(options)).rejects.toEqual(refusal(code));
    await refused({ reference: 'A-5' }, 'escrow_reference_taken');
    await refused({ reference: 'A-6', amount: 900_01n }, 'insufficient_funds');
    await refused({ reference: 'A-6', buyer: '8888800000000000017' }, 'account_not_found');
    await refused({ reference: 'A-6', buyer: seller }, 'escrow_account_refused');
    await refused({ reference: 'A-6', sellers: [seller, seller] }, 'escrow_account_refused');
    await refused({ reference: 'A-6', sellers: [second] }, 'escrow_account_refused');
    await refused({ reference: 'A-6', maxSharePpm: 69_999 }, 'escrow_share_exceeded');
    await refused({ reference: 'A-6', amount: 1_00n }, 'escrow_split_impossible');
    await refused({ reference: 'A-6', split: split.slice(0, 2) }, 'escrow_split_impossible');
    const toBuyer = {
      role: 'partner',
      account: buyer,
      share: { kind: 'amount', amount: 1n },
    } as const;
    await refused({ reference: 'A-6', split: [...split, toBuyer] }, 'escrow_account_refused');
    const twice = { ...toBuyer, account: commission };
    await refused({ reference: 'A-6', split: [...split, twice] }, 'escrow_account_refused');
    const deadline = { at: app.clock.now(), action: 'release' as const };
    await refused({ reference: 'A-6', deadline }, 'escrow_deadline_passed');
    await pay({ reference: 'A-6', maxSharePpm: 70_000 });
  });

  test('what may not be confirmed', async () => {
    const { pay } = await open();
    const id = await pay({ reference: 'A-7' });
    await expect(confirm(id, 100_01n)).rejects.toEqual(
      refusal('escrow_remaining_insufficient', { remaining: 100_00n }),
    );
    await expect(confirm('eso_00000000000000000000000000')).rejects.toEqual(
      refusal('escrow_order_not_found'),
    );
  });
});

describe('refunds', () => {
  test('before the split, in part and then in whole', async () => {
    const { pay, available } = await open();
    const id = await pay({ reference: 'B-1' });
    await refund(id, { amount: 30_00n });
    expect((await available())[0]).toBe(930_00n);
    const rest = await refund(id);
    expect(rest.action).toMatchObject({ state: 'settled', remaining: 0n });
    expect((await available())[0]).toBe(1000_00n);
    await expect(refund(id)).rejects.toEqual(refusal('escrow_refund_exceeds', { refundable: 0n }));
  });

  test('after the split: what is held first, then sellers, then the others', async () => {
    const { pay, available, partner, second } = await open();
    const id = await pay({ reference: 'B-2' });
    await confirm(id, 40_00n); // seller 36.00, commission 2.00, partner 2.00
    const { action } = await refund(id, { amount: 97_00n });
    expect(action.movements.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['return', 60_00n],
      ['refund', 36_00n],
      ['refund', 1_00n],
    ]);
    expect(await available()).toEqual([997_00n, 1000_00n, 1000_00n, 1001_00n, 1002_00n]);
    await expect(refund(id, { amount: 3_01n })).rejects.toEqual(
      refusal('escrow_refund_exceeds', { refundable: 3_00n }),
    );
    await expect(
      refund(id, { from: 'receivers', receivers: [second], amount: 1n }),
    ).rejects.toEqual(refusal('escrow_refund_exceeds', { refundable: 0n }));
    await refund(id, { from: 'receivers', receivers: [partner] });
    expect((await available())[4]).toBe(1000_00n);
    expect(await read(id)).toMatchObject({ returnedAmount: 60_00n, refundedAmount: 39_00n });
  });

  test('a receiver lacks the money: refused, naming it; or what there is, by choice', async () => {
    const { pay, available, platformId, seller, second, buyer } = await open();
    const id = await pay({ reference: 'B-3' });
    await confirm(id); // seller 93.00, commission 5.00, partner 2.00
    const away = { debitAccount: seller, creditAccount: second, amount: 1090_00n };
    await transfer(app, platformId, away, next());
    await expect(refund(id)).rejects.toEqual(
      refusal('insufficient_funds', { account: seller, shortfall: 90_00n }),
    );
    const partial = await refund(id, { whenShort: 'partial' });
    expect(partial.action).toMatchObject({ outstanding: 90_00n, state: 'settled' });
    expect((await available())[0]).toBe(910_00n);
    await expect(refund(id, { whenShort: 'partial' })).rejects.toEqual(
      refusal('escrow_refund_unfunded', { outstanding: 90_00n }),
    );
    await expect(refund(id, { from: 'receivers', receivers: [buyer] })).rejects.toEqual(
      refusal('escrow_account_refused', { reason: 'not_a_receiver' }),
    );
  });
});

describe('disputes, deadlines, the end', () => {
  const deadline = (action: 'release' | 'refund') => ({
    at: new Date(app.clock.now().getTime() + DAY_MS),
    action,
  });

  test('a dispute stops releases and the deadline, which is later by as long as it took', async () => {
    const { pay, available, platformId } = await open();
    const id = await pay({ reference: 'C-1', deadline: deadline('release') });
    await dispute(id);
    await expect(dispute(id)).rejects.toEqual(refusal('escrow_state_refuses'));
    await expect(confirm(id)).rejects.toEqual(
      refusal('escrow_state_refuses', { state: 'disputed' }),
    );
    await expect(
      finishOrder(app, platformId, { escrowOrder: id, rest: 'refund' }, next()),
    ).rejects.toEqual(refusal('escrow_state_refuses', { state: 'disputed' }));
    await refund(id, { amount: 10_00n });
    app.clock.advance(2 * DAY_MS);
    expect(await keepDeadlines(app, platformId)).toBe(0);
    await resolveDispute(app, platformId, { escrowOrder: id }, next());
    expect(await keepDeadlines(app, platformId)).toBe(0);
    app.clock.advance(DAY_MS);
    expect(await keepDeadlines(app, platformId)).toBe(1);
    expect(await read(id)).toMatchObject({ state: 'settled', splitAmount: 90_00n });
    expect((await available())[0]).toBe(910_00n);
  });

  test('a deadline refunds what remains, and two servers do it once', async () => {
    const { pay, available, platformId } = await open();
    const id = await pay({ reference: 'C-2', deadline: deadline('refund') });
    await confirm(id, 40_00n);
    expect(await keepDeadlines(app, platformId)).toBe(0);
    app.clock.advance(DAY_MS);
    await Promise.all([keepDeadlines(app, platformId), keepDeadlines(app, platformId)]);
    expect((await available())[0]).toBe(960_00n);
    expect((await read(id)).actions.map(({ kind }) => kind)).toEqual([
      'pay',
      'confirm',
      'deadline',
    ]);
  });

  test('a deadline that is refused says why, and is tried again', async () => {
    const { pay, platformId, buyer } = await open();
    const id = await pay({ reference: 'C-3', deadline: deadline('release') });
    await stopVirtualAccount(app, platformId, buyer, { side: 'debit' });
    app.clock.advance(DAY_MS);
    expect(await keepDeadlines(app, platformId)).toBe(0);
    expect(await read(id)).toMatchObject({ state: 'held', deadlineProblem: 'account_stopped' });
    expect(await keepDeadlines(app, platformId)).toBe(0);
    await reopenVirtualAccount(app, platformId, buyer, { side: 'debit' });
    app.clock.advance(60_000);
    expect(await keepDeadlines(app, platformId)).toBe(1);
    expect(await read(id)).toMatchObject({ state: 'settled' });
  });

  test('finished: whoever gets the rest is said, and nothing moves afterwards', async () => {
    const { pay, platformId } = await open();
    const id = await pay({ reference: 'C-4' });
    const finish = (rest?: 'release' | 'refund') =>
      finishOrder(app, platformId, { escrowOrder: id, rest }, next());
    await expect(finish()).rejects.toEqual(
      refusal('escrow_rest_undecided', { remaining: 100_00n }),
    );
    expect((await finish('release')).action).toMatchObject({ state: 'finished', remaining: 0n });
    await expect(refund(id)).rejects.toEqual(
      refusal('escrow_state_refuses', { state: 'finished' }),
    );
    const settled = await pay({ reference: 'C-5' });
    await confirm(settled);
    await finishOrder(app, platformId, { escrowOrder: settled }, next());
    expect(await read(settled)).toMatchObject({ state: 'finished', splitAmount: 100_00n });
  });
});

describe('at the same time', () => {
  const outcomes = (all: readonly PromiseSettledResult<unknown>[]) =>
    all.filter(({ status }) => status === 'fulfilled').length;

  test('two confirmations of everything: one', async () => {
    const { pay, available } = await open();
    const id = await pay({ reference: 'D-1' });
    expect(outcomes(await Promise.allSettled([confirm(id), confirm(id), confirm(id)]))).toBe(1);
    expect((await available())[1]).toBe(1093_00n);
  });

  test('ten confirmations of 15.00: six pass, and 10.00 remains', async () => {
    const { pay } = await open();
    const id = await pay({ reference: 'D-2' });
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => confirm(id, 15_00n)));
    expect(outcomes(all)).toBe(6);
    const { remaining, splitAmount } = await read(id);
    expect(splitAmount).toBe(15_00n * BigInt(outcomes(all)));
    expect(remaining).toBe(100_00n - splitAmount);
  });

  test('the same confirmation twice: once, and both are told the same', async () => {
    const { pay, available } = await open();
    const id = await pay({ reference: 'D-3' });
    const mode = next();
    const [one, other] = await Promise.all([
      confirm(id, undefined, mode),
      confirm(id, undefined, mode),
    ]);
    expect(one.action).toEqual(other.action);
    expect((await available())[1]).toBe(1093_00n);
  });

  test('confirmation against refund: the money goes one way', async () => {
    const { pay, available } = await open();
    const id = await pay({ reference: 'D-4' });
    const all = await Promise.allSettled([confirm(id), refund(id, { from: 'held' })]);
    expect(outcomes(all)).toBe(1);
    const { splitAmount, returnedAmount } = await read(id);
    expect([splitAmount, returnedAmount].sort()).toEqual([0n, 100_00n]);
    expect((await available())[0]).toBe(900_00n + returnedAmount);
  });

  test('the deadline against a dispute: settled or disputed, never both', async () => {
    const { pay, platformId } = await open();
    const at = new Date(app.clock.now().getTime() + DAY_MS);
    const id = await pay({ reference: 'D-5', deadline: { at, action: 'release' } });
    app.clock.advance(DAY_MS);
    const [kept, disputed] = await Promise.allSettled([
      keepDeadlines(app, platformId),
      dispute(id),
    ]);
    const { state, splitAmount } = await read(id);
    expect(kept).toEqual({ status: 'fulfilled', value: state === 'settled' ? 1 : 0 });
    expect(disputed.status).toBe(state === 'disputed' ? 'fulfilled' : 'rejected');
    expect(splitAmount).toBe(state === 'settled' ? 100_00n : 0n);
  });

  test('the same reference paid twice: one order', async () => {
    const { pay } = await open();
    const all = await Promise.allSettled([pay({ reference: 'D-6' }), pay({ reference: 'D-6' })]);
    expect(outcomes(all)).toBe(1);
    expect(await bench.held()).toBe(100_00n);
  });
});

test('the payment itself is repeated and foretold like the rest', async () => {
  const { platformId, buyer, seller, split } = await open();
  const input = {
    reference: 'E-1',
    buyer,
    sellers: [seller],
    amount: 50_00n,
    split,
    maxSharePpm: 300_000,
  };
  const foretold = await payOrder(app, platformId, input, { dryRun: true });
  expect(foretold.action).toMatchObject({ kind: 'pay', remaining: 50_00n });
  expect(await bench.held()).toBe(0n);
  const mode = next();
  const paid = await payOrder(app, platformId, input, mode);
  expect(await payOrder(app, platformId, input, mode)).toEqual({ ...paid, repeated: true });
  await expect(payOrder(app, platformId, { ...input, amount: 51_00n }, mode)).rejects.toEqual(
    refusal('request_id_reused'),
  );
  expect(await bench.held()).toBe(50_00n);
});
