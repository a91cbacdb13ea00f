import type { Dice } from './dice.ts';

/** What a client asks for. Accounts by their place in the world, holds by their number. */
export type SingleOperation =
  | {
      readonly kind: 'transfer';
      readonly debit: number;
      readonly credit: number;
      readonly amount: number;
    }
  | { readonly kind: 'hold'; readonly account: number; readonly amount: number }
  | { readonly kind: 'release'; readonly hold: bigint; readonly amount?: number }
  | {
      readonly kind: 'capture';
      readonly hold: bigint;
      readonly credit: number;
      readonly amount?: number;
    };
/** One thing, or several of which all are done or none. */
export type Operation =
  | SingleOperation
  | { readonly kind: 'group'; readonly items: readonly SingleOperation[] };

const HOLDS_KEPT = 300;
const MAX_AMOUNT = 3_000;

/** Throws the dice for operations that meet: two accounts are in most of them, and money runs out. */
export class Operations {
  readonly #dice: Dice;
  readonly #accounts: number;
  #holds: { readonly hold: bigint; readonly account: number }[] = [];

  constructor(dice: Dice, accounts: number) {
    this.#dice = dice;
    this.#accounts = accounts;
  }

  /** A hold was placed: later operations may use it. */
  placed(hold: bigint, account: number): void {
    this.#holds.push({ hold, account });
    if (this.#holds.length > HOLDS_KEPT) this.#holds = this.#holds.slice(HOLDS_KEPT / 2);
  }

  next(): Operation {
    if (!this.#dice.percent(10)) return this.#single();
    return {
      kind: 'group',
      items: Array.from({ length: this.#dice.between(2, 6) }, () => this.#single()),
    };
  }

  /** The same operation with another sum: under the same key it must be refused. */
  changed(operation: Operation): Operation {
    const items = operation.kind === 'group' ? operation.items : [operation];
    const [first, ...rest] = items.map((item) => ({ ...item, amount: (item.amount ?? 0) + 1 }));
    if (!first) throw new RangeError('a group has items');
    return operation.kind === 'group' ? { kind: 'group', items: [first, ...rest] } : first;
  }

  #single(): SingleOperation {
    const chance = this.#dice.below(100);
    const amount = this.#dice.between(1, MAX_AMOUNT);
    const hold = this.#holds.length > 0 ? this.#dice.pick(this.#holds) : undefined;
    const part = this.#dice.percent(60) ? { amount: this.#dice.between(1, MAX_AMOUNT / 4) } : {};
    if (hold && chance < 15) return { kind: 'release', hold: hold.hold, ...part };
    if (hold && chance < 30) {
      const credit = this.#account(hold.account);
      return { kind: 'capture', hold: hold.hold, credit, ...part };
    }
    const account = this.#account();
    if (chance < 50) return { kind: 'hold', account, amount };
    return { kind: 'transfer', debit: account, credit: this.#account(account), amount };
  }

  /** Any account but that one; every third time one of the two that everybody uses. */
  #account(except?: number): number {
    for (;;) {
      const account = this.#dice.below(this.#dice.percent(35) ? 2 : this.#accounts);
      if (account !== except) return account;
    }
  }
}
