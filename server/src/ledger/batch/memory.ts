import type { BusinessDate } from '../../kernel/business-date.ts';
import type { Account, AccountId } from '../core/account.ts';
import { AccountTable } from './account-table.ts';

/** The open business day as the last batch left it. */
export interface OpenDay {
  readonly date: BusinessDate;
  readonly lastMoveId: bigint;
  /** What is remembered of guarded accounts is true as long as the table has this number. */
  readonly version: bigint;
  /** Of the rules above the ledger: see `Submission`. */
  readonly rulesVersion: bigint;
}

/** Accounts that a process remembers at most, over all platforms: some 200 bytes each. */
const MAX_REMEMBERED = 65_536;

/**
 * What this process knows of one platform without asking again: internal accounts, which never change, and
 * what its last batch has left. It may be wrong at any time, because another server writes too; so whatever is
 * decided on it is written on the condition that the version is still the same.
 */
export class Memory {
  readonly #internals = new Map<AccountId, Account>();
  readonly #guarded = new AccountTable();
  #day: OpenDay | undefined;

  get day(): OpenDay | undefined {
    return this.#day;
  }

  /** Accounts in it. */
  get size(): number {
    return this.#guarded.size + this.#internals.size;
  }

  account(id: AccountId): Account | undefined {
    return this.#guarded.get(id) ?? this.#internals.get(id);
  }

  internal(id: AccountId): Account | undefined {
    return this.#internals.get(id);
  }

  /** What stays true whatever happens: the internal ones of these accounts. */
  keepInternals(accounts: Iterable<Account>): void {
    for (const account of accounts) {
      if (!account.guarded) this.#internals.set(account.id, account);
    }
  }

  /** What a batch that is on its way leaves behind. To be forgotten should that batch fail. */
  remember(day: OpenDay, accounts: Iterable<Account>): void {
    this.#day = day;
    for (const account of accounts) {
      if (account.guarded) this.#guarded.set(account);
    }
  }

  /** The next batch asks the database again, but for internal accounts. */
  forget(): void {
    this.#day = undefined;
    this.#guarded.clear();
  }

  /** Nothing is left of it. */
  empty(): void {
    this.forget();
    this.#internals.clear();
  }
}

/** The memories of all platforms, within one limit: who was not used for longest is emptied first. */
export class Memories {
  readonly #limit: number;
  /** With the size that each had when it was used last, the latest at the end. */
  readonly #byUse = new Map<Memory, number>();
  #total = 0;

  constructor(limit = MAX_REMEMBERED) {
    this.#limit = limit;
  }

  /** To be called after `memory` was used: makes room for it. */
  used(memory: Memory): void {
    this.#drop(memory);
    this.#byUse.set(memory, memory.size);
    this.#total += memory.size;
    for (const oldest of this.#byUse.keys()) {
      if (this.#total <= this.#limit) return;
      this.#drop(oldest);
      oldest.empty();
    }
  }

  #drop(memory: Memory): void {
    this.#total -= this.#byUse.get(memory) ?? 0;
    this.#byUse.delete(memory);
  }
}
