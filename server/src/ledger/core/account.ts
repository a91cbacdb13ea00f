import type { Currency } from '../../kernel/currency.ts';

declare const accountIdBrand: unique symbol;
/** Names an account of the ledger within its platform. */
export type AccountId = bigint & { readonly [accountIdBrand]: true };
/** Brands a number that a table or this module gave as the id of an account. */
export const accountId = (value: bigint): AccountId => value as AccountId;

/** stopped: for debit and for credit. */
export type AccountState = 'open' | 'debit_stopped' | 'credit_stopped' | 'stopped' | 'closed';

interface Common {
  readonly id: AccountId;
  readonly currency: Currency;
  /** Money moves only between accounts of one main account: one real account at the bank. */
  readonly mainAccountId: bigint;
}

/** A member's account as its batch has locked it: the only kind that can refuse. Minor units. */
export interface Guarded extends Common {
  readonly guarded: true;
  readonly state: AccountState;
  readonly balance: bigint;
  readonly held: bigint;
  readonly overdraftLimit: bigint;
  /** What orders keep of it (司法冻结): no move takes the balance below this, which may be more than there is. */
  readonly frozen: bigint;
  /** The number of the last move that touched it: a later one has a higher number. */
  readonly lastMoveId: bigint;
}

/**
 * An account of the system. Its balance is not even read: whatever it is, it may go lower. Whoever posts to it
 * keeps it within `MAX_INTERNAL_BALANCE`.
 */
export interface Internal extends Common {
  readonly guarded: false;
}

export type Account = Guarded | Internal;

/** What a guarded account has after a move; available = balance − held. */
export interface Balances {
  readonly balance: bigint;
  readonly held: bigint;
}

/** Beyond this a balance could not be carried exactly in a JSON number (2^53 − 1). */
export const MAX_BALANCE = 9_007_199_254_740_991n;

/**
 * How much may leave an account that orders keep money of, when it does not come from what is held: what is neither
 * held nor kept. An overdraft is not lent to it. With `fromHeld`, what is not kept: an order comes before a hold.
 */
export function leavable(
  { balance, held, frozen }: Pick<Guarded, 'balance' | 'held' | 'frozen'>,
  { fromHeld }: { readonly fromHeld: boolean },
): bigint {
  const room = balance - frozen - (fromHeld ? 0n : held);
  return room > 0n ? room : 0n;
}

/**
 * What an internal account has at most, on either side of zero (2^62 − 1): what one batch adds to it and what it
 * has then are both numbers that PostgreSQL's bigint can hold.
 */
export const MAX_INTERNAL_BALANCE = 4_611_686_018_427_387_903n;

const STATES: readonly AccountState[] = [
  'open',
  'debit_stopped',
  'credit_stopped',
  'stopped',
  'closed',
];

/** Reads a state from a table. Throws for a text that is none: a constraint of the table keeps those out. */
export function accountState(text: string): AccountState {
  const state = STATES.find((each) => each === text);
  if (!state) throw new RangeError(`not an account state: ${text}`);
  return state;
}
