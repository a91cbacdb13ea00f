import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type Currency, currency } from '../kernel/currency.ts';
import { AppError } from '../kernel/error.ts';
import { type AccountId, accountId, refusalErrors } from '../ledger/index.ts';
import { LookUps } from './look-ups.ts';
import { type VirtualAccountKind, virtualAccountKind } from './virtual-account.ts';

/** What never changes about an account, so that it may be remembered. */
export interface AccountFacts {
  readonly accountId: AccountId;
  /** Undefined for an internal account: it has no number, and cannot be named from outside. */
  readonly number: string | undefined;
  readonly kind: VirtualAccountKind | undefined;
  readonly currency: Currency;
  readonly mainAccountId: bigint;
}

/** An account that has a number. */
export type NumberedFacts = AccountFacts & {
  readonly number: string;
  readonly kind: VirtualAccountKind;
};

/** Accounts remembered at most, times two; about 400 bytes each. */
const ACCOUNTS_PER_GENERATION = 100_000;

interface PlatformLookUps {
  readonly numbers: LookUps<string>;
  readonly ids: LookUps<AccountId>;
}

/**
 * Remembers the facts of accounts, of all platforms together. Two generations: when the young one is full it
 * becomes the old one, and what the old one had is forgotten unless it is asked for again.
 */
class Directory {
  readonly #lookUps = new Map<bigint, PlatformLookUps>();
  #young = new Generation();
  #old = new Generation();

  byNumber(platformId: bigint, number: string): NumberedFacts | undefined {
    const young = this.#young.byNumber(platformId, number);
    if (young) return young;
    const old = this.#old.byNumber(platformId, number);
    if (old) this.remember(platformId, old);
    return old;
  }

  byId(platformId: bigint, id: AccountId): AccountFacts | undefined {
    const young = this.#young.byId(platformId, id);
    if (young) return young;
    const old = this.#old.byId(platformId, id);
    if (old) this.remember(platformId, old);
    return old;
  }

  /** The statements of a platform that fill this directory. */
  lookUps(db: Db, platformId: bigint): PlatformLookUps {
    let found = this.#lookUps.get(platformId);
    if (!found) {
      const remember = (all: readonly AccountFacts[]) => {
        for (const facts of all) this.remember(platformId, facts);
      };
      found = {
        numbers: new LookUps(async (keys) => remember(await readNumbers(db, platformId, keys))),
        ids: new LookUps(async (keys) => remember(await readIds(db, platformId, keys))),
      };
      this.#lookUps.set(platformId, found);
    }
    return found;
  }

  remember(platformId: bigint, facts: AccountFacts): void {
    if (this.#young.size >= ACCOUNTS_PER_GENERATION) {
      this.#old = this.#young;
      this.#young = new Generation();
    }
    this.#young.add(platformId, facts);
  }
}

class Generation {
  readonly #platforms = new Map<
    bigint,
    { numbers: Map<string, NumberedFacts>; ids: Map<AccountId, AccountFacts> }
  >();
  size = 0;

  byNumber(platformId: bigint, number: string): NumberedFacts | undefined {
    return this.#platforms.get(platformId)?.numbers.get(number);
  }

  byId(platformId: bigint, id: AccountId): AccountFacts | undefined {
    return this.#platforms.get(platformId)?.ids.get(id);
  }

  add(platformId: bigint, facts: AccountFacts): void {
    let platform = this.#platforms.get(platformId);
    if (!platform) {
      platform = { numbers: new Map(), ids: new Map() };
      this.#platforms.set(platformId, platform);
    }
    if (!platform.ids.has(facts.accountId)) this.size += 1;
    platform.ids.set(facts.accountId, facts);
    if (isNumbered(facts)) platform.numbers.set(facts.number, facts);
  }
}

/** One for each database of the process, which outside of tests is one. */
const directories = new WeakMap<Db, Directory>();

function directoryOf(db: Db): Directory {
  let directory = directories.get(db);
  if (!directory) {
    directory = new Directory();
    directories.set(db, directory);
  }
  return directory;
}

