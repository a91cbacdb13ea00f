import type pg from 'pg';
import { bigintAt, booleanAt, intAt, type Row, textAt, textOrNone } from '../db/row.ts';
import { AppError } from '../kernel/error.ts';
import type { MainAccountRecord } from '../virtual-accounts/index.ts';
import { entryIdRange } from './bank-entry.ts';
import { statementAccountChanged, statementReferenceConflict } from './errors.ts';
import { type RecordedFile, reportToJson, type Tally } from './import-report.ts';

/** A connection inside the transaction of an import. */
export type Session = Pick<pg.PoolClient, 'query'>;

/** How long an import waits for another one of the same main account, in milliseconds. */
const LOCK_TIMEOUT_MS = 600_000;

/** Runs one statement and gives its rows as arrays. */
export async function rowsOf(
  session: Session,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const { rows } = await session.query<unknown[]>({ text, values: [...values], rowMode: 'array' });
  return rows;
}

/**
 * Runs a statement that compares many lines with many entries. Nobody has counted the rows of either yet, so that the
 * planner takes one for small, and would go through the other for each of its rows; or merge them by the day alone.
 */
export async function joinedByHash(
  session: Session,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  await session.query('set local enable_nestloop = off; set local enable_mergejoin = off');
  const rows = await rowsOf(session, text, values);
  await session.query('reset enable_nestloop; reset enable_mergejoin');
  return rows;
}

/** A sum of amounts, selected as text: a thousand of the largest pass what a bigint of PostgreSQL can have. */
export const sumAt = (row: Row, index: number): bigint => BigInt(textAt(row, index));

/** Begins the transaction of an import; `COPY` may then take as long as the file takes to arrive. */
export async function beginImport(session: Session, lineTable: string): Promise<void> {
  await session.query('begin');
  await session.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await session.query(`set local idle_in_transaction_session_timeout = ${LOCK_TIMEOUT_MS}`);
  await session.query(lineTable);
}

/** How soon a file may be sent again whose main account was changed meanwhile. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Makes imports of the same main accounts wait for each other. In the order of the ids: no deadlock. The file was
 * read without the lock: when an account no longer counts references as it did then, the keys of its lines are of
 * the other kind than those of whoever came between. Throws `statement_account_changed`.
 */
export async function lockMainAccounts(
  session: Session,
  platformId: bigint,
  mains: readonly Pick<MainAccountRecord, 'mainAccountId' | 'number' | 'referencesPerDay'>[],
): Promise<void> {
  const rows = await rowsOf(
    session,
    `select main_account_id, references_per_day from main_account
      where platform_id = $1 and main_account_id = any ($2::bigint[])
      order by main_account_id for no key update`,
    [platformId, mains.map(({ mainAccountId }) => mainAccountId)],
  );
  const now = new Map(rows.map((row) => [bigintAt(row, 0), booleanAt(row, 1)]));
  const other = mains.find((main) => now.get(main.mainAccountId) !== main.referencesPerDay);
  if (!other) return;
  const facts = { mainAccount: other.number, retryAfterSeconds: RETRY_AFTER_SECONDS };
  throw new AppError(statementAccountChanged, facts);
}

/** What a main account had before this file. */
export interface Before {
  readonly hasEntries: boolean;
  /** The day of the opening balance that was taken in first. */
  readonly openedOn: string | undefined;
}

export async function readBefore(
  session: Session,
  platformId: bigint,
  mainAccountId: bigint,
): Promise<Before> {
  const [row] = await rowsOf(
    session,
    `select (select 1 from bank_entry where platform_id = $1 and main_account_id = $2 limit 1),
            (select booking_date from bank_entry
              where platform_id = $1 and main_account_id = $2
                and reference >= 'opening/' and reference < 'opening0' and kind = 'opening_balance' limit 1)`,
    [platformId, mainAccountId],
  );
  return {
    hasEntries: row?.[0] === 1,
    openedOn: row && textOrNone(row, 1),
  };
}

const SIGNED = (alias: string) =>
  `case ${alias}.direction when 'credit' then ${alias}.amount else -${alias}.amount end`;

/**
 * The balance that the bank must have had before the first line of the file that the ledger does not know:
 * what the ledger has for the bank and what is yet to be posted, without what was booked later and without
 * what this file repeats.
 */
export async function readExpectedBalance(
  session: Session,
  platformId: bigint,
  { mainAccountId, from }: { mainAccountId: bigint; from: string },
): Promise<bigint> {
  const [row] = await rowsOf(
    session,
    `select (
        (select -(a.balance + coalesce((select sum(d.delta) from account_delta d
                    where d.platform_id = $1 and d.account_id = a.account_id), 0))
           from main_account m join account a
             on a.platform_id = m.platform_id and a.account_id = m.bank_clearing_account_id
          where m.platform_id = $1 and m.main_account_id = $2)
      + coalesce((select sum(${SIGNED('e')}) from waiting_import w
                    join bank_entry e on e.platform_id = w.platform_id
                     and e.bank_entry_id between first_entry_id(w.import_id) and last_entry_id(w.import_id)
                    left join bank_entry_posting p on p.platform_id = e.platform_id
                                                  and p.bank_entry_id = e.bank_entry_id
                   where w.platform_id = $1 and e.main_account_id = $2 and p.bank_entry_id is null), 0)
      - coalesce((select sum(${SIGNED('e')}) from bank_entry e
                   where e.platform_id = $1 and e.main_account_id = $2 and e.booking_date > $3::date), 0)
      - coalesce((select sum(${SIGNED('e')}) from statement_line s join bank_entry e
                      on e.platform_id = $1 and e.main_account_id = s.main_account_id and e.reference = s.reference
                   where s.main_account_id = $2 and e.booking_date <= $3::date), 0)
      )::text`,
    [platformId, mainAccountId, from],
  );
  if (!row) throw new Error('a statement without from gives one row');
  return sumAt(row, 0);
}

