import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type Currency, currency } from '../kernel/currency.ts';
import { type AccountId, accountId } from '../ledger/index.ts';

/** A main account (主体账户) with the system's and the public accounts below it. All but one of it never changes. */
export interface MainAccountRecord {
  readonly mainAccountId: bigint;
  /** At the bank. */
  readonly number: string;
  readonly name: string;
  readonly bankName: string | null;
  readonly currency: Currency;
  /** What the numbers of its virtual accounts begin with. */
  readonly prefix: string;
  /** The bank counts its references anew from day to day. The one thing that may change, from false to true. */
  readonly referencesPerDay: boolean;
  readonly createdAt: Date;
  /** Internal: what the bank has, below zero (a deposit debits it). */
  readonly bankClearing: AccountId;
  /** Internal: money that left the bank and is yet to be explained, below zero. */
  readonly bankDebits: AccountId;
  readonly suspense: AccountId;
  readonly interestAndFees: AccountId;
  readonly opening: AccountId;
  readonly platform: AccountId;
}

/** A main account with its sums, read at one moment. Minor units. */
export interface MainAccountSums extends MainAccountRecord {
  /** What the bank has by what was recorded. */
  readonly bankBalance: bigint;
  /** Of all virtual accounts, the public ones and the platform's own included. */
  readonly virtualAccountsBalance: bigint;
  /** bankBalance + unexplainedDebits = virtualAccountsBalance. */
  readonly unexplainedDebits: bigint;
  readonly numbers: PublicNumbers;
}

/** The numbers of the accounts that a main account is opened with. */
export interface PublicNumbers {
  readonly suspense: string;
  readonly interestAndFees: string;
  readonly opening: string;
  readonly platform: string;
}

/** Writes a main account. Throws the unique violation when its number or prefix is there already. */
export async function insertMainAccount(
  tx: Db,
  platformId: bigint,
  main: Pick<
    MainAccountRecord,
    | 'mainAccountId'
    | 'number'
    | 'name'
    | 'bankName'
    | 'currency'
    | 'prefix'
    | 'referencesPerDay'
    | 'createdAt'
  > & { bankClearing: AccountId; bankDebits: AccountId },
): Promise<void> {
  await tx
    .insertInto('main_account')
    .values({
      platform_id: platformId,
      main_account_id: main.mainAccountId,
      number: main.number,
      name: main.name,
      bank_name: main.bankName,
      currency: main.currency,
      prefix: main.prefix,
      references_per_day: main.referencesPerDay,
      bank_clearing_account_id: main.bankClearing,
      bank_debits_account_id: main.bankDebits,
      created_at: main.createdAt,
    })
    .execute();
}

/**
 * Turns it on for good. Says what it was; undefined when there is no such main account. Waits while an import of it records its lines, as
 * long as the connection waits for a lock; an import that is still read finds it changed, and records nothing.
 */
export async function setReferencesPerDay(
  db: Db,
  platformId: bigint,
  number: string,
): Promise<{ readonly referencesPerDay: boolean } | undefined> {
  const { rows } = await sql<{ referencesPerDay: boolean }>`
    with before as (
      select main_account_id, references_per_day from main_account
       where platform_id = ${platformId} and number = ${number} for no key update)
    update main_account m set references_per_day = true from before b
     where m.platform_id = ${platformId} and m.main_account_id = b.main_account_id
    returning b.references_per_day as "referencesPerDay"`.execute(db);
  return rows[0];
}

