import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { AccountId, AccountState } from '../ledger/index.ts';
import { memberTextId } from '../members/index.ts';
import {
  type VirtualAccount,
  type VirtualAccountKind,
  virtualAccountKind,
} from './virtual-account.ts';

/** What a virtual account is written with; its ledger account is opened before, in the same transaction. */
export interface NewVirtualAccount {
  readonly accountId: AccountId;
  readonly mainAccountId: bigint;
  /** A UUID. */
  readonly memberId: string | null;
  readonly number: string;
  readonly name: string;
  readonly kind: VirtualAccountKind;
  readonly referenceCode: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

/** Writes a virtual account. Throws the unique violation when its number or reference code is taken. */
export async function insertVirtualAccount(
  tx: Db,
  platformId: bigint,
  account: NewVirtualAccount,
): Promise<void> {
  await tx
    .insertInto('virtual_account')
    .values({
      platform_id: platformId,
      account_id: account.accountId,
      main_account_id: account.mainAccountId,
      member_id: account.memberId,
      number: account.number,
      name: account.name,
      kind: account.kind,
      reference_code: account.referenceCode,
      metadata: JSON.stringify(account.metadata),
      created_at: account.createdAt,
    })
    .execute();
}

/** Which virtual accounts to list. `memberId` is a UUID; `after` a ledger id. */
export interface VirtualAccountFilter {
  readonly number?: string | undefined;
  readonly memberId?: string | undefined;
  readonly mainAccount?: string | undefined;
  readonly kind?: VirtualAccountKind | undefined;
  readonly state?: AccountState | undefined;
  readonly referenceCode?: string | undefined;
  readonly after?: bigint | undefined;
  readonly limit: number;
}

/** Virtual accounts as they are now, in the order in which they were opened. */
export async function selectVirtualAccounts(
  db: Db,
  platformId: bigint,
  filter: VirtualAccountFilter,
): Promise<readonly (VirtualAccount & { readonly accountId: bigint })[]> {
  const { number, memberId, mainAccount, kind, state, referenceCode, after, limit } = filter;
  const { rows } = await sql<AccountRow>`
    select v.account_id as "accountId", v.number, v.name, v.kind, m.number as "mainAccount",
           v.member_id as "memberUuid", a.currency, a.state, a.balance, a.held,
           case when a.frozen = 0 then a.balance - a.held else greatest(a.balance - a.held - a.frozen, 0) end as available,
           least(a.frozen, greatest(a.balance, 0)) as frozen, a.overdraft_limit as "overdraftLimit",
           v.reference_code as "referenceCode", v.metadata, v.created_at as "createdAt"
      from virtual_account v
      join account a on a.platform_id = v.platform_id and a.account_id = v.account_id
      join main_account m on m.platform_id = v.platform_id and m.main_account_id = v.main_account_id
     where v.platform_id = ${platformId}
       ${number === undefined ? sql`` : sql`and v.number = ${number}`}
       ${memberId === undefined ? sql`` : sql`and v.member_id = ${memberId}`}
       ${mainAccount === undefined ? sql`` : sql`and m.number = ${mainAccount}`}
       ${kind === undefined ? sql`` : sql`and v.kind = ${kind}`}
       ${state === undefined ? sql`` : sql`and a.state = ${state}`}
       ${referenceCode === undefined ? sql`` : sql`and v.reference_code = ${referenceCode}`}
       ${after === undefined ? sql`` : sql`and v.account_id > ${after}`}
     order by v.account_id limit ${limit}`.execute(db);
  return rows.map(({ memberUuid, kind: kindText, ...row }) => ({
    ...row,
    kind: virtualAccountKind(kindText),
    memberId: memberUuid === null ? null : memberTextId(memberUuid),
  }));
}

type AccountRow = Omit<VirtualAccount, 'memberId' | 'kind'> & {
  readonly accountId: bigint;
  readonly memberUuid: string | null;
  readonly kind: string;
};

/** What may be changed about a virtual account beside its ledger account. */
export interface AttributeChange {
  readonly name?: string | undefined;
  readonly referenceCode?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** The same as they stand. */
export interface Attributes {
  readonly name: string;
  readonly referenceCode: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Changes what is named, and gives what was there and what is now. Throws the unique violation when the
 * reference code is taken.
 */
export async function updateVirtualAccount(
  db: Db,
  platformId: bigint,
  accountId: AccountId,
  { name, referenceCode, metadata }: AttributeChange,
): Promise<{ readonly before: Attributes; readonly after: Attributes }> {
  const { rows } = await sql<{ before: Attributes; after: Attributes }>`
    with before as (
      select account_id, name, reference_code, metadata from virtual_account
       where platform_id = ${platformId} and account_id = ${accountId} for no key update)
    update virtual_account v set
      name = ${name === undefined ? sql`b.name` : name},
      reference_code = ${referenceCode === undefined ? sql`b.reference_code` : referenceCode},
      metadata = ${metadata === undefined ? sql`b.metadata` : JSON.stringify(metadata)}
      from before b
     where v.platform_id = ${platformId} and v.account_id = b.account_id
    returning ${attributesOf('b')} as before, ${attributesOf('v')} as after`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('virtual accounts are never deleted');
  return row;
}

const attributesOf = (version: 'b' | 'v') => sql`jsonb_build_object(
  'name', ${sql.ref(`${version}.name`)}, 'referenceCode', ${sql.ref(`${version}.reference_code`)},
  'metadata', ${sql.ref(`${version}.metadata`)})`;
