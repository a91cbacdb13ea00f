import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type CheckResult, MAX_BALANCE } from '../ledger/index.ts';

/** Findings that are told at most. */
const MAX_FINDINGS = 20;

/** Holds what the ledger keeps of accounts against the orders that stand, in one statement while money moves. */
export async function verifyJudicialFreezes(
  db: Db,
  platformId: bigint,
): Promise<readonly CheckResult[]> {
  const check = 'what accounts keep is what judicial freezes say';
  const { rows } = await sql<{ account: bigint; expected: string; found: string }>`
    select a.account_id as account, a.frozen::text as found,
           least(coalesce(f.sum, 0), ${MAX_BALANCE})::text as expected
      from account a
      left join (select account_id, sum(coalesce(amount, ${MAX_BALANCE})) as sum from judicial_freeze
                  where platform_id = ${platformId} and lifted_at is null group by account_id) f using (account_id)
     where a.platform_id = ${platformId} and a.frozen <> least(coalesce(f.sum, 0), ${MAX_BALANCE})
     limit ${MAX_FINDINGS}`.execute(db);
  const findings = rows.map(({ account, expected, found }) => ({
    ...{ check, subject: `account ${account}` },
    detail: `expected ${expected} minor units, found ${found}`,
  }));
  return [{ check, findings }];
}
