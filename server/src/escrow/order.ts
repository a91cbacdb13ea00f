import { textId, uuidOf } from '../kernel/id.ts';
import { type Share, split } from '../kernel/split.ts';
import type { AccountId } from '../ledger/index.ts';

const STATES = ['held', 'disputed', 'settled', 'finished'] as const;
/**
 * held: money is put aside; disputed: the same, and nothing is released; settled: nothing is put aside any more, and
 * receivers can still give back; finished: nothing moves any more.
 */
export type OrderState = (typeof STATES)[number];
/** All states, in the order of an order's life. */
export const ORDER_STATES: readonly OrderState[] = STATES;

const EVENTS = ['confirm', 'refund', 'deadline', 'dispute', 'resolve', 'finish'] as const;
/** What can happen to an order that was paid. */
export type OrderEvent = (typeof EVENTS)[number];
/** All events. */
export const ORDER_EVENTS: readonly OrderEvent[] = EVENTS;

/**
 * The state machine: the state after an event that leaves `remaining` put aside; undefined when the event may not
 * happen in that state. docs/explanation/escrow-orders.md has its picture.
 */
export function nextState(
  state: OrderState,
  event: OrderEvent,
  remaining: bigint,
): OrderState | undefined {
  if (state === 'finished') return undefined;
  if (event === 'refund') return remaining === 0n ? 'settled' : state;
  if (state === 'disputed') return event === 'resolve' && remaining > 0n ? 'held' : undefined;
  if (event === 'finish') return remaining === 0n ? 'finished' : undefined;
  if (state === 'settled') return undefined;
  switch (event) {
    case 'confirm':
      return remaining === 0n ? 'settled' : 'held';
    case 'deadline':
      return remaining === 0n ? 'settled' : undefined;
    case 'dispute':
      return remaining > 0n ? 'disputed' : undefined;
    case 'resolve':
      return undefined;
  }
}

/** The states in which an event may happen, whatever it leaves. */
export function statesFor(event: OrderEvent): readonly OrderState[] {
  return STATES.filter((state) => [0n, 1n].some((rest) => nextState(state, event, rest)));
}

/** Reads a state from a table. Throws for a text that is none: a constraint of the table keeps those out. */
export function orderState(text: string): OrderState {
  const state = STATES.find((each) => each === text);
  if (!state) throw new RangeError(`not a state of an escrow order: ${text}`);
  return state;
}

/** Who receives: a seller of the order, the platform's commission (佣金), or anybody else with a share. */
export type Role = 'seller' | 'commission' | 'partner';

/** What one line gets: a share; or what a fee rule prices, of what is released, when it is released. */
export type PartShare = Share | { readonly kind: 'feeRule'; readonly product: string };

/** One line of a split: who gets what. */
export interface SplitPart {
  readonly role: Role;
  /** The number of a virtual account. */
  readonly account: string;
  readonly share: PartShare;
}

/** Somebody who may receive of the order, or has. Minor units. */
export interface Receiver {
  readonly account: AccountId;
  readonly role: Role;
  readonly received: bigint;
  /** Given back to the buyer. */
  readonly refunded: bigint;
}

/** An order as it is kept. Minor units; receivers in the order in which refunds are taken back from them. */
export interface Order {
  readonly orderId: string;
  readonly reference: string;
  readonly buyer: AccountId;
  readonly amount: bigint;
  readonly holdId: bigint;
  readonly state: OrderState;
  readonly splitAmount: bigint;
  readonly returnedAmount: bigint;
  readonly refundedAmount: bigint;
  readonly split: readonly SplitPart[];
  readonly maxSharePpm: number;
  readonly deadlineAt: Date | null;
  readonly deadlineAction: 'release' | 'refund' | null;
  readonly deadlineTries: number;
  readonly deadlineProblem: string | null;
  readonly createdAt: Date;
  readonly receivers: readonly Receiver[];
}

/** What is still put aside: neither split nor returned. */
export function remainingOf(order: Pick<Order, 'amount' | 'splitAmount' | 'returnedAmount'>) {
  return order.amount - order.splitAmount - order.returnedAmount;
}

/** What each line of a split gets of an amount; or why it cannot be divided so. */
export type DividedOutcome =
  | { readonly ok: true; readonly amounts: readonly bigint[] }
  | { readonly ok: false; readonly problem: 'over' | 'rest'; readonly by: bigint }
  | {
      readonly ok: false;
      readonly problem: 'share';
      readonly share: bigint;
      readonly limit: bigint;
    };

/**
 * Divides an amount by a split. What commission and partners get together may not pass the maximum share: of the
 * amount, in parts per million, rounded down.
 */
export function divide(
  amount: bigint,
  {
    parts,
    maxSharePpm,
  }: {
    parts: readonly { readonly role: Role; readonly share: Share }[];
    maxSharePpm: number;
  },
): DividedOutcome {
  const outcome = split(
    amount,
    parts.map(({ share }) => share),
  );
  if (!outcome.ok) return outcome;
  const share = parts.reduce(
    (sum, { role }, i) => (role === 'seller' ? sum : sum + (outcome.amounts[i] ?? 0n)),
    0n,
  );
  const limit = (amount * BigInt(maxSharePpm)) / 1_000_000n;
  return share <= limit ? outcome : { ok: false, problem: 'share', share, limit };
}

/** The text id of an order, and the UUID behind it. */
export const orderTextId = (uuid: string): string => textId('eso', uuid);
export const orderUuid = (text: string): string | undefined => uuidOf('eso', text);

/**
 * Who owns the hold of an order. The platform's own number of it, so that a repeated payment asks for the same
 * again; owners that begin with `guanjia:` can be named by no request.
 */
export const holdOwner = (reference: string): string => `guanjia:escrow/${reference}`;
