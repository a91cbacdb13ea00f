import { joinedByHash, type Session } from './record-store.ts';

/**
 * Gives lines of the file the references under which they were recorded before their main account was said to count
 * references from day to day: the same reference on the same booking date is the same line. Of several files in
 * one, the second `1` was recorded as `1#2`, on whatever day it was: so those of a day are counted here again.
 *
 * When an entry was recorded is not asked, for `2026-03-02/1` may be what the bank wrote before: an entry of since then
 * takes lines whose own reference is `2026-03-02/1`, which a bank does not write that writes `1` on that day.
 */
export async function keepEarlierReferences(
  session: Session,
  platformId: bigint,
  mainAccountId: bigint,
): Promise<void> {
  const values = [platformId, mainAccountId];
  await joinedByHash(session, COUNTED_AGAIN, values);
  await joinedByHash(session, WRITTEN_SO, values);
}

/** Of the days of the file: with it, PostgreSQL reads the pages of these days alone. */
const inDays = (alias: string) => `
  ${alias}.booking_date >= (select min(booking_date) from statement_line where main_account_id = $2)
  and ${alias}.booking_date <= (select max(booking_date) from statement_line where main_account_id = $2)`;

const COUNTED_AGAIN = `
  with plain as (
    select e.booking_date, e.reference, regexp_replace(e.reference, '#[0-9]+$', '') as stem
      from bank_entry e
     where e.platform_id = $1 and e.main_account_id = $2 and e.kind = 'line' and e.reference_source = 'bank'
       and ${inDays('e')}
  ), based as (
    -- A bank may write #2 itself: it counts for something only behind a reference that is there.
    select p.booking_date, p.reference,
           case when p.stem <> p.reference
                 and exists (select from bank_entry b where b.platform_id = $1 and b.main_account_id = $2
                                and b.reference = p.stem) then p.stem else p.reference end as base
      from plain p
  ), counted as (
    select b.booking_date, b.reference, to_char(b.booking_date, 'YYYY-MM-DD') || '/' || b.base as dated,
           row_number() over (partition by b.booking_date, b.base order by length(b.reference), b.reference) as n
      from based b
  )
  update statement_line s set reference = c.reference from counted c
   where s.main_account_id = $2 and s.reference_source = 'bank' and s.booking_date = c.booking_date
     and s.reference = c.dated || case when c.n = 1 then '' else '#' || c.n end`;

/**
 * A #2 that the bank has written itself, when what is before it was there on another day: such a line was not found
 * by counting, and nor was its entry, which no line of the file has.
 */
const WRITTEN_SO = `
  update statement_line s set reference = e.reference from bank_entry e
   where s.main_account_id = $2 and s.reference_source = 'bank' and s.reference ~ '#[0-9]+$'
     and e.platform_id = $1 and e.main_account_id = $2 and e.kind = 'line' and e.reference_source = 'bank'
     and ${inDays('e')} and e.booking_date = s.booking_date and e.reference = substr(s.reference, length('YYYY-MM-DD/') + 1)
     and s.reference = to_char(s.booking_date, 'YYYY-MM-DD') || '/' || e.reference
     and not exists (select from bank_entry k where k.platform_id = $1 and k.main_account_id = $2
                        and k.reference = s.reference and ${inDays('k')})
     and not exists (select from statement_line o
                      where o.main_account_id = $2 and o.reference = e.reference)`;