/** How many lines of the file are new and from before the day of the opening balance; and what they come to. */
export async function readBeforeOpening(
  session: Session,
  platformId: bigint,
  { mainAccountId, openedOn }: { mainAccountId: bigint; openedOn: string },
): Promise<Tally> {
  const [row] = await rowsOf(
    session,
    `with removed as (
       delete from statement_line s
        where s.main_account_id = $2 and s.booking_date < $3::date
          and not exists (select from bank_entry e where e.platform_id = $1
                and e.main_account_id = s.main_account_id and e.reference = s.reference)
       returning direction, amount)
     select count(*)::integer, coalesce(sum(${SIGNED('r')}), 0)::text from removed r`,
    [platformId, mainAccountId, openedOn],
  );
  if (!row) throw new Error('an aggregate gives one row');
  return { count: intAt(row, 0), sum: sumAt(row, 1) };
}

// A file may leave out which account was credited, and another format of the same line states it.
const DIFFERS = `((e.direction, e.amount, e.booking_date) is distinct from (s.direction, s.amount, s.booking_date)
   or coalesce(e.credited_account <> s.credited_account, false))`;

/** Lines of the file that are recorded. Throws `statement_reference_conflict` when one says something else. */
export async function countKnown(session: Session, platformId: bigint): Promise<number> {
  const [row] = await rowsOf(
    session,
    `select count(*)::integer, (count(*) filter (where ${DIFFERS}))::integer
       from statement_line s join bank_entry e
         on e.platform_id = $1 and e.main_account_id = s.main_account_id and e.reference = s.reference`,
    [platformId],
  );
  if (!row) throw new Error('an aggregate gives one row');
  if (intAt(row, 1) > 0) await refuseConflict(session, platformId);
  return intAt(row, 0);
}

/** Two lines that cannot both be true, as columns: of the file `s`, recorded `e`, of the main account `m`. */
export const CONFLICT = `m.number, s.reference, s.position, e.direction, e.amount, e.booking_date,
   s.direction, s.amount, s.booking_date, e.credited_account, s.credited_account`;

async function refuseConflict(session: Session, platformId: bigint): Promise<never> {
  const [row] = await rowsOf(
    session,
    `select ${CONFLICT} from statement_line s join bank_entry e
         on e.platform_id = $1 and e.main_account_id = s.main_account_id and e.reference = s.reference
       join main_account m on m.platform_id = $1 and m.main_account_id = s.main_account_id
      where ${DIFFERS} order by s.position limit 1`,
    [platformId],
  );
  if (!row) throw new Error('the conflict was found before, under a lock');
  throw conflictOf(row);
}

/** The error that a row of CONFLICT is. */
export function conflictOf(row: Row): AppError {
  return new AppError(statementReferenceConflict, {
    mainAccount: textAt(row, 0),
    reference: textAt(row, 1),
    position: intAt(row, 2),
    recorded: {
      direction: textAt(row, 3),
      amount: bigintAt(row, 4),
      bookingDate: textAt(row, 5),
      creditedAccount: textOrNone(row, 9) ?? null,
    },
    found: {
      direction: textAt(row, 6),
      amount: bigintAt(row, 7),
      bookingDate: textAt(row, 8),
      creditedAccount: textOrNone(row, 10) ?? null,
    },
  });
}

/** The earliest import of a file with the same bytes, as a UUID. */
export async function findSameFile(
  session: Session,
  platformId: bigint,
  digest: Uint8Array,
): Promise<string | undefined> {
  const [row] = await rowsOf(
    session,
    `select import_id from statement_import where platform_id = $1 and file_digest = $2
      order by created_at, import_id limit 1`,
    [platformId, digest],
  );
  return row && textAt(row, 0);
}

/** Keeps an import, to be posted: it exists exactly when the whole file was read and agreed with itself. */
export async function insertImport(
  session: Session,
  platformId: bigint,
  {
    importId,
    digest,
    report,
    at,
  }: { importId: string; digest: Uint8Array; report: RecordedFile; at: Date },
): Promise<void> {
  await session.query(
    `with kept as (
       insert into statement_import (platform_id, import_id, format, file_name, file_digest, file_bytes, line_count,
           recorded_count, report, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning platform_id, import_id)
     insert into waiting_import (platform_id, import_id) select platform_id, import_id from kept`,
    [
      platformId,
      importId,
      report.format,
      report.fileName,
      digest,
      report.fileBytes,
      report.lines,
      report.recorded,
      reportToJson(report),
      at,
    ],
  );
}

/** Entries of an import by what became of them: raw rows of state, reason, count and sum. */
export async function readOutcomeRows(
  session: Session,
  platformId: bigint,
  importId: string,
): Promise<{ state: string; reason: string | null; count: number; sum: bigint }[]> {
  const { first, last } = entryIdRange(importId);
  const rows = await rowsOf(
    session,
    `select coalesce(p.state, 'recorded'), p.match_reason, count(*)::integer, sum(e.amount)::text
       from bank_entry e
       left join bank_entry_posting p on p.platform_id = $1 and p.bank_entry_id = e.bank_entry_id
                                     and p.bank_entry_id between $2 and $3
      where e.platform_id = $1 and e.bank_entry_id between $2 and $3 group by 1, 2 order by 1, 2`,
    [platformId, first, last],
  );
  return rows.map((row) => ({
    state: textAt(row, 0),
    reason: textOrNone(row, 1) ?? null,
    count: intAt(row, 2),
    sum: sumAt(row, 3),
  }));
}
