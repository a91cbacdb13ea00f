import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { reportFromJson } from './import-report.ts';

/** Something that the deposits of a platform do not agree on. */
export interface DepositFinding {
  readonly code:
    | 'entry_without_its_transfer'
    | 'entries_not_posted'
    | 'claim_without_its_transfer'
    | 'bank_clearing_differs'
    | 'bank_debits_differ'
    | 'suspense_differs'
    | 'bank_balance_differs';
  /** The number of the main account at the bank. */
  readonly mainAccount: string;
  /** How many entries or claims it is about, where it is about some. */
  readonly count: number;
  /**
   * Minor units; what the ledger has, and what the entries or the bank say. Of entries that wait: their credits less
   * their debits, and nothing.
   */
  readonly expected: bigint;
  readonly found: bigint;
}

/**
 * Holds the deposits of a platform against the ledger: every posted entry has its transfer with its amount
 * between the right accounts, and none waits to be posted; bank clearing, bank debits and suspense are what the
 * entries add up to; and the bank's latest closing balance is what the ledger has for the bank when all that waits
 * is posted (else a file may be missing, or other flows may be under way). Reads everything: minutes for many
 * millions of entries.
 */
export async function verifyDeposits(
  db: Db,
  platformId: bigint,
): Promise<readonly DepositFinding[]> {
  // One snapshot for all: the sums are of one moment, while money moves.
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx);
      // All rows are read. Without statistics the planner takes a table that was just filled for a small one.
      await sql`set local enable_nestloop = off`.execute(tx);
      const waiting = await readWaitingSums(tx, platformId);
      return [
        ...(await wrongTransfers(tx, platformId)),
        ...waiting.map((each) => ({ code: 'entries_not_posted' as const, ...each })),
        ...(await wrongClaims(tx, platformId)),
        ...(await wrongSums(tx, platformId)),
        ...(await otherClosings(tx, platformId, waiting)),
      ];
    });
}

type Counted = Pick<DepositFinding, 'mainAccount' | 'count' | 'expected' | 'found'>;

/** Sums are read as text: what disagrees may be more than a bigint of PostgreSQL can hold. */
interface CountedRow {
  readonly mainAccount: string;
  readonly count: number;
  readonly expected: string;
  readonly found: string;
}

const toCounted = ({ expected, found, ...row }: CountedRow): Counted => ({
  ...row,
  expected: BigInt(expected),
  found: BigInt(found),
});

/** What is recorded and not posted, credits less debits: on its way, or the ledger takes it nowhere now. */
async function readWaitingSums(db: Db, platformId: bigint): Promise<Counted[]> {
  const { rows } = await sql<CountedRow>`
    select m.number as "mainAccount", count(*)::integer as count, '0' as found,
           sum(case e.direction when 'credit' then e.amount else -e.amount end)::text as expected
      from waiting_import w
      join bank_entry e on e.platform_id = w.platform_id and e.import_id = w.import_id
      join main_account m on m.platform_id = e.platform_id and m.main_account_id = e.main_account_id
      left join bank_entry_posting p on p.platform_id = e.platform_id and p.bank_entry_id = e.bank_entry_id
     where w.platform_id = ${platformId} and p.bank_entry_id is null
     group by m.number order by m.number`.execute(db);
  return rows.map(toCounted);
}

/**
 * Entries whose transfer is missing, or is of another amount or between other accounts; and those that are not
 * posted, though their import is not among those that wait.
 */
async function wrongTransfers(db: Db, platformId: bigint): Promise<DepositFinding[]> {
  const { rows } = await sql<CountedRow>`
    select m.number as "mainAccount", count(*)::integer as count,
           sum(e.amount)::text as expected, coalesce(sum(t.amount), 0)::text as found
      from bank_entry e
      join main_account m on m.platform_id = e.platform_id and m.main_account_id = e.main_account_id
      left join bank_entry_posting p on p.platform_id = e.platform_id and p.bank_entry_id = e.bank_entry_id
      left join waiting_import w on w.platform_id = e.platform_id and w.import_id = e.import_id
      left join transfer t on t.platform_id = p.platform_id and t.transfer_id = p.transfer_id
      left join virtual_account s on s.platform_id = e.platform_id and s.main_account_id = e.main_account_id
                                 and s.kind = 'suspense'
     where e.platform_id = ${platformId}
       and case
             when p.bank_entry_id is null then w.import_id is null
             else (t.amount, t.debit_account_id, t.credit_account_id) is distinct from
                  (e.amount,
                   case when p.state = 'paid_out' then p.account_id
                        when e.direction = 'debit' then m.bank_debits_account_id
                        else m.bank_clearing_account_id end,
                   case when e.direction = 'debit' then m.bank_clearing_account_id
                        when p.state = 'claimed' or p.claim_count > 0 then s.account_id
                        else p.account_id end)
           end
     group by m.number order by m.number`.execute(db);
  return rows.map((row) => ({ code: 'entry_without_its_transfer', ...toCounted(row) }));
}

