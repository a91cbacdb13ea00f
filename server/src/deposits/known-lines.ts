import { intAt, textAt } from '../db/row.ts';
import type { ImportNote, LineFormat } from './import-report.ts';
import { rowsOf, type Session, sumAt } from './record-store.ts';

/**
 * Notes on lines of the file that are known by the bank's reference and say another payer or another text than what
 * was recorded from a file of the same format: a bank that uses a reference twice would cost somebody a credit. Of
 * another format nothing is said: it writes the same line in its own way. To be asked before new lines are recorded.
 */
export async function noteOtherTexts(
  session: Session,
  platformId: bigint,
  { format, limit }: { format: LineFormat; limit: number },
): Promise<ImportNote[]> {
  const rows = await rowsOf(
    session,
    `select m.number, min(s.position), count(*)::integer,
            sum(case s.direction when 'credit' then s.amount else -s.amount end)::text
       from statement_line s
       join bank_entry e on e.platform_id = $1 and e.main_account_id = s.main_account_id and e.reference = s.reference
       join statement_import i on i.platform_id = $1 and i.import_id = e.import_id and i.format = $2
       join main_account m on m.platform_id = $1 and m.main_account_id = s.main_account_id
      where e.reference_source = 'bank'
        and (e.counterparty_name, e.counterparty_account, e.remittance)
            is distinct from (s.counterparty_name, s.counterparty_account, s.remittance)
      group by m.number order by m.number limit $3`,
    [platformId, format, limit],
  );
  return rows.map((row) => ({
    code: 'known_lines_differ',
    mainAccount: textAt(row, 0),
    position: intAt(row, 1),
    count: intAt(row, 2),
    sum: sumAt(row, 3),
  }));
}
