import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { CheckResult } from '../ledger/index.ts';

/** Findings of a check that are told at most. */
const MAX_FINDINGS = 20;

interface FoundRow {
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * Holds the fees of a platform against the ledger: each that was taken or given back has its transfer, between the
 * right accounts; and what was taken at month ends and returned is what the charges say. One snapshot.
 */
export async function verifyFees(db: Db, platformId: bigint): Promise<readonly CheckResult[]> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx);
      return [
        checked(
          'every fee that was taken or returned has its transfer',
          await other(tx, platformId),
        ),
        checked('fees are what was taken and returned of them', await otherSums(tx, platformId)),
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

async function other(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    with said as (
      select 'fee charge ' || charge_id as subject, transfer_id, bearer_account_id as debit,
             income_account_id as credit, fee as amount
        from fee_charge where platform_id = ${platformId} and transfer_id is not null
      union all
      select format('fees of account %s on %s', account_id, business_date), transfer_id, account_id,
             income_account_id, amount
        from fee_collection where platform_id = ${platformId} and transfer_id is not null
      union all
      select 'return of fee charge ' || c.charge_id, r.transfer_id, c.income_account_id, c.bearer_account_id, r.refunded
        from fee_return r join fee_charge c on c.platform_id = r.platform_id and c.charge_id = r.charge_id
       where r.platform_id = ${platformId} and r.transfer_id is not null)
    select s.subject, s.amount::text as expected, coalesce(t.amount, 0)::text as found
      from said s left join transfer t on t.platform_id = ${platformId} and t.transfer_id = s.transfer_id
     where (t.debit_account_id, t.credit_account_id, t.amount) is distinct from (s.debit, s.credit, s.amount)
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

async function otherSums(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    with returned as (
      select charge_id, sum(waived) as waived, sum(refunded) as refunded from fee_return
       where platform_id = ${platformId} group by charge_id)
    select 'fee charge ' || c.charge_id as subject, concat_ws('/', c.waived, c.refunded) as expected,
           concat_ws('/', coalesce(r.waived, 0), coalesce(r.refunded, 0)) as found
      from fee_charge c left join returned r on r.charge_id = c.charge_id
     where c.platform_id = ${platformId}
       and (c.waived, c.refunded) is distinct from (coalesce(r.waived, 0), coalesce(r.refunded, 0))
    union all
    select 'fees of account ' || coalesce(c.account_id, f.account_id), coalesce(c.collected, 0)::text,
           coalesce(f.amount, 0)::text
      from (select bearer_account_id as account_id, sum(collected) as collected from fee_charge
             where platform_id = ${platformId} and transfer_id is null group by bearer_account_id) c
      full join (select account_id, sum(amount) as amount from fee_collection
                  where platform_id = ${platformId} group by account_id) f on f.account_id = c.account_id
     where coalesce(c.collected, 0) <> coalesce(f.amount, 0)
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}
