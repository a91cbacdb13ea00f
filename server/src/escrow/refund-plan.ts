import type { AccountId } from '../ledger/index.ts';
import { type Order, type Receiver, remainingOf } from './order.ts';

/** Where a refund may take money from. */
export type RefundSource = 'held' | 'receivers' | 'both';

/** What is asked for. Minor units. */
export interface RefundRequest {
  /** Undefined: all that can be refunded. */
  readonly amount: bigint | undefined;
  readonly from: RefundSource;
  /** The receivers to take it back from, one after the other; undefined: all, in the order's own order. */
  readonly receivers: readonly AccountId[] | undefined;
  /** What each receiver can give now. Undefined: it is not looked at, and the ledger refuses who lacks it. */
  readonly available: ReadonlyMap<AccountId, bigint> | undefined;
}

/** What a refund takes from where; or why it may not be. */
export type RefundPlan =
  | {
      readonly ok: true;
      readonly fromHeld: bigint;
      readonly fromReceivers: readonly { readonly receiver: Receiver; readonly amount: bigint }[];
      /** What was asked for, and nobody has. */
      readonly outstanding: bigint;
    }
  | { readonly ok: false; readonly problem: 'exceeds'; readonly refundable: bigint }
  | { readonly ok: false; readonly problem: 'nothing_available'; readonly outstanding: bigint }
  | { readonly ok: false; readonly problem: 'no_receiver'; readonly account: AccountId };

/**
 * Plans a refund: first what is still put aside, then from receivers one after the other, from each at most what it
 * has received and not yet given back. With `available`, whoever has less gives what it has, and the next one is
 * asked: the plan may then be for less than what was asked for.
 */
export function planRefund(order: Order, request: RefundRequest): RefundPlan {
  const chosen = chosenReceivers(order, request);
  if ('problem' in chosen) return chosen;
  const held = request.from === 'receivers' ? 0n : remainingOf(order);
  const refundable = chosen.reduce((sum, each) => sum + netOf(each), held);
  const wanted = request.amount ?? refundable;
  if (wanted > refundable || wanted === 0n) return { ok: false, problem: 'exceeds', refundable };
  const fromHeld = least(held, wanted);
  let outstanding = wanted - fromHeld;
  const fromReceivers = [];
  for (const receiver of chosen) {
    const has = request.available?.get(receiver.account);
    const amount = least(least(netOf(receiver), outstanding), has ?? outstanding);
    if (amount <= 0n) continue;
    fromReceivers.push({ receiver, amount });
    outstanding -= amount;
  }
  if (outstanding === wanted) return { ok: false, problem: 'nothing_available', outstanding };
  return { ok: true, fromHeld, fromReceivers, outstanding };
}

function chosenReceivers(
  { receivers }: Order,
  request: RefundRequest,
): readonly Receiver[] | Extract<RefundPlan, { problem: 'no_receiver' }> {
  if (request.from === 'held') return [];
  if (request.receivers === undefined) return receivers;
  const chosen: Receiver[] = [];
  for (const account of new Set(request.receivers)) {
    const receiver = receivers.find((each) => each.account === account);
    if (!receiver) return { ok: false, problem: 'no_receiver', account };
    chosen.push(receiver);
  }
  return chosen;
}

const netOf = ({ received, refunded }: Receiver): bigint => received - refunded;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