/** The next id of a main account, under the lock of the platform's row, so that ids have no gaps. */
export async function nextMainAccountId(tx: Db, platformId: bigint): Promise<bigint> {
  await sql`select from platform where platform_id = ${platformId} for no key update`.execute(tx);
  const { rows } = await sql<{ next: bigint }>`
    select coalesce(max(main_account_id), 0) + 1 as next from main_account
     where platform_id = ${platformId}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error('an aggregate gives one row');
  return row.next;
}

/** How many main accounts the platform has. */
export async function countMainAccounts(db: Db, platformId: bigint): Promise<number> {
  const { count } = await db
    .selectFrom('main_account')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('platform_id', '=', platformId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

type RecordRow = Omit<MainAccountRecord, 'currency'> & { readonly currency: string };

const RECORD = sql`
  m.main_account_id as "mainAccountId", m.number, m.name, m.bank_name as "bankName", m.currency, m.prefix,
  m.references_per_day as "referencesPerDay",
  m.created_at as "createdAt", m.bank_clearing_account_id as "bankClearing",
  m.bank_debits_account_id as "bankDebits"`;

const publicAccounts = (platformId: bigint) => sql`
  (select main_account_id,
          max(account_id) filter (where kind = 'suspense') as "suspense",
          max(account_id) filter (where kind = 'interestAndFees') as "interestAndFees",
          max(account_id) filter (where kind = 'opening') as "opening",
          max(account_id) filter (where kind = 'platform') as "platform",
          jsonb_object_agg(kind, number) as numbers
     from virtual_account
    where platform_id = ${platformId} and kind in ('suspense', 'interestAndFees', 'opening', 'platform')
    group by main_account_id)`;

/** Main accounts by their number at the bank, which is normalised before; all of them without numbers. */
export async function selectMainAccounts(
  db: Db,
  platformId: bigint,
  { numbers, limit }: { numbers?: readonly string[] | undefined; limit: number },
): Promise<readonly MainAccountRecord[]> {
  const { rows } = await sql<RecordRow>`
    select ${RECORD}, p."suspense", p."interestAndFees", p."opening", p."platform"
      from main_account m join ${publicAccounts(platformId)} p on p.main_account_id = m.main_account_id
     where m.platform_id = ${platformId}
       ${numbers === undefined ? sql`` : sql`and m.number = any (${[...numbers]}::text[])`}
     order by m.main_account_id limit ${limit}`.execute(db);
  return rows.map(toRecord);
}

/**
 * Main accounts with their sums, in the order in which they were opened. One statement, so that the sums are
 * of one moment and agree with each other; an internal balance is what is folded plus what is not yet.
 */
export async function selectMainAccountSums(
  db: Db,
  platformId: bigint,
  filter: { number?: string | undefined; after?: bigint | undefined; limit: number },
): Promise<readonly MainAccountSums[]> {
  const { number, after, limit } = filter;
  const { rows } = await sql<SumsRow>`
    with pending as (
      select account_id, sum(delta) as delta from account_delta where platform_id = ${platformId}
       group by account_id
    ), sums as (
      select a.main_account_id,
             coalesce(sum(a.balance) filter (where a.guarded), 0)::bigint as guarded,
             coalesce(sum(a.balance + coalesce(d.delta, 0)) filter (where a.purpose = 'bank_clearing'), 0)::bigint as clearing,
             coalesce(sum(a.balance + coalesce(d.delta, 0)) filter (where a.purpose = 'bank_debits'), 0)::bigint as debits
        from account a left join pending d on d.account_id = a.account_id
       where a.platform_id = ${platformId}
       group by a.main_account_id
    )
    select ${RECORD}, p."suspense", p."interestAndFees", p."opening", p."platform", p.numbers,
           -s.clearing as "bankBalance", s.guarded as "virtualAccountsBalance",
           -s.debits as "unexplainedDebits"
      from main_account m
      join sums s on s.main_account_id = m.main_account_id
      join ${publicAccounts(platformId)} p on p.main_account_id = m.main_account_id
     where m.platform_id = ${platformId}
       ${number === undefined ? sql`` : sql`and m.number = ${number}`}
       ${after === undefined ? sql`` : sql`and m.main_account_id > ${after}`}
     order by m.main_account_id limit ${limit}`.execute(db);
  return rows.map(
    ({ bankBalance, virtualAccountsBalance, unexplainedDebits, numbers, ...row }) => ({
      ...toRecord(row),
      bankBalance,
      virtualAccountsBalance,
      unexplainedDebits,
      numbers,
    }),
  );
}

type SumsRow = RecordRow & Omit<MainAccountSums, keyof MainAccountRecord>;

function toRecord(row: RecordRow): MainAccountRecord {
  return {
    mainAccountId: row.mainAccountId,
    number: row.number,
    name: row.name,
    bankName: row.bankName,
    currency: currency(row.currency),
    prefix: row.prefix,
    referencesPerDay: row.referencesPerDay,
    createdAt: row.createdAt,
    bankClearing: accountId(row.bankClearing),
    bankDebits: accountId(row.bankDebits),
    suspense: accountId(row.suspense),
    interestAndFees: accountId(row.interestAndFees),
    opening: accountId(row.opening),
    platform: accountId(row.platform),
  };
}