/** The account of that number, if it is remembered: no statement, for the path where each one counts. */
export function rememberedAccount(
  db: Db,
  platformId: bigint,
  number: string,
): NumberedFacts | undefined {
  return directoryOf(db).byNumber(platformId, number);
}

/**
 * The accounts of those numbers, by number; numbers that are not the platform's are left out, and are asked
 * for again next time. Numbers are never given out twice, so what was found once stays true. `db` is the pool,
 * never a transaction: what is not committed must not be remembered.
 */
export async function accountsByNumber(
  db: Db,
  platformId: bigint,
  numbers: Iterable<string>,
): Promise<ReadonlyMap<string, NumberedFacts>> {
  const directory = directoryOf(db);
  const wanted = [...numbers];
  const missing = wanted.filter((number) => !directory.byNumber(platformId, number));
  if (missing.length > 0) await directory.lookUps(db, platformId).numbers.need(missing);
  return foundOf(wanted, (number) => directory.byNumber(platformId, number));
}

/** The account of that number. Throws AppError: `account_not_found`, with the field that named it. */
export async function findAccount(
  db: Db,
  platformId: bigint,
  number: string,
  field?: string,
): Promise<NumberedFacts> {
  const account = (await accountsByNumber(db, platformId, [number])).get(number);
  if (account) return account;
  throw accountNotFound(number, field);
}

/** Says that the platform has no account of that number. */
export function accountNotFound(number: string, field?: string): AppError {
  const facts = field === undefined ? { account: number } : { account: number, field };
  return new AppError(refusalErrors.account_not_found, facts);
}

/** The accounts of those ledger ids, by id, internal ones too; ids that do not exist are left out. */
export async function accountsById(
  db: Db,
  platformId: bigint,
  ids: Iterable<AccountId>,
): Promise<ReadonlyMap<AccountId, AccountFacts>> {
  const directory = directoryOf(db);
  const wanted = [...ids];
  const missing = wanted.filter((id) => !directory.byId(platformId, id));
  if (missing.length > 0) await directory.lookUps(db, platformId).ids.need(missing);
  return foundOf(wanted, (id) => directory.byId(platformId, id));
}

function foundOf<Key, Facts>(
  wanted: readonly Key[],
  find: (key: Key) => Facts | undefined,
): Map<Key, Facts> {
  const found = new Map<Key, Facts>();
  for (const key of wanted) {
    const facts = find(key);
    if (facts) found.set(key, facts);
  }
  return found;
}

async function readNumbers(
  db: Db,
  platformId: bigint,
  numbers: readonly string[],
): Promise<readonly AccountFacts[]> {
  const { rows } = await sql<FactsRow>`
    select ${COLUMNS} from virtual_account v
      join account a on a.platform_id = v.platform_id and a.account_id = v.account_id
     where v.platform_id = ${platformId} and v.number = any (${[...numbers]}::text[])`.execute(db);
  return rows.map(toFacts);
}

/** An account and its number are opened in one transaction: one without a number is internal for ever. */
async function readIds(
  db: Db,
  platformId: bigint,
  ids: readonly AccountId[],
): Promise<readonly AccountFacts[]> {
  const { rows } = await sql<FactsRow>`
    select ${COLUMNS} from account a
      left join virtual_account v on v.platform_id = a.platform_id and v.account_id = a.account_id
     where a.platform_id = ${platformId} and a.account_id = any (${[...ids]}::bigint[])`.execute(
    db,
  );
  return rows.map(toFacts);
}

const COLUMNS = sql`a.account_id as "accountId", v.number, v.kind, a.currency,
  a.main_account_id as "mainAccountId"`;

interface FactsRow {
  readonly accountId: bigint;
  readonly number: string | null;
  readonly kind: string | null;
  readonly currency: string;
  readonly mainAccountId: bigint;
}

function toFacts(row: FactsRow): AccountFacts {
  return {
    accountId: accountId(row.accountId),
    number: row.number ?? undefined,
    kind: row.kind === null ? undefined : virtualAccountKind(row.kind),
    currency: currency(row.currency),
    mainAccountId: row.mainAccountId,
  };
}

function isNumbered(facts: AccountFacts): facts is NumberedFacts {
  return facts.number !== undefined && facts.kind !== undefined;
}
