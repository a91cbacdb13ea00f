import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type AccountId, accountId } from '../ledger/index.ts';
import {
  type BankEntry,
  type BankEntryState,
  bankEntryState,
  entryIdRange,
  entryTextId,
  importTextId,
} from './bank-entry.ts';

/** Which entries to list. Ids are UUIDs; an import is a range of ids. */
export interface EntryFilter {
  readonly entryId?: string | undefined;
  readonly state?: BankEntryState | undefined;
  readonly mainAccount?: string | undefined;
  readonly importId?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Bank entries in the order in which they were recorded. */
export async function selectEntries(
  db: Db,
  platformId: bigint,
  filter: EntryFilter,
): Promise<readonly (BankEntry & { readonly entryId: string })[]> {
  const { entryId, state, mainAccount, importId, after, limit } = filter;
  const range = importId === undefined ? undefined : entryIdRange(importId);
  const from = state === 'recorded' ? await firstWaiting(db, platformId) : undefined;
  if (state === 'recorded' && from === undefined) return [];
  const { rows } = await sql<EntryRow>`
    select e.bank_entry_id as "entryId", e.import_id as "importId", m.number as "mainAccount", e.position, e.kind,
           e.direction, e.reversal, e.amount, m.currency, e.booking_date as "bookingDate",
           e.value_date as "valueDate", e.reference, e.reference_source as "referenceSource",
           e.credited_account as "creditedAccount", e.counterparty_name as "counterpartyName",
           e.counterparty_account as "counterpartyAccount", e.remittance, e.reference_texts as "references",
           e.bank_code as "bankCode", coalesce(p.state, 'recorded') as state, p.match_reason as "matchReason",
           w.number as "matchedAccount", v.number as account, p.transfer_id as "transferId",
           coalesce(p.claim_count, 0) as "claimCount"
      from bank_entry e
      left join bank_entry_posting p on p.platform_id = e.platform_id and p.bank_entry_id = e.bank_entry_id
                                    ${from === undefined ? sql`` : sql`and p.bank_entry_id >= ${from}`}
      join main_account m on m.platform_id = e.platform_id and m.main_account_id = e.main_account_id
      left join virtual_account v on v.platform_id = e.platform_id and v.account_id = p.account_id
      left join virtual_account w on w.platform_id = e.platform_id and w.account_id = p.matched_account_id
     where e.platform_id = ${platformId}
       ${entryId === undefined ? sql`` : sql`and e.bank_entry_id = ${entryId}`}
       ${state === undefined ? sql`` : stateIs(platformId, { state, after })}
       ${from === undefined ? sql`` : sql`and e.bank_entry_id >= ${from}`}
       ${mainAccount === undefined ? sql`` : sql`and m.number = ${mainAccount}`}
       ${range === undefined ? sql`` : sql`and e.bank_entry_id between ${range.first} and ${range.last}`}
       ${after === undefined ? sql`` : sql`and e.bank_entry_id > ${after}`}
     order by e.bank_entry_id limit ${limit}`.execute(db);
  return rows.map(toEntry);
}

/** An id that no waiting entry is before: all that ever came would be looked at otherwise. */
async function firstWaiting(db: Db, platformId: bigint): Promise<string | undefined> {
  const { rows } = await sql<{ first: string }>`
    select first_entry_id(import_id) as first from waiting_import
     where platform_id = ${platformId} order by import_id limit 1`.execute(db);
  return rows[0]?.first;
}

/** Said so that an index serves: what is open has one of its own, which is entered at the same id. */
function stateIs(
  platformId: bigint,
  { state, after }: { state: BankEntryState; after: string | undefined },
) {
  switch (state) {
    case 'recorded':
      return sql`and p.bank_entry_id is null`;
    case 'suspended':
    case 'debited':
      return sql`and p.state in ('suspended', 'debited') and p.state = ${state} and p.platform_id = ${platformId}
       ${after === undefined ? sql`` : sql`and p.bank_entry_id > ${after}`}`;
    default:
      return sql`and p.state = ${state} and p.platform_id = ${platformId}`;
  }
}

type EntryRow = Omit<BankEntry, 'id' | 'import' | 'state'> & {
  readonly entryId: string;
  readonly importId: string;
  readonly state: string;
};

function toEntry({ importId, state, ...row }: EntryRow) {
  return {
    ...row,
    id: entryTextId(row.entryId),
    import: importTextId(importId),
    state: bankEntryState(state),
  };
}

/** What a claim has to know of an entry; all but the state and the count never changes. */
export interface ClaimedFacts {
  readonly entryId: string;
  readonly mainAccountId: bigint;
  readonly amount: bigint;
  readonly currency: string;
  readonly suspense: AccountId;
  readonly state: BankEntryState;
  readonly claimCount: number;
}

/** The facts of one entry for a claim; undefined when the platform has none of that UUID. */
export async function selectForClaim(
  db: Db,
  platformId: bigint,
  entryId: string,
): Promise<ClaimedFacts | undefined> {
  const { rows } = await sql<
    Omit<ClaimedFacts, 'suspense' | 'state'> & { suspense: bigint; state: string }
  >`
    select e.bank_entry_id as "entryId", e.main_account_id as "mainAccountId", e.amount, m.currency,
           v.account_id as suspense, coalesce(p.state, 'recorded') as state,
           coalesce(p.claim_count, 0) as "claimCount"
      from bank_entry e
      left join bank_entry_posting p on p.platform_id = e.platform_id and p.bank_entry_id = e.bank_entry_id
      join main_account m on m.platform_id = e.platform_id and m.main_account_id = e.main_account_id
      join virtual_account v on v.platform_id = e.platform_id and v.main_account_id = e.main_account_id
                            and v.kind = 'suspense'
     where e.platform_id = ${platformId} and e.bank_entry_id = ${entryId}`.execute(db);
  const [row] = rows;
  return row && { ...row, suspense: accountId(row.suspense), state: bankEntryState(row.state) };
}

/** One claim of an entry, taken back or not. */
export interface ClaimRow {
  readonly claimNumber: number;
  readonly account: AccountId;
  readonly transferId: bigint;
  readonly reversalTransferId: bigint | null;
}

/** The claims of an entry, the latest first. */
export async function selectClaims(
  db: Db,
  platformId: bigint,
  { entryId, limit }: { entryId: string; limit: number },
): Promise<readonly ClaimRow[]> {
  const { rows } = await sql<Omit<ClaimRow, 'account'> & { account: bigint }>`
    select claim_number as "claimNumber", account_id as account, transfer_id as "transferId",
           reversal_transfer_id as "reversalTransferId"
      from claim where platform_id = ${platformId} and bank_entry_id = ${entryId}
     order by claim_number desc limit ${limit}`.execute(db);
  return rows.map((row) => ({ ...row, account: accountId(row.account) }));
}