/** Claims, and reversals of them, whose transfer is not what it must be; entries that say otherwise. */
async function wrongClaims(db: Db, platformId: bigint): Promise<DepositFinding[]> {
  const { rows } = await sql<CountedRow>`
    select m.number as "mainAccount", count(*)::integer as count,
           sum(e.amount)::text as expected, coalesce(sum(t.amount), 0)::text as found
      from bank_entry e
      join main_account m on m.platform_id = e.platform_id and m.main_account_id = e.main_account_id
      join virtual_account s on s.platform_id = e.platform_id and s.main_account_id = e.main_account_id
                            and s.kind = 'suspense'
      left join bank_entry_posting p on p.platform_id = e.platform_id and p.bank_entry_id = e.bank_entry_id
      left join claim c on c.platform_id = e.platform_id and c.bank_entry_id = e.bank_entry_id
      left join transfer t on t.platform_id = c.platform_id and t.transfer_id = c.transfer_id
      left join transfer r on r.platform_id = c.platform_id and r.transfer_id = c.reversal_transfer_id
     where e.platform_id = ${platformId} and (p.claim_count > 0 or p.state = 'claimed' or c.claim_number is not null)
       and ((t.amount, t.debit_account_id, t.credit_account_id)
              is distinct from (e.amount, s.account_id, c.account_id)
         or (c.reversal_transfer_id is not null
             and (r.amount, r.debit_account_id, r.credit_account_id)
                   is distinct from (e.amount, c.account_id, s.account_id))
         or (c.reversal_transfer_id is null) is distinct from
              (c.claim_number = p.claim_count and p.state = 'claimed'))
     group by m.number order by m.number`.execute(db);
  return rows.map((row) => ({ code: 'claim_without_its_transfer', ...toCounted(row) }));
}

/** Of one main account, as text for the same reason. */
type SumsRow = Readonly<
  Record<
    | 'mainAccount'
    | 'clearing'
    | 'debits'
    | 'suspense'
    | 'entriesNet'
    | 'entriesDebited'
    | 'entriesSuspended',
    string
  >
>;

async function wrongSums(db: Db, platformId: bigint): Promise<DepositFinding[]> {
  const { rows } = await sql<SumsRow>`
    with ledger as (
      select a.account_id, a.balance + coalesce((select sum(d.delta) from account_delta d
               where d.platform_id = ${platformId} and d.account_id = a.account_id), 0) as balance
        from account a where a.platform_id = ${platformId}
         and a.purpose in ('bank_clearing', 'bank_debits', 'suspense')
    ), entries as (
      select e.main_account_id,
             sum(case e.direction when 'credit' then e.amount else -e.amount end) as net,
             sum(e.amount) filter (where p.state = 'debited') as debited,
             sum(e.amount) filter (where p.state = 'suspended') as suspended
        from bank_entry_posting p
        join bank_entry e on e.platform_id = p.platform_id and e.bank_entry_id = p.bank_entry_id
       where p.platform_id = ${platformId} group by e.main_account_id
    )
    select m.number as "mainAccount", c.balance::text as clearing, d.balance::text as debits,
           s.balance::text as suspense, coalesce(e.net, 0)::text as "entriesNet",
           coalesce(e.debited, 0)::text as "entriesDebited",
           coalesce(e.suspended, 0)::text as "entriesSuspended"
      from main_account m
      join virtual_account v on v.platform_id = m.platform_id and v.main_account_id = m.main_account_id
                            and v.kind = 'suspense'
      join ledger c on c.account_id = m.bank_clearing_account_id
      join ledger d on d.account_id = m.bank_debits_account_id
      join ledger s on s.account_id = v.account_id
      left join entries e on e.main_account_id = m.main_account_id
     where m.platform_id = ${platformId} order by m.main_account_id`.execute(db);
  return rows.flatMap((row) => {
    const { mainAccount, clearing, debits, suspense } = row;
    const compared = [
      ['bank_clearing_differs', -BigInt(clearing), BigInt(row.entriesNet)],
      ['bank_debits_differ', -BigInt(debits), BigInt(row.entriesDebited)],
      ['suspense_differs', BigInt(suspense), BigInt(row.entriesSuspended)],
    ] as const;
    return compared
      .filter(([, expected, found]) => expected !== found)
      .map(([code, expected, found]) => ({ code, mainAccount, count: 0, expected, found }));
  });
}

/** Imports looked at, the latest first, for the closing balances of main accounts. */
const MAX_IMPORTS = 1_000;

async function otherClosings(
  db: Db,
  platformId: bigint,
  waiting: readonly Counted[],
): Promise<DepositFinding[]> {
  const { rows: balances } = await sql<{ number: string; balance: string }>`
    select m.number, (-(a.balance + coalesce((select sum(d.delta) from account_delta d
             where d.platform_id = ${platformId} and d.account_id = a.account_id), 0)))::text as balance
      from main_account m
      join account a on a.platform_id = m.platform_id and a.account_id = m.bank_clearing_account_id
     where m.platform_id = ${platformId} order by m.main_account_id`.execute(db);
  const { rows: imports } = await sql<{ report: string }>`
    select report::text as report from statement_import where platform_id = ${platformId}
     order by created_at desc, import_id desc limit ${MAX_IMPORTS}`.execute(db);
  const latest = latestClosings(imports.map(({ report }) => report));
  const waitingOf = new Map(waiting.map(({ mainAccount, expected }) => [mainAccount, expected]));
  return balances.flatMap(({ number: mainAccount, balance }) => {
    const expected = BigInt(balance) + (waitingOf.get(mainAccount) ?? 0n);
    const found = latest.get(mainAccount)?.closing;
    if (found === undefined || found === expected) return [];
    return [{ code: 'bank_balance_differs', mainAccount, count: 0, expected, found }];
  });
}

/** By main account the closing balance of the latest day; of one day, that of the latest import and statement. */
function latestClosings(reports: readonly string[]) {
  const latest = new Map<string, { closing: bigint; until: string }>();
  for (const report of reports) {
    for (const { mainAccount, closing, until } of reportFromJson(report).statements.toReversed()) {
      if (closing === null || until === null) continue;
      const known = latest.get(mainAccount);
      if (!known || until > known.until) latest.set(mainAccount, { closing, until });
    }
  }
  return latest;
}
