import { brokenUnique } from '../db/database.ts';
import { entryIdAt } from './bank-entry.ts';
import type { Session } from './record-store.ts';

/** So many new lines change what the planner must believe of the table (0004_bank_entries.sql). */
const LINES_WORTH_ANALYZING = 1_000;

/**
 * Records the lines that are new, once by their reference, and says how many those were. When none is known, they
 * are written as if all were new, which is a quarter cheaper; a file that repeats a line is written again with care.
 */
export async function insertEntries(
  session: Session,
  platformId: bigint,
  { importId, known }: { importId: string; known: number },
): Promise<number> {
  const count =
    (known === 0 ? await insertAll(session, platformId, importId) : undefined) ??
    (await insertLines(session, platformId, { importId, repeated: 'leave' }));
  if (count >= LINES_WORTH_ANALYZING) await session.query('select analyze_bank_entry()');
  return count;
}

/** Undefined, and nothing is written, when a line is not new. */
async function insertAll(
  session: Session,
  platformId: bigint,
  importId: string,
): Promise<number | undefined> {
  await session.query('savepoint all_new');
  try {
    return await insertLines(session, platformId, { importId, repeated: 'refuse' });
  } catch (error) {
    if (brokenUnique(error) !== 'bank_entry_reference') throw error;
    await session.query('rollback to savepoint all_new');
    return undefined;
  }
}

async function insertLines(
  session: Session,
  platformId: bigint,
  { importId, repeated }: { importId: string; repeated: 'leave' | 'refuse' },
): Promise<number> {
  const leave = 'on conflict (platform_id, main_account_id, reference) do nothing';
  const { rowCount } = await session.query(
    `insert into bank_entry (platform_id, bank_entry_id, main_account_id, import_id, position, kind, direction,
         reversal, amount, booking_date, value_date, reference, reference_source, credited_account,
         counterparty_name, counterparty_account, remittance, reference_texts, bank_code)
       select $1::bigint, bank_entry_id, main_account_id, $2::uuid, position, 'line', direction, reversal, amount,
              booking_date, value_date, reference, reference_source, credited_account, counterparty_name,
              counterparty_account, remittance, reference_texts, bank_code
         from statement_line
       ${repeated === 'leave' ? leave : ''}`,
    [platformId, importId],
  );
  return rowCount ?? 0;
}

/** Records the balance that a main account begins with, as an entry before all others. */
export async function insertOpening(
  session: Session,
  platformId: bigint,
  opening: {
    importId: string;
    serial: number;
    mainAccountId: bigint;
    amount: bigint;
    bookingDate: string;
    reference: string;
  },
): Promise<void> {
  const { importId, serial, mainAccountId, amount, bookingDate, reference } = opening;
  await session.query(
    `insert into bank_entry (platform_id, bank_entry_id, main_account_id, import_id, position, kind, direction,
         reversal, amount, booking_date, reference, reference_source, remittance, reference_texts)
       values ($1, $2, $3, $4, 0, 'opening_balance', $5, false, $6, $7, $8, 'derived', '', '{}')`,
    [
      platformId,
      entryIdAt(importId, serial),
      mainAccountId,
      importId,
      amount < 0n ? 'debit' : 'credit',
      amount < 0n ? -amount : amount,
      bookingDate,
      reference,
    ],
  );
}
