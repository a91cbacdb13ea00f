import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { CheckResult } from '../ledger/index.ts';

/** Findings of a check that are told at most. */
const MAX_FINDINGS = 20;

/**
 * Holds the escrow orders of a platform against the ledger: what is put aside for each is what its order has neither
 * split nor returned; its sums and its receivers' are what its actions moved; and every movement is a posting of the
 * ledger, between the right accounts. One snapshot, while money moves.
 */
export async function verifyEscrow(db: Db, platformId: bigint): Promise<readonly CheckResult[]> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx);
      return [
        checked(
          'what is put aside is what escrow orders have to split',
          await otherHolds(tx, platformId),
        ),
        checked('escrow orders are what their actions moved', await otherSums(tx, platformId)),
        checked(
          'every movement of an escrow order has its posting',
          await otherPostings(tx, platformId),
        ),
      ];
    });
}

interface FoundRow {
  readonly reference: string;
  readonly expected: string;
  readonly found: string;
}

function checked(check: string, rows: readonly FoundRow[]): CheckResult {
  const findings = rows.map(({ reference, expected, found }) => ({
    check,
    subject: `escrow order ${reference}`,
    detail: `expected ${expected} minor units, found ${found}`,
  }));
  return { check, findings };
}

async function otherHolds(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    select o.reference, (o.amount - o.split_amount - o.returned_amount)::text as expected,
           coalesce(h.remaining, 0)::text as found
      from escrow_order o
      left join hold h on h.platform_id = o.platform_id and h.hold_id = o.hold_id
                      and h.account_id = o.buyer_account_id and h.amount = o.amount
     where o.platform_id = ${platformId}
       and h.remaining is distinct from o.amount - o.split_amount - o.returned_amount
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

async function otherSums(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    with moved as (
      select order_id, account_id, sum(amount) filter (where kind = 'split') as split,
             sum(amount) filter (where kind = 'return') as returned,
             sum(amount) filter (where kind = 'refund') as refunded
        from escrow_movement where platform_id = ${platformId} group by order_id, account_id),
    per_order as (
      select order_id, coalesce(sum(split), 0) as split, coalesce(sum(returned), 0) as returned,
             coalesce(sum(refunded), 0) as refunded from moved group by order_id)
    select o.reference, concat_ws('/', o.split_amount, o.returned_amount, o.refunded_amount) as expected,
           concat_ws('/', coalesce(p.split, 0), coalesce(p.returned, 0), coalesce(p.refunded, 0)) as found
      from escrow_order o left join per_order p on p.order_id = o.order_id
     where o.platform_id = ${platformId}
       and (o.split_amount, o.returned_amount, o.refunded_amount) is distinct from
           (coalesce(p.split, 0), coalesce(p.returned, 0), coalesce(p.refunded, 0))
    union all
    select o.reference, concat_ws('/', r.received, r.refunded),
           concat_ws('/', coalesce(m.split, 0), coalesce(m.refunded, 0))
      from escrow_receiver r
      join escrow_order o on o.platform_id = r.platform_id and o.order_id = r.order_id
      left join moved m on m.order_id = r.order_id and m.account_id = r.account_id
     where r.platform_id = ${platformId}
       and (r.received, r.refunded) is distinct from (coalesce(m.split, 0), coalesce(m.refunded, 0))
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}

async function otherPostings(db: Db, platformId: bigint) {
  const { rows } = await sql<FoundRow>`
    select o.reference, m.amount::text as expected, coalesce(t.amount, e.amount, 0)::text as found
      from escrow_movement m
      join escrow_order o on o.platform_id = m.platform_id and o.order_id = m.order_id
      left join transfer t on t.platform_id = m.platform_id and t.transfer_id = m.move_id
      left join hold_event e on e.platform_id = m.platform_id and e.move_id = m.move_id and e.hold_id = o.hold_id
     where m.platform_id = ${platformId}
       and case m.kind
             when 'split' then (t.debit_account_id, t.credit_account_id, t.amount, e.kind) is distinct from
                               (o.buyer_account_id, m.account_id, m.amount, 'captured')
             when 'refund' then (t.debit_account_id, t.credit_account_id, t.amount) is distinct from
                                (m.account_id, o.buyer_account_id, m.amount)
             else (e.kind, e.amount) is distinct from ('released', m.amount) end
     limit ${MAX_FINDINGS}`.execute(db);
  return rows;
}
