import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type AccountId, accountId } from '../ledger/index.ts';
import { accountsByNumber, type NumberedFacts } from './directory.ts';
import { MEMBER_KINDS, type VirtualAccountKind, virtualAccountKind } from './virtual-account.ts';

/** An account that a deposit may be for, under one main account. */
export interface FoundAccount {
  readonly accountId: AccountId;
  readonly number: string;
}

/** Virtual accounts by number, whatever main account they are under: look at `mainAccountId`. Set-based. */
export async function findByNumbers(
  db: Db,
  platformId: bigint,
  numbers: Iterable<string>,
): Promise<ReadonlyMap<string, NumberedFacts>> {
  return accountsByNumber(db, platformId, numbers);
}

/** Virtual accounts of a main account by reference code; codes that nobody has are left out. Set-based. */
export async function findByReferenceCodes(
  db: Db,
  platformId: bigint,
  { mainAccountId, referenceCodes }: { mainAccountId: bigint; referenceCodes: readonly string[] },
): Promise<ReadonlyMap<string, FoundAccount>> {
  if (referenceCodes.length === 0) return new Map();
  const { rows } = await sql<{ code: string; accountId: bigint; number: string }>`
    select reference_code as code, account_id as "accountId", number from virtual_account
     where platform_id = ${platformId} and main_account_id = ${mainAccountId}
       and reference_code = any (${[...referenceCodes]}::text[])`.execute(db);
  return new Map(
    rows.map(({ code, number, accountId: id }) => [code, { number, accountId: accountId(id) }]),
  );
}

/** A member's binding of a bank account that it pays from. */
export interface FoundPayer extends FoundAccount {
  /** A UUID. */
  readonly memberId: string;
  /** That of the virtual account to which a deposit goes: it may be another than the one that was paid to. */
  readonly mainAccountId: bigint;
}

/**
 * Who has bound those bank accounts (normalised numbers), with the virtual account to which a deposit goes; by
 * bank account. Several entries: several members have bound it, under whatever main account, and it says nothing.
 */
export async function findByPayerAccounts(
  db: Db,
  platformId: bigint,
  accountNumbers: readonly string[],
): Promise<ReadonlyMap<string, readonly FoundPayer[]>> {
  if (accountNumbers.length === 0) return new Map();
  const { rows } = await sql<{
    payer: string;
    memberId: string;
    accountId: bigint;
    number: string;
    mainAccountId: bigint;
  }>`
    select p.account_number as payer, p.member_id as "memberId", p.account_id as "accountId", v.number,
           v.main_account_id as "mainAccountId"
      from payer_account p
      join virtual_account v on v.platform_id = p.platform_id and v.account_id = p.account_id
     where p.platform_id = ${platformId} and p.account_number = any (${[...accountNumbers]}::text[])
     order by p.account_number, p.member_id`.execute(db);
  return Map.groupBy(
    rows.map((row) => ({ ...row, accountId: accountId(row.accountId) })),
    ({ payer }) => payer,
  );
}

/** The accounts that fees and interest of a main account are taken to and paid from, and whose an account is. */
export interface FoundParties {
  readonly interestAndFees: AccountId;
  readonly platform: AccountId;
  /** A UUID; null for an account that no member has. */
  readonly memberId: string | null;
}

/** The public accounts beside an account, and its member. Undefined when there is no such account. */
export async function findParties(
  db: Db,
  platformId: bigint,
  { mainAccountId, accountId: id }: { mainAccountId: bigint; accountId: AccountId },
): Promise<FoundParties | undefined> {
  const { rows } = await sql<
    Record<'interestAndFees' | 'platform', bigint> & { memberId: string | null }
  >`
    select o.member_id as "memberId",
           max(v.account_id) filter (where v.kind = 'interestAndFees') as "interestAndFees",
           max(v.account_id) filter (where v.kind = 'platform') as platform
      from virtual_account o
      join virtual_account v on v.platform_id = o.platform_id and v.main_account_id = o.main_account_id
                            and v.kind in ('interestAndFees', 'platform')
     where o.platform_id = ${platformId} and o.account_id = ${id} and o.main_account_id = ${mainAccountId}
     group by o.member_id`.execute(db);
  return rows.map(({ interestAndFees, platform, memberId }) => ({
    ...{ interestAndFees: accountId(interestAndFees), platform: accountId(platform), memberId },
  }))[0];
}

/** An account of a member, as interest looks for it. */
export interface FoundMemberAccount {
  readonly accountId: AccountId;
  readonly number: string;
  readonly kind: VirtualAccountKind;
  readonly currency: string;
  readonly mainAccountId: bigint;
}

/** Members' accounts that are not closed, of one main account or all, in the order in which they were opened. */
export async function listMemberAccounts(
  db: Db,
  platformId: bigint,
  filter: { mainAccountId?: bigint | undefined; after?: AccountId | undefined; limit: number },
): Promise<readonly FoundMemberAccount[]> {
  const { mainAccountId, after, limit } = filter;
  const { rows } = await sql<
    Omit<FoundMemberAccount, 'accountId' | 'kind'> & { accountId: bigint; kind: string }
  >`
    select v.account_id as "accountId", v.number, v.kind, a.currency, v.main_account_id as "mainAccountId"
      from virtual_account v join account a on a.platform_id = v.platform_id and a.account_id = v.account_id
     where v.platform_id = ${platformId} and v.kind = any (${[...MEMBER_KINDS]}::text[]) and a.state <> 'closed'
       ${mainAccountId === undefined ? sql`` : sql`and v.main_account_id = ${mainAccountId}`}
       ${after === undefined ? sql`` : sql`and v.account_id > ${after}`}
     order by v.account_id limit ${limit}`.execute(db);
  return rows.map((row) => ({
    ...row,
    accountId: accountId(row.accountId),
    kind: virtualAccountKind(row.kind),
  }));
}

/** The numbers of open accounts of a main account whose member, or which itself, has one of these names. */
export async function findByNames(
  db: Db,
  platformId: bigint,
  {
    mainAccountId,
    names,
    limit,
  }: { mainAccountId: bigint; names: readonly string[]; limit: number },
): Promise<readonly string[]> {
  const { rows } = await sql<{ number: string }>`
    select v.number
      from virtual_account v
      join account a on a.platform_id = v.platform_id and a.account_id = v.account_id and a.state <> 'closed'
      join member m on m.platform_id = v.platform_id and m.member_id = v.member_id
     where v.platform_id = ${platformId} and v.main_account_id = ${mainAccountId}
       and (m.name = any (${[...names]}::text[]) or v.name = any (${[...names]}::text[]))
     order by v.account_id limit ${limit}`.execute(db);
  return rows.map(({ number }) => number);
}

/** The UUIDs of the members that accounts belong to, by account; accounts that no member has are left out. */
export async function memberUuidsOf(
  db: Db,
  platformId: bigint,
  ids: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, string>> {
  const { rows } = await sql<{ id: bigint; member: string }>`
    select account_id as id, member_id as member from virtual_account
     where platform_id = ${platformId} and account_id = any (${[...ids]}::bigint[])
       and member_id is not null`.execute(db);
  return new Map(rows.map(({ id, member }) => [accountId(id), member]));
}
