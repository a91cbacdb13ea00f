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
 * What a batch decides on, as it stands after the moves decided so far. A submission of several moves that is
 * refused half way is undone: `mark` before it, then `rollback`. A single move is decided before it is
 * applied, so nothing has to be remembered for it, and most submissions are single moves.
 */
export class WorkingSet {
  readonly #accounts = new Map<AccountId, Account>();
  readonly #holds = new Map<bigint, Hold>();
  readonly #originals = new Map<bigint, Original>();
  readonly #changedAccounts = new Set<AccountId>();
  readonly #changedHolds = new Set<bigint>();
  readonly #deltas = new Map<AccountId, bigint>();
  #undo: (() => void)[] | undefined;

  constructor(read: {
    accounts: Iterable<Account>;
    holds?: Iterable<Hold>;
    originals?: Iterable<Original>;
  }) {
    for (const account of read.accounts) this.#accounts.set(account.id, account);
    for (const hold of read.holds ?? []) this.#holds.set(hold.holdId, hold);
    for (const original of read.originals ?? []) this.#originals.set(original.transferId, original);
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

  /** Guarded accounts that are not as they were read. */
  changedAccounts(): Guarded[] {
    return Array.from(this.#changedAccounts, (id) => this.#accounts.get(id)).filter(
      (account): account is Guarded => account?.guarded === true,
    );
  }

  /** Holds that are not as they were read, those that were placed included. */
  changedHolds(): Hold[] {
    return Array.from(this.#changedHolds, (id) => this.#holds.get(id)).filter(
      (hold) => hold !== undefined,
    );
  }

  /** What internal accounts have to be told: positive when it is credited. Zero sums are left out. */
  deltas(): (readonly [AccountId, bigint])[] {
    return [...this.#deltas].filter(([, delta]) => delta !== 0n);
  }

  /** Changes a guarded account's balance and held money; says what it has then. */
  post(
    account: Guarded,
    change: { readonly balance: bigint; readonly held: bigint; readonly moveId: bigint },
  ): Balances {
    const { id, guarded, currency, mainAccountId, state, overdraftLimit, frozen } = account;
    const balance = account.balance + change.balance;
    const held = account.held + change.held;
    const lastMoveId = change.moveId;
    // biome-ignore format: one literal, because an object put together from others takes twice the memory
    const after: Guarded = {
      id, guarded, currency, mainAccountId, state, balance, held, overdraftLimit, frozen, lastMoveId,
    };
    this.#accounts.set(id, after);
    this.#changedAccounts.add(id);
    this.#undo?.push(() => this.#accounts.set(id, account));
    return { balance, held };
  }

  /** Notes what an internal account has to be told. */
  tell(id: AccountId, delta: bigint): void {
    this.#deltas.set(id, (this.#deltas.get(id) ?? 0n) + delta);
    this.#undo?.push(() => this.#deltas.set(id, (this.#deltas.get(id) ?? 0n) - delta));
  }

  /** Places a hold, or changes what remains of it. */
  putHold(hold: Hold): void {
    const before = this.#holds.get(hold.holdId);
    this.#holds.set(hold.holdId, hold);
    this.#changedHolds.add(hold.holdId);
    this.#undo?.push(() => {
      if (before) this.#holds.set(before.holdId, before);
      else this.#holds.delete(hold.holdId);
    });
  }

  markReversed(original: Original, reversedBy: bigint): void {
    this.#originals.set(original.transferId, { ...original, reversedBy });
    this.#undo?.push(() => this.#originals.set(original.transferId, original));
  }

  /** From here on `rollback` comes back to here. */
  mark(): void {
    this.#undo = [];
  }

  /** Takes back everything since the last mark. What was touched may be written as it was read. */
  rollback(): void {
    for (const undo of (this.#undo ?? []).reverse()) undo();
    this.#undo = undefined;
  }

  /** What was done since the last mark stays. */
  keep(): void {
    this.#undo = undefined;
  }
}
