import { bigintAt, booleanAt, textAt, textOrNone, textsAt } from '../db/row.ts';
import { type Amount, amount } from '../kernel/amount.ts';
import type { Payment } from './match.ts';
import { rowsOf, type Session } from './record-store.ts';

/** A recorded entry that is to be posted. */
export interface WaitingEntry extends Payment {
  readonly entryId: string;
  readonly kind: 'line' | 'opening_balance';
  readonly direction: 'credit' | 'debit';
  readonly amount: Amount;
  /** The bank's own reference; undefined when it was derived from the content. */
  readonly reference: string | undefined;
  /** Structured references, such as the end-to-end id. */
  readonly references: readonly string[];
}

/** Below every id. */
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Entries that wait to be posted, in the order of their ids: after `after`, up to and including `last`. The range
 * is said of postings too, so that whichever way PostgreSQL goes, it does not look at what was posted long ago.
 */
export async function readWaiting(
  session: Session,
  platformId: bigint,
  { after, last = AFTER_ALL, limit }: { after: string; last?: string; limit: number },
): Promise<WaitingEntry[]> {
  const rows = await rowsOf(
    session,
    `select e.bank_entry_id, e.main_account_id, e.kind, e.direction, e.reversal, e.amount,
            case e.reference_source when 'bank' then e.reference end, e.credited_account, e.counterparty_account,
            case when e.reference_texts = '{}' then e.remittance
                 else e.remittance || E'\\n\\n' || array_to_string(e.reference_texts, E'\\n\\n') end,
            e.reference_texts
       from bank_entry e
      where e.platform_id = $1 and e.bank_entry_id > $2 and e.bank_entry_id <= $3
        and not exists (
          select from bank_entry_posting p
           where p.platform_id = $1 and p.bank_entry_id = e.bank_entry_id
             and p.bank_entry_id > $2 and p.bank_entry_id <= $3)
      order by e.bank_entry_id limit $4`,
    [platformId, after, last, limit],
  );
  return rows.map((row) => ({
    entryId: textAt(row, 0),
    mainAccountId: bigintAt(row, 1),
    kind: textAt(row, 2) === 'line' ? 'line' : 'opening_balance',
    direction: textAt(row, 3) === 'credit' ? 'credit' : 'debit',
    reversal: booleanAt(row, 4),
    amount: amount(bigintAt(row, 5)),
    reference: textOrNone(row, 6),
    creditedAccount: textOrNone(row, 7),
    counterpartyAccount: textOrNone(row, 8),
    text: textAt(row, 9),
    references: textsAt(row, 10),
  }));
}

/** The first import after the id `after` that may have entries to post, as a UUID. */
export async function nextWaitingImport(
  session: Session,
  platformId: bigint,
  after: string,
): Promise<string | undefined> {
  const [row] = await rowsOf(
    session,
    `select import_id from waiting_import where platform_id = $1 and import_id > $2 order by import_id limit 1`,
    [platformId, after],
  );
  return row && textAt(row, 0);
}

/** Takes an import off the list, when each of its entries has a posting. */
export async function removeWaitingImport(
  session: Session,
  platformId: bigint,
  importId: string,
): Promise<void> {
  await rowsOf(session, 'delete from waiting_import where platform_id = $1 and import_id = $2', [
    platformId,
    importId,
  ]);
}
