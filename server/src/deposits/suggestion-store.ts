import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type BankEntryState, bankEntryState } from './bank-entry.ts';

/** What of an entry may tell whom it is for. */
export interface SuspendedFacts {
  readonly state: BankEntryState;
  readonly mainAccountId: bigint;
  readonly bookingDate: string;
  readonly creditedAccount: string | undefined;
  readonly counterpartyName: string | undefined;
  readonly counterpartyAccount: string | undefined;
  /** The remittance text and structured references, a line each. */
  readonly text: string;
}

export async function selectForSuggestion(
  db: Db,
  platformId: bigint,
  entryId: string,
): Promise<SuspendedFacts | undefined> {
  const { rows } = await sql<{
    state: string;
    mainAccountId: bigint;
    bookingDate: string;
    creditedAccount: string | null;
    counterpartyName: string | null;
    counterpartyAccount: string | null;
    text: string;
  }>`
    select coalesce(p.state, 'recorded') as state, e.main_account_id as "mainAccountId",
           e.booking_date as "bookingDate", e.credited_account as "creditedAccount",
           e.counterparty_name as "counterpartyName", e.counterparty_account as "counterpartyAccount",
           array_to_string(e.remittance || e.reference_texts, E'\n') as text
      from bank_entry e
      left join bank_entry_posting p on p.platform_id = e.platform_id and p.bank_entry_id = e.bank_entry_id
     where e.platform_id = ${platformId} and e.bank_entry_id = ${entryId}`.execute(db);
  const [row] = rows;
  return (
    row && {
      ...row,
      state: bankEntryState(row.state),
      creditedAccount: row.creditedAccount ?? undefined,
      counterpartyName: row.counterpartyName ?? undefined,
      counterpartyAccount: row.counterpartyAccount ?? undefined,
    }
  );
}

/** How far back the payments of a payer are looked at, in days; and to how many accounts. */
const DAYS_BACK = 180;
const MAX_ACCOUNTS = 20;

/**
 * The members' accounts to which the same bank account has paid under the main account, in the half year before, and how
 * often: credited at once, or claimed by a person.
 */
export async function selectPaidBefore(
  db: Db,
  platformId: bigint,
  entry: Pick<SuspendedFacts, 'mainAccountId' | 'bookingDate'> & { counterpartyAccount: string },
): Promise<readonly { readonly number: string; readonly times: number }[]> {
  const { mainAccountId, bookingDate, counterpartyAccount } = entry;
  const { rows } = await sql<{ number: string; times: number }>`
    select v.number, count(*)::integer as times
      from bank_entry e
      join bank_entry_posting p on p.platform_id = e.platform_id and p.bank_entry_id = e.bank_entry_id
                               and p.state in ('credited', 'claimed')
      join virtual_account v on v.platform_id = p.platform_id and v.account_id = p.account_id
                            and v.member_id is not null
     where e.platform_id = ${platformId} and e.main_account_id = ${mainAccountId}
       and e.booking_date between ${bookingDate}::date - ${DAYS_BACK}::integer and ${bookingDate}::date
       and e.counterparty_account = ${counterpartyAccount} and e.direction = 'credit' and e.kind = 'line'
     group by v.number order by count(*) desc, v.number limit ${MAX_ACCOUNTS}`.execute(db);
  return rows;
}
