import type { Account, AccountId, Balances, Guarded } from './account.ts';

/** A hold as its batch has read it, under the lock of its account. */
export interface Hold {
  readonly holdId: bigint;
  readonly account: AccountId;
  readonly amount: bigint;
  readonly remaining: bigint;
  readonly owner: string | undefined;
  readonly expiresAt: Date | undefined;
}

/** A transfer that a reversal names, and the reversal that it has already, if any. */
export interface Original {
  readonly transferId: bigint;
  readonly debit: AccountId;
  readonly credit: AccountId;
  readonly amount: bigint;
  readonly reversedBy: bigint | undefined;
}

/**
 * What a batch decides on, as it stands after the moves decided so far. A submission that is refused half
 * way is undone with `rollback`, to the last `mark`.
 */
export class WorkingSet {
  readonly #accounts: Map<AccountId, Account>;
  readonly #holds: Map<bigint, Hold>;
  readonly #originals: Map<bigint, Original>;
  #undo: (() => void)[] = [];
  /** Accounts and holds that are not as they were read. */
  readonly changedAccounts = new Map<AccountId, Guarded>();
  readonly changedHolds = new Map<bigint, Hold>();
  /** What internal accounts have to be told. */
  readonly deltas = new Map<AccountId, bigint>();

  constructor(read: {
    accounts: Iterable<Account>;
    holds?: Iterable<Hold>;
    originals?: Iterable<Original>;
  }) {
    this.#accounts = new Map(Array.from(read.accounts, (account) => [account.id, account]));
    this.#holds = new Map(Array.from(read.holds ?? [], (hold) => [hold.holdId, hold]));
    this.#originals = new Map(Array.from(read.originals ?? [], (each) => [each.transferId, each]));
  }

  account(id: AccountId): Account | undefined {
    return this.#accounts.get(id);
  }

  hold(holdId: bigint): Hold | undefined {
    return this.#holds.get(holdId);
  }

  original(transferId: bigint): Original | undefined {
    return this.#originals.get(transferId);
  }

  /** Changes a guarded account's balance and held money; says what it has then. */
  post(account: Guarded, change: { balance?: bigint; held?: bigint; moveId: bigint }): Balances {
    const balance = account.balance + (change.balance ?? 0n);
    const held = account.held + (change.held ?? 0n);
    this.#putAccount({ ...account, balance, held, lastMoveId: change.moveId });
    return { balance, held };
  }

  /** Notes what an internal account has to be told: positive when it is credited. */
  tell(id: AccountId, delta: bigint): void {
    this.deltas.set(id, (this.deltas.get(id) ?? 0n) + delta);
    this.#undo.push(() => this.deltas.set(id, (this.deltas.get(id) ?? 0n) - delta));
  }

  putHold(hold: Hold): void {
    const before = this.#holds.get(hold.holdId);
    const changedBefore = this.changedHolds.get(hold.holdId);
    this.#holds.set(hold.holdId, hold);
    this.changedHolds.set(hold.holdId, hold);
    this.#undo.push(() => {
      restore(this.#holds, hold.holdId, before);
      restore(this.changedHolds, hold.holdId, changedBefore);
    });
  }

  markReversed(original: Original, reversedBy: bigint): void {
    this.#originals.set(original.transferId, { ...original, reversedBy });
    this.#undo.push(() => this.#originals.set(original.transferId, original));
  }

  /** From here on a rollback comes back to here. */
  mark(): void {
    this.#undo = [];
  }

  /** Takes back everything since the last mark. */
  rollback(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }

  #putAccount(account: Guarded): void {
    const before = this.#accounts.get(account.id);
    const changedBefore = this.changedAccounts.get(account.id);
    this.#accounts.set(account.id, account);
    this.changedAccounts.set(account.id, account);
    this.#undo.push(() => {
      restore(this.#accounts, account.id, before);
      restore(this.changedAccounts, account.id, changedBefore);
    });
  }
}

function restore<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
