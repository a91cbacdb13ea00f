import { amount as toAmount } from '../kernel/amount.ts';
import { AppError } from '../kernel/error.ts';
import { type Act, type Acted, act, type Decision, type EscrowDeps, type Mode } from './act.ts';
import { escrowRemainingInsufficient } from './errors.ts';
import { holdOwner, type Order, remainingOf, type SplitPart } from './order.ts';
import { payoutsOf } from './parties.ts';
import { splitToJson } from './split-json.ts';

/** What is confirmed. Minor units. */
export interface ConfirmInput {
  /** `eso_…` */
  readonly escrowOrder: string;
  /** All that remains unless it is given. */
  readonly amount?: bigint | undefined;
  /** As it was agreed at payment unless it is given. */
  readonly split?: readonly SplitPart[] | undefined;
}

/**
 * Releases a part of an order, or all that remains, and splits it (确认收货, 分账): one group of captures.
 *
 * Throws AppError: `request_id_reused`, `escrow_order_not_found`, `escrow_state_refuses`,
 * `escrow_remaining_insufficient`, what a split may be refused for, and what the ledger refuses of a payment.
 */
export function confirmOrder(
  deps: EscrowDeps,
  platformId: bigint,
  { escrowOrder, amount, split }: ConfirmInput,
  mode: Mode,
): Promise<Acted> {
  const content = JSON.stringify([amount?.toString(), split && splitToJson(split)]);
  const asked: Act = {
    ...{ escrowOrder, event: 'confirm', mode, content },
    decide: (order) => releaseOf(deps, platformId, order, { amount, split }),
  };
  return act(deps, platformId, asked);
}

/** The moves of a release: a capture for each payout. */
export async function releaseOf(
  deps: EscrowDeps,
  platformId: bigint,
  order: Order,
  { amount, split = order.split }: Pick<ConfirmInput, 'amount' | 'split'>,
): Promise<Decision> {
  const remaining = remainingOf(order);
  const released = amount ?? remaining;
  if (released > remaining || remaining === 0n) {
    throw new AppError(escrowRemainingInsufficient, { remaining });
  }
  const { buyer, maxSharePpm, receivers, reference, holdId } = order;
  const sellers = new Set(
    receivers.flatMap(({ role, account }) => (role === 'seller' ? account : [])),
  );
  const payouts = await payoutsOf(deps, platformId, {
    ...{ parts: split, amount: released, maxSharePpm, buyer, sellers },
  });
  return {
    moves: payouts.map(({ account, amount: each }) => ({
      kind: 'capture',
      code: 'escrow_split',
      hold: holdId,
      credit: account,
      amount: toAmount(each),
      owner: holdOwner(reference),
      reference,
    })),
    movements: payouts.map(({ part, account, amount: each }) => ({
      kind: 'split',
      role: part.role,
      account,
      amount: each,
    })),
  };
}
