import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../server/src/db/database.ts';
import { amount } from '../server/src/kernel/amount.ts';
import { type AccountId, foldInternal, type Ledger } from '../server/src/ledger/index.ts';
import { Dice } from '../server/test/soak/dice.ts';
import type { World } from '../server/test/soak/world.ts';

/** Whom the transfers are between: anybody; one member's account and anybody; the bank and anybody. */
export const ENGINE_LOADS = ['uniform', 'hot guarded', 'hot internal'] as const;
export type EngineLoad = (typeof ENGINE_LOADS)[number];

const FOLD_MS = 200;

/** Submits transfers of whichever load it is set to. */
export class Mover {
  load: EngineLoad = 'uniform';
  readonly #ledger: Ledger;
  readonly #platformId: bigint;
  readonly #accounts: readonly AccountId[];
  readonly #bank: AccountId;
  readonly #dice = new Dice(1);

  constructor(ledger: Ledger, { platformId, accounts, bankClearing }: World) {
    this.#ledger = ledger;
    this.#platformId = platformId;
    this.#accounts = accounts.map(({ id }) => id);
    this.#bank = bankClearing;
  }

  /** Submits one transfer; says whether it was accepted. Not async, so as to keep little memory until then. */
  moveOnce(): Promise<boolean> {
    const dice = this.#dice;
    const [debit, credit] = this.#pair();
    const answer = this.#ledger.submit({
      platformId: this.#platformId,
      requestId: `api/${randomUUID()}`,
      moves: [
        {
          kind: 'transfer',
          code: 'transfer',
          debit,
          credit,
          amount: amount(dice.between(1, 100)),
          reference: `order-${1_000_000 + dice.below(9_000_000)}`,
        },
      ],
    });
    return answer.then(({ accepted }) => accepted);
  }

  #pair(): readonly [AccountId, AccountId] {
    const one = this.#one();
    let other = this.#dice.pick(this.#accounts);
    while (other === one) other = this.#dice.pick(this.#accounts);
    return this.#dice.percent(50) ? [one, other] : [other, one];
  }

  #one(): AccountId {
    if (this.load === 'hot internal') return this.#bank;
    if (this.load === 'uniform') return this.#dice.pick(this.#accounts);
    const [first] = this.#accounts;
    if (first === undefined) throw new Error('there are accounts');
    return first;
  }
}

/** Folds as the server does. Gives the way to stop it. */
export function startFolding({ db }: Database): () => Promise<void> {
  const stopping = new AbortController();
  const loop = async () => {
    while (!stopping.signal.aborted) {
      await foldInternal(db, 1n);
      await pause(FOLD_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = loop();
  // Its failure is seen when it is stopped.
  running.catch(() => {});
  return async () => {
    stopping.abort();
    await running;
  };
}
