// Goal: an escrow order does what a page of arithmetic says, whatever the order of things. Method: random steps on
// one order at a time, against a model in memory that knows no SQL and no ledger: same outcomes, same money. A
// failure shrinks to a short story.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testApp } from '../../test/support/fixtures.ts';
import { AppError } from '../kernel/error.ts';
import { transfer } from '../transfers/index.ts';
import { disputeOrder, finishOrder, resolveDispute } from './conclude.ts';
import { confirmOrder } from './confirm.ts';
import { keepDeadlines } from './keep-deadlines.ts';
import { refundOrder } from './refund.ts';
import { type EscrowBench, escrowBench, FUNDS } from './testing.fixture.ts';

const app = await testApp();
const bench = await escrowBench(app, 1n);
const HOUR_MS = 3_600_000;
const AMOUNT = 100_00n;
let serial = 0;
const next = () => ({ requestId: `model/${++serial}` });

const amount = fc.option(fc.bigInt(1n, 60_00n), { nil: undefined, freq: 4 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('confirm' as const), amount }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      amount,
      from: fc.constantFrom('held' as const, 'receivers' as const, 'both' as const),
      whenShort: fc.constantFrom('refuse' as const, 'partial' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dispute' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resolve' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('finish' as const),
      rest: fc.constantFrom(undefined, 'release' as const, 'refund' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('empty' as const), who: fc.nat(2) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The order as arithmetic. Receivers in the order in which they give back: seller, commission, partner. */
class Model {
  state: 'held' | 'disputed' | 'settled' | 'finished' = 'held';
  remaining = AMOUNT;
  now = 0;
  deadline = 30 * HOUR_MS;
  disputedAt = 0;
  readonly money: { buyer: bigint; receivers: bigint[] };
  readonly net = [0n, 0n, 0n];

  readonly action: 'release' | 'refund';

  constructor(money: { buyer: bigint; receivers: bigint[] }, action: 'release' | 'refund') {
    this.money = money;
    this.action = action;
  }

  apply(asked: Step): string {
    switch (asked.do) {
      case 'confirm':
        return this.state === 'held' ? this.release(asked.amount) : 'escrow_state_refuses';
      case 'refund':
        return this.refund(asked);
      case 'dispute':
        if (this.state !== 'held') return 'escrow_state_refuses';
        this.state = 'disputed';
        this.disputedAt = this.now;
        return 'ok';
      case 'resolve':
        if (this.state !== 'disputed') return 'escrow_state_refuses';
        this.state = 'held';
        this.deadline += this.now - this.disputedAt;
        return 'ok';
      case 'finish':
        return this.finish(asked.rest);
      case 'wait':
        this.now += asked.hours * HOUR_MS;
        if (this.state === 'held' && this.now >= this.deadline) {
          if (this.action === 'refund') this.giveBack(this.remaining);
          // A release that cannot be divided stays: the deadline says why, and is tried again.
          else this.release(undefined);
        }
        return 'ok';
      case 'empty':
        return this.empty(asked.who);
    }
  }

  release(asked: bigint | undefined): string {
    const given = asked ?? this.remaining;
    if (given > this.remaining) return 'escrow_remaining_insufficient';
    const five = (given * 5n) / 100n;
    const commission = five < 20_00n ? five : 20_00n;
    const rest = given - commission - 2_00n;
    if (rest < 0n) return 'escrow_split_impossible';
    if (commission + 2_00n > (given * 3n) / 10n) return 'escrow_share_exceeded';
    for (const [i, part] of [rest, commission, 2_00n].entries()) {
      this.money.receivers[i] = (this.money.receivers[i] ?? 0n) + part;
      this.net[i] = (this.net[i] ?? 0n) + part;
    }
    this.leave(given);
    return 'ok';
  }

  leave(gone: bigint): void {
    this.remaining -= gone;
    if (this.remaining === 0n) this.state = 'settled';
  }

  giveBack(gone: bigint): void {
    this.money.buyer += gone;
    this.leave(gone);
  }

  refund({ amount: asked, from, whenShort }: Extract<Step, { do: 'refund' }>): string {
    if (this.state === 'finished') return 'escrow_state_refuses';
    const held = from === 'receivers' ? 0n : this.remaining;
    const nets = from === 'held' ? [0n, 0n, 0n] : this.net;
    const wanted = asked ?? held + nets.reduce((a, b) => a + b, 0n);
    if (wanted === 0n || wanted > held + nets.reduce((a, b) => a + b, 0n))
      return 'escrow_refund_exceeds';
    const returned = wanted < held ? wanted : held;
    let left = wanted - returned;
    const takes: bigint[] = [];
    for (const [i, net] of nets.entries()) {
      const has = this.money.receivers[i] ?? 0n;
      let take = net;
      if (take > left) take = left;
      if (take > has && whenShort === 'refuse') return 'insufficient_funds';
      if (take > has) take = has;
      takes.push(take);
      left -= take;
    }
    if (left === wanted) return 'escrow_refund_unfunded';
    for (const [i, take] of takes.entries()) {
      this.money.receivers[i] = (this.money.receivers[i] ?? 0n) - take;
      this.net[i] = (this.net[i] ?? 0n) - take;
      this.money.buyer += take;
    }
    if (returned > 0n) this.giveBack(returned);
    return 'ok';
  }

  finish(rest: 'release' | 'refund' | undefined): string {
    if (this.state === 'finished' || this.state === 'disputed') return 'escrow_state_refuses';
    if (this.remaining > 0n) {
      if (rest === undefined) return 'escrow_rest_undecided';
      if (rest === 'refund') this.giveBack(this.remaining);
      else {
        const outcome = this.release(undefined);
        if (outcome !== 'ok') return outcome;
      }
    }
    this.state = 'finished';
    return 'ok';
  }

  empty(who: number): string {
    const has = this.money.receivers[who] ?? 0n;
    if (has > 0n) this.money.buyer += has;
    this.money.receivers[who] = 0n;
    return 'ok';
  }
}

const receivers = ({ seller, commission, partner }: EscrowBench) => [seller, commission, partner];

async function moneyNow() {
  const [buyer = 0n, seller = 0n, , commission = 0n, partner = 0n] = await bench.available();
  return { buyer, receivers: [seller, commission, partner] };
}

async function carryOut(escrowOrder: string, asked: Step): Promise<void> {
  const { platformId } = bench;
  const mode = next();
  switch (asked.do) {
    case 'confirm':
      await confirmOrder(app, platformId, { escrowOrder, amount: asked.amount }, mode);
      return;
    case 'refund': {
      const { amount: refunded, from, whenShort } = asked;
      const input = { escrowOrder, amount: refunded, from, whenShort };
      await refundOrder(app, platformId, input, mode);
      return;
    }
    case 'dispute':
      await disputeOrder(app, platformId, { escrowOrder }, mode);
      return;
    case 'resolve':
      await resolveDispute(app, platformId, { escrowOrder }, mode);
      return;
    case 'finish':
      await finishOrder(app, platformId, { escrowOrder, rest: asked.rest }, mode);
      return;
    case 'wait':
      app.clock.advance(asked.hours * HOUR_MS);
      await keepDeadlines(app, platformId);
      return;
    case 'empty': {
      const has = (await moneyNow()).receivers[asked.who] ?? 0n;
      const debitAccount = receivers(bench)[asked.who] ?? '';
      const input = { debitAccount, creditAccount: bench.buyer, amount: has };
      if (has > 0n) await transfer(app, platformId, input, mode);
    }
  }
}

async function outcomeOf(escrowOrder: string, asked: Step): Promise<string> {
  try {
    await carryOut(escrowOrder, asked);
    return 'ok';
  } catch (error) {
    if (error instanceof AppError) return error.definition.code;
    throw error;
  }
}

test('hundreds of random steps end as the model says', { timeout: 120_000 }, async () => {
  const seen = new Map<string, number>();
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 12, maxLength: 30 }),
      fc.constantFrom('release' as const, 'refund' as const),
      async (story, action) => {
        const before = await moneyNow();
        const deadline = { at: new Date(app.clock.now().getTime() + 30 * HOUR_MS), action };
        const id = await bench.pay({ reference: `model-${++serial}`, deadline });
        const model = new Model({ ...before, buyer: before.buyer - AMOUNT }, action);
        for (const asked of story) {
          steps += 1;
          const expected = model.apply(asked);
          expect(await outcomeOf(id, asked), JSON.stringify(asked, asText)).toBe(expected);
          expect(await moneyNow()).toEqual(model.money);
          const key = `${asked.do} ${expected}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
        }
        // Nothing of this story is left for the next one.
        if (model.state === 'disputed') await carryOut(id, { do: 'resolve' });
        if (model.state !== 'finished') await carryOut(id, { do: 'finish', rest: 'refund' });
        expect(await bench.held()).toBe(0n);
      },
    ),
    { numRuns: 20, seed: 20_261_124 },
  );
  expect(steps).toBeGreaterThanOrEqual(240);
  expect(seen.size).toBeGreaterThan(12);
  expect(await bench.disagreements()).toEqual([]);
  expect((await bench.available()).reduce((a, b) => a + b, 0n)).toBe(5n * FUNDS);
});

const asText = (_key: string, value: unknown) =>
  typeof value === 'bigint' ? value.toString() : value;
