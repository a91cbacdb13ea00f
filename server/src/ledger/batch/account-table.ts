import type { AccountId, Guarded } from '../core/account.ts';

/** What a posting changes of an account: so many numbers a row. */
const COLUMNS = 3;
const FIRST_ROWS = 8;
/** Most platforms sleep: they have nothing here. */
const NO_NUMBERS = new BigInt64Array(0);

type Fixed = Omit<Guarded, 'balance' | 'held' | 'lastMoveId'>;

/**
 * Guarded accounts by id. What postings change is kept in one array of numbers, because objects that are
 * replaced with each posting, and live until the next, are what a garbage collector is worst at: with
 * thousands of accounts its pauses were most of the latency under load.
 */
export class AccountTable {
  readonly #rows = new Map<AccountId, number>();
  readonly #fixed: Fixed[] = [];
  #numbers = NO_NUMBERS;

  get size(): number {
    return this.#rows.size;
  }

  /** The account as it was set last. */
  get(id: AccountId): Guarded | undefined {
    const row = this.#rows.get(id);
    const fixed = row === undefined ? undefined : this.#fixed[row];
    if (row === undefined || !fixed) return undefined;
    const { guarded, currency, mainAccountId, state, overdraftLimit, frozen } = fixed;
    const at = row * COLUMNS;
    const balance = this.#numbers[at] ?? 0n;
    const held = this.#numbers[at + 1] ?? 0n;
    const lastMoveId = this.#numbers[at + 2] ?? 0n;
    // biome-ignore format: one literal, because an object put together from others takes twice the memory
    return {
      id, guarded, currency, mainAccountId, state, balance, held, overdraftLimit, frozen, lastMoveId,
    };
  }

  /** Adds an account, or what a posting has changed of it: the rest of an account that is here stays. */
  set(account: Guarded): void {
    const row = this.#rows.get(account.id) ?? this.#add(account);
    const at = row * COLUMNS;
    this.#numbers[at] = account.balance;
    this.#numbers[at + 1] = account.held;
    this.#numbers[at + 2] = account.lastMoveId;
  }

  clear(): void {
    this.#rows.clear();
    this.#fixed.length = 0;
    this.#numbers = NO_NUMBERS;
  }

  #add(account: Guarded): number {
    const { id, guarded, currency, mainAccountId, state, overdraftLimit, frozen } = account;
    const row = this.#rows.size;
    if ((row + 1) * COLUMNS > this.#numbers.length) {
      const larger = new BigInt64Array(Math.max(FIRST_ROWS * COLUMNS, 2 * this.#numbers.length));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#rows.set(id, row);
    this.#fixed[row] = { id, guarded, currency, mainAccountId, state, overdraftLimit, frozen };
    return row;
  }
}
