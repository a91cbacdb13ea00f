// Goal: a commission may be what a fee rule prices when the money is released: estimated by a dry run, taken with the
// split, given back by a refund. Method: as escrow.db.test.ts.
import { afterEach, expect, test } from 'vitest';
import { refusal, testApp } from '../../test/support/fixtures.ts';
import { putFeeRule } from '../fees/index.ts';
import { confirmOrder } from './confirm.ts';
import { keepDeadlines } from './keep-deadlines.ts';
import type { SplitPart } from './order.ts';
import { readEscrowOrder } from './read-orders.ts';
import { refundOrder } from './refund.ts';
import { type EscrowBench, escrowBench } from './testing.fixture.ts';

const app = await testApp();
let platforms = 0n;
let requests = 0;
let bench: EscrowBench;
const next = () => ({ requestId: `test/${++requests}` });

afterEach(async () => {
  expect(await bench.disagreements()).toEqual([]);
});

async function open() {
  platforms += 1n;
  bench = await escrowBench(app, platforms);
  const { commission, seller, platformId } = bench;
  const split: readonly SplitPart[] = [
    { role: 'commission', account: commission, share: { kind: 'feeRule', product: 'commission' } },
    { role: 'seller', account: seller, share: { kind: 'remainder', weight: 1 } },
  ];
  const put = (ratePpm: bigint, rule: Partial<Parameters<typeof putFeeRule>[2]> = {}) =>
    putFeeRule(app, platformId, {
      ...{ product: 'commission', currency: 'CNY', memberId: null, bearer: 'payee', timing: 'now' },
      price: { ...{ fixed: 0n, ratePpm, tiers: null, min: 100n, max: null }, rounding: 'half_up' },
      ...rule,
    });
  const confirm = (escrowOrder: string, amount?: bigint) =>
    confirmOrder(app, platformId, { escrowOrder, amount }, next());
  return { ...bench, split, put, confirm };
}

test('the rule in force prices each release, also one by the deadline; a refund takes it back', async () => {
  const { pay, split, put, confirm, available, platformId } = await open();
  await put(10_000n); // 1 %, at least 1.00
  const deadline = { at: new Date(app.clock.now().getTime() + 1000), action: 'release' as const };
  const id = await pay({ reference: 'A', split, deadline });
  const dry = await confirmOrder(app, platformId, { escrowOrder: id }, { dryRun: true });
  expect(dry.action.movements.map(({ amount }) => amount)).toEqual([100n, 99_00n]);
  await confirm(id, 40_00n);
  expect(await available()).toEqual([900_00n, 1039_00n, 1000_00n, 1001_00n, 1000_00n]);
  await put(50_000n); // 5 % from now on
  app.clock.advance(2000);
  await keepDeadlines(app, platformId);
  expect(await available()).toEqual([900_00n, 1096_00n, 1000_00n, 1004_00n, 1000_00n]);
  await refundOrder(
    ...([app, platformId, { escrowOrder: id, from: 'both', whenShort: 'refuse' }, next()] as const),
  );
  expect(await available()).toEqual([1000_00n, 1000_00n, 1000_00n, 1000_00n, 1000_00n]);
});

test('a commission without a rule, or by one that does not take it out of the release, is refused', async () => {
  const { pay, split, put, confirm, platformId } = await open();
  await expect(pay({ reference: 'B', split })).rejects.toEqual(refusal('fee_rule_not_found'));
  await put(10_000n, { timing: 'month_end' });
  await expect(pay({ reference: 'B', split })).rejects.toEqual(
    refusal('escrow_fee_rule_unfit', { product: 'commission', timing: 'month_end' }),
  );
  await put(10_000n, { bearer: 'payer' });
  await expect(pay({ reference: 'B', split })).rejects.toEqual(refusal('escrow_fee_rule_unfit'));
  await put(400_000n); // more than the maximum share of 30 %
  await expect(pay({ reference: 'B', split })).rejects.toEqual(refusal('escrow_share_exceeded'));
  await put(10_000n);
  const id = await pay({ reference: 'B', split });
  await put(0n, { price: null }); // ended while the money waits
  await expect(confirm(id)).rejects.toEqual(refusal('fee_rule_not_found'));
  expect(await readEscrowOrder(app, platformId, id)).toMatchObject({ state: 'held' });
  await put(10_000n);
  await confirm(id);
});
