import type { MainAccountRecord } from '../virtual-accounts/index.ts';
import type { LineFormat } from './import-report.ts';
import { CONFLICT, conflictOf, joinedByHash, type Session } from './record-store.ts';

/** How far the booking date of an entry may be from its value date, in days; a bank may backdate by more. */
const DAYS_APART = 31;

/**
 * Refuses a new line that a file of another format has brought in already, under another key. Where references count
 * from day to day the booking date is part of the key, and not all formats state the same: MT940 without an entry date
 * has the value date alone, and CITIC replies have no date before their references. The value date, which all state
 * alike, tells the line, with reference, amount and direction. Throws `statement_reference_conflict`.
 */
export async function refuseOtherFormats(
  session: Session,
  platformId: bigint,
  { format, mains }: { format: LineFormat; mains: readonly MainAccountRecord[] },
): Promise<void> {
  const perDay = mains.filter(({ referencesPerDay }) => referencesPerDay);
  if (perDay.length === 0) return;
  const ids = perDay.map(({ mainAccountId }) => mainAccountId);
  const [row] = await joinedByHash(session, BROUGHT_BEFORE, [platformId, format, ids]);
  if (row) throw conflictOf(row);
}

const own = (alias: string) =>
  `case when ${alias}.reference like to_char(${alias}.booking_date, 'YYYY-MM-DD') || '/%'
        then substr(${alias}.reference, length('YYYY-MM-DD/') + 1) else ${alias}.reference end`;
const valued = (alias: string) => `coalesce(${alias}.value_date, ${alias}.booking_date)`;
/** With it, PostgreSQL reads the pages of these days alone. */
const near = (alias: string) => `
  ${alias}.booking_date >= (select least(min(booking_date), min(value_date)) from statement_line) - ${DAYS_APART}
  and ${alias}.booking_date <= (select greatest(max(booking_date), max(value_date)) from statement_line) + ${DAYS_APART}`;

const BROUGHT_BEFORE = `
  select ${CONFLICT}
    from statement_line s
    join bank_entry e on e.platform_id = $1 and e.main_account_id = s.main_account_id and e.kind = 'line'
     and e.reference_source = 'bank' and e.direction = s.direction and e.amount = s.amount
     and ${valued('e')} = ${valued('s')} and ${own('e')} = ${own('s')}
    join statement_import i on i.platform_id = $1 and i.import_id = e.import_id and i.format <> $2
    join main_account m on m.platform_id = $1 and m.main_account_id = s.main_account_id
   where s.main_account_id = any ($3::bigint[]) and s.reference_source = 'bank'
     and exists (select from statement_import o where o.platform_id = $1 and o.format <> $2)
     and ${near('e')}
     and not exists (select from bank_entry k where k.platform_id = $1 and k.main_account_id = s.main_account_id
                        and k.reference = s.reference and k.booking_date = s.booking_date and ${near('k')})
   order by s.position limit 1`;
