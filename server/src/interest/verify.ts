import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { CheckResult } from '../ledger/index.ts';
import { EXACT_PARTS } from './accrue.ts';
import { otherProducts } from './verify-products.ts';

/** Findings of a check that are told at most. */
const MAX_FINDINGS = 20;

interface FoundRow {
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * Holds the interest of a platform against the ledger: each settlement is worked out anew, is that rounded once,
 * and has its transfer, as has each reversal; no day of an account is settled twice; and the shares of an allocation add
 * up to it. One snapshot.
 */
export async function verifyInterest(db: Db, platformId: bigint): Promise<readonly CheckResult[]> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx);
      return [
        checked(
          'interest is what the balances of its days have earned',
          await otherProducts(tx, platformId, { limit: MAX_FINDINGS }),
        ),
        checked(
          'interest is its product by its rates, rounded once',
          await otherSums(tx, platformId),
        ),
        checked(
          'interest that was paid or taken back has its transfer',
          await otherTransfers(tx, platformId),
        ),
        checked('no day of an account is settled twice', await overlaps(tx, platformId)),
        checked(
          'shares of interest add up to what the bank paid',
          await otherShares(tx, platformId),
        ),
      ];
    });
}

function checked(check: string, rows: readonly FoundRow[]): CheckResult {
  const findings = rows.map(({ subject, expected, found }) => ({
    ...{ check, subject },
    detail: `expected ${expected}, found ${found}`,
  }));
  return { check, findings };
}

async function otherSums(db: Db, platformId: bigint) {
  const parts = `${EXACT_PARTS}`;
  const { rows } = await sql<FoundRow>`
    select 'interest settlement ' || s.settlement_id as subject,
           concat_ws('/', s.product, s.exact, s.computed) as expected,
           concat_ws('/', g.product, g.exact, floor((2 * g.exact + ${parts}::numeric) / (2 * ${parts}::numeric))) as found
      from interest_settlement s
      cross join lateral (
        select sum((each ->> 'product')::numeric) as product, sum((each ->> 'exact')::numeric) as exact
          from jsonb_array_elements(s.segments) each) g
     where s.platform_id = ${platformId}
       and (s.product, s.exact, s.computed::numeric) is distinct from
           (g.product, g.exact, floor((2 * g.exact + ${parts}::numeric) / (2 * ${parts}::numeric)))
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

async function otherTransfers(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    select 'interest settlement ' || s.settlement_id as subject, s.interest::text as expected,
           coalesce(t.amount, 0)::text as found
      from interest_settlement s
      left join transfer t on t.platform_id = s.platform_id and t.transfer_id = s.transfer_id
     where s.platform_id = ${platformId}
       and (coalesce(t.amount, 0), coalesce(t.credit_account_id, s.account_id)) is distinct from (s.interest, s.account_id)
    union all
    select 'reversal of interest settlement ' || r.settlement_id, s.interest::text, coalesce(t.amount, 0)::text
      from interest_reversal r
      join interest_settlement s on s.platform_id = r.platform_id and s.settlement_id = r.settlement_id
      left join transfer t on t.platform_id = r.platform_id and t.transfer_id = r.transfer_id
     where r.platform_id = ${platformId}
       and (coalesce(t.amount, 0), t.reverses_id) is distinct from (s.interest, s.transfer_id)
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

async function overlaps(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    with standing as (
      select s.account_id, s.period_from, s.period_to,
             lead(s.period_from) over (partition by s.account_id order by s.period_from, s.period_to) as next_from
        from interest_settlement s
       where s.platform_id = ${platformId}
         and not exists (select from interest_reversal r
                          where r.platform_id = ${platformId} and r.settlement_id = s.settlement_id))
    select 'account ' || account_id as subject, (period_to + 1)::text as expected, next_from::text as found
      from standing where next_from <> period_to + 1
    union all
    select 'account ' || a.account_id, coalesce(a.settled_to::text, 'nothing'), l.period_to::text
      from interest_account a
      join (select account_id, max(period_to) as period_to from standing group by account_id) l
        on l.account_id = a.account_id
     where a.platform_id = ${platformId} and a.settled_to is distinct from l.period_to
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

async function otherShares(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    select 'interest allocation ' || a.allocation_id as subject, a.amount::text as expected,
           coalesce(sum(p.share), 0)::text as found
      from interest_allocation a
      left join interest_allocation_part p on p.platform_id = a.platform_id and p.allocation_id = a.allocation_id
     where a.platform_id = ${platformId}
     group by a.allocation_id, a.amount having coalesce(sum(p.share), 0) <> a.amount
    union all
    select 'interest allocation ' || p.allocation_id, p.share::text, coalesce(s.interest, 0)::text
      from interest_allocation_part p
      left join interest_settlement s on s.platform_id = p.platform_id and s.allocation_id = p.allocation_id
                                     and s.account_id = p.account_id
     where p.platform_id = ${platformId} and p.done and s.interest is distinct from p.share
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}
