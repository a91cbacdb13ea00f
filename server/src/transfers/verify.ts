import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { CheckResult } from '../ledger/index.ts';
import { FREEZE_OWNER } from './moves.ts';

/** Findings of a check that are told at most. */
const MAX_FINDINGS = 20;

interface FoundRow {
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * Holds the freezes and scheduled transfers of a platform against the ledger: what is put aside for each freeze is what
 * its document has left, and that is what its steps took; payments of freezes and schedules have their transfers,
 * between the right accounts. One snapshot, while money moves.
 */
export async function verifyTransfers(db: Db, platformId: bigint): Promise<readonly CheckResult[]> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx);
      return [
        checked('what is put aside is what freezes have left', await otherHolds(tx, platformId)),
        checked('freezes are what their steps took', await otherSteps(tx, platformId)),
        checked('every payment of a freeze has its transfer', await otherPayments(tx, platformId)),
        checked('every scheduled transfer was made once', await otherRuns(tx, platformId)),
      ];
    });
}

function checked(check: string, rows: readonly FoundRow[]): CheckResult {
  const findings = rows.map(({ subject, expected, found }) => ({
    ...{ check, subject },
    detail: `expected ${expected} minor units, found ${found}`,
  }));
  return { check, findings };
}

/** A freeze without its hold, or with another amount in it; and a hold of a freeze that has no document. */
async function otherHolds(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    select 'freeze ' || coalesce(f.freeze_id, h.hold_id) as subject, coalesce(f.remaining, 0)::text as expected,
           coalesce(h.remaining, 0)::text as found
      from (select freeze_id, remaining, coalesce(payee_account_id, payer_account_id) as account_id, amount
              from freeze_document where platform_id = ${platformId}) f
      full join (select hold_id, remaining, account_id, amount
                   from hold where platform_id = ${platformId} and owner = ${FREEZE_OWNER}) h
        on h.hold_id = f.freeze_id
     where (f.remaining, f.account_id, f.amount) is distinct from (h.remaining, h.account_id, h.amount)
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

async function otherSteps(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    with taken as (
      select freeze_id, coalesce(sum(amount) filter (where kind = 'unfreeze'), 0) as unfrozen,
             coalesce(sum(amount) filter (where kind = 'unfreeze_pay'), 0) as paid
        from freeze_step where platform_id = ${platformId} group by freeze_id)
    select 'freeze ' || f.freeze_id as subject, concat_ws('/', f.unfrozen, f.paid) as expected,
           concat_ws('/', coalesce(t.unfrozen, 0), coalesce(t.paid, 0)) as found
      from freeze_document f left join taken t on t.freeze_id = f.freeze_id
     where f.platform_id = ${platformId}
       and (f.unfrozen, f.paid) is distinct from (coalesce(t.unfrozen, 0), coalesce(t.paid, 0))
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

async function otherPayments(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    with said as (
      select 'freeze ' || freeze_id as subject, transfer_id, payer_account_id as debit, payee_account_id as credit,
             amount
        from freeze_document where platform_id = ${platformId} and transfer_id is not null
      union all
      select 'step ' || s.step_id, s.step_id, coalesce(f.payee_account_id, f.payer_account_id), s.credit_account_id,
             s.amount
        from freeze_step s
        join freeze_document f on f.platform_id = s.platform_id and f.freeze_id = s.freeze_id
       where s.platform_id = ${platformId} and s.credit_account_id is not null)
    select s.subject, s.amount::text as expected, coalesce(t.amount, 0)::text as found
      from said s left join transfer t on t.platform_id = ${platformId} and t.transfer_id = s.transfer_id
     where (t.debit_account_id, t.credit_account_id, t.amount) is distinct from (s.debit, s.credit, s.amount)
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

/** An occurrence whose transfer is not what was scheduled, and one that was made more than once. */
async function otherRuns(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    with made as (
      select r.schedule_id, r.occurrence, r.transfer_id, s.debit_account_id, s.credit_account_id, s.amount
        from scheduled_transfer_run r
        join scheduled_transfer s on s.platform_id = r.platform_id and s.schedule_id = r.schedule_id
       where r.platform_id = ${platformId} and r.transfer_id is not null)
    select format('schedule %s, occurrence %s', m.schedule_id, m.occurrence) as subject, m.amount::text as expected,
           coalesce(t.amount, 0)::text as found
      from made m left join transfer t on t.platform_id = ${platformId} and t.transfer_id = m.transfer_id
     where (t.debit_account_id, t.credit_account_id, t.amount)
             is distinct from (m.debit_account_id, m.credit_account_id, m.amount)
    union all
    select format('schedule %s, occurrence %s', m.schedule_id, m.occurrence), min(m.amount)::text,
           sum(m.amount)::text
      from made m group by m.schedule_id, m.occurrence having count(*) > 1
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}
