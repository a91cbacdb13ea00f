import { bigintAt, booleanAt, textAt, textOrNone } from '../db/row.ts';
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
}

/** Below every id. */
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Entries that wait to be posted, in the order of their ids: after `after`, up to and including `last`. */
export async function readWaiting(
  session: Session,
  platformId: bigint,
  { after, last = AFTER_ALL, limit }: { after: string; last?: string; limit: number },
): Promise<WaitingEntry[]> {
  const rows = await rowsOf(
    session,
    `select bank_entry_id, main_account_id, kind, direction, reversal, amount,
            case reference_source when 'bank' then reference end, credited_account, counterparty_account,
            case when reference_texts = '{}' then remittance
                 else remittance || E'\\n' || array_to_string(reference_texts, E'\\n') end
       from bank_entry
      where platform_id = $1 and state = 'recorded' and bank_entry_id > $2 and bank_entry_id <= $3
      order by bank_entry_id limit $4`,
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
  }));
}
