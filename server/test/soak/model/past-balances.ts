import type { Db } from '../../../src/db/database.ts';
import type { BusinessDate } from '../../../src/kernel/business-date.ts';
import {
  type AccountNow,
  boundAfterDate,
  boundAtInstant,
  readBalanceAt,
} from '../../../src/ledger/index.ts';
import type { Dice } from '../dice.ts';
import type { Violations } from '../violations.ts';

const KEPT = 100;

/** What every account of the model had at a moment: balance and held, as text. */
export interface Snapshot {
  readonly at: Date;
  readonly balances: ReadonlyMap<bigint, string>;
}

/** What the model had at past moments and at the ends of business days, to be asked of the ledger later. */
export class PastBalances {
  readonly #db: Db;
  readonly #platformId: bigint;
  readonly #dice: Dice;
  #snapshots: Snapshot[] = [];
  readonly #days = new Map<BusinessDate, Snapshot>();

  constructor(db: Db, platformId: bigint, dice: Dice) {
    this.#db = db;
    this.#platformId = platformId;
    this.#dice = dice;
  }

  remember(at: Date, balances: Snapshot['balances']): void {
    this.#snapshots = [...this.#snapshots, { at, balances }].slice(-KEPT);
  }

  /** The business date is over, with these balances. */
  closed(date: BusinessDate, closing: Snapshot): void {
    this.#days.set(date, closing);
  }

  /** Asks the ledger what the account had at one of the moments, and at the end of one of the days. */
  async compare(
    account: Pick<AccountNow, 'accountId' | 'guarded'>,
    violations: Violations,
  ): Promise<void> {
    if (this.#snapshots.length > 0) {
      const past = this.#dice.pick(this.#snapshots);
      await this.#compareAt(account, { ...past, bound: boundAtInstant(past.at) }, violations);
    }
    if (this.#days.size === 0) return;
    const [date, closing] = this.#dice.pick([...this.#days]);
    const bound = await boundAfterDate(this.#db, this.#platformId, date);
    if (bound === undefined) violations.add(`no bound after ${date}`);
    else await this.#compareAt(account, { ...closing, bound }, violations);
  }

  async #compareAt(
    account: Pick<AccountNow, 'accountId' | 'guarded'>,
    { at, balances, bound }: Snapshot & { bound: bigint },
    violations: Violations,
  ): Promise<void> {
    const { balance, held } = await readBalanceAt(this.#db, this.#platformId, { account, bound });
    const id = account.accountId;
    // An account that was opened later had nothing.
    const wanted = balances.get(id) ?? '0 0';
    violations.equal(`account ${id} at ${at.toISOString()}`, `${balance} ${held}`, wanted);
  }
}
