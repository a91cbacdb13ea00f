/** How much more the accounts can have that the poster fills: suspense, and the system's own of a main account. */
import type { Db } from '../db/database.ts';
import {
  type AccountId,
  MAX_BALANCE,
  MAX_INTERNAL_BALANCE,
  readAccounts,
} from '../ledger/index.ts';
import type { InFlight } from './in-flight.ts';
import { moveOf, type PlacedEntry } from './place-entries.ts';

type Balances = ReadonlyMap<AccountId, bigint>;

/**
 * Whether pages of entries fit, told without asking the database for each: by what the accounts had at the
 * beginning, and what all pages since would add on one side, should nothing leave on the other. Only the poster,
 * of which there is one at a time, posts to the system's accounts, so for those it is never wrong; suspense may
 * be changed by claims meanwhile, and the ledger decides.
 */
export class Headroom {
  readonly #db: Db;
  readonly #platformId: bigint;
  #atFirst: Balances = new Map();
  readonly #added = new Map<AccountId, bigint>();

  constructor(db: Db, platformId: bigint) {
    this.#db = db;
    this.#platformId = platformId;
  }

  /** Says whether the page fits for certain, together with all that was let in since the balances were read. */
  async letIn(placed: readonly PlacedEntry[], lane: InFlight): Promise<boolean> {
    if (this.#add(placed)) return true;
    // They are read when nothing is on its way.
    await lane.drained();
    this.#added.clear();
    this.#atFirst = await readFilled(this.#db, this.#platformId, placed);
    return this.#add(placed);
  }

  #add(placed: readonly PlacedEntry[]): boolean {
    for (const { main, amount, state } of placed) {
      this.#count(main.bankClearing, amount);
      // What goes elsewhere is counted too, as if it went to suspense: that costs a look at most.
      this.#count(state === 'debited' ? main.bankDebits : main.suspense, amount);
    }
    return [...this.#added].every(([account, added]) => {
      const balance = this.#atFirst.get(account);
      // Suspense has less room than the system's accounts: what fits there fits in each.
      return balance !== undefined && magnitude(balance) + added <= MAX_BALANCE;
    });
  }

  #count(account: AccountId, amount: bigint): void {
    this.#added.set(account, (this.#added.get(account) ?? 0n) + amount);
  }
}

/**
 * The entries that would carry one of the system's accounts past what it can have, when those before them are
 * posted. The ledger does not ask what such an account has, so it is asked here.
 */
export function beyondLimits(
  placed: readonly PlacedEntry[],
  balances: Balances,
): ReadonlySet<PlacedEntry> {
  const now = new Map(balances);
  const beyond = new Set<PlacedEntry>();
  for (const entry of placed) {
    const after = balancesAfter(entry, now);
    const isWithin = after.every(
      ([account, balance]) =>
        magnitude(balance) <= MAX_INTERNAL_BALANCE ||
        magnitude(balance) < magnitude(now.get(account) ?? 0n),
    );
    if (!isWithin) beyond.add(entry);
    else for (const [account, balance] of after) now.set(account, balance);
  }
  return beyond;
}

/** What the accounts have now that the poster fills, of the main accounts of these entries. */
export const readFilled = async (db: Db, platformId: bigint, placed: readonly PlacedEntry[]) => {
  const mains = new Set(placed.map(({ main }) => main));
  const ids = [...mains].flatMap((main) => [main.bankClearing, main.bankDebits, main.suspense]);
  const accounts = await readAccounts(db, platformId, ids);
  return new Map(ids.map((id) => [id, accounts.get(id)?.balance ?? 0n]));
};

function balancesAfter(entry: PlacedEntry, now: Balances): readonly [AccountId, bigint][] {
  const { debit, credit } = moveOf(entry);
  const { bankClearing, bankDebits } = entry.main;
  const after = (account: AccountId, change: bigint): [AccountId, bigint][] =>
    account === bankClearing || account === bankDebits
      ? [[account, (now.get(account) ?? 0n) + change]]
      : [];
  return [...after(debit, -entry.amount), ...after(credit, entry.amount)];
}

const magnitude = (balance: bigint): bigint => (balance < 0n ? -balance : balance);
