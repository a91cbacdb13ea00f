import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db/database.ts';

/** One disagreement: which check found it, about what, and the two figures that differ, in words. */
export interface Finding {
  readonly check: string;
  readonly subject: string;
  readonly detail: string;
}

/** What a check looks at, and what it found. Without findings it agrees. */
export interface CheckResult {
  readonly check: string;
  readonly findings: readonly Finding[];
}

/** Findings shown of one check: the first few say what is wrong. */
const FINDINGS_PER_CHECK = 20;

type Check = (platformId: bigint) => RawBuilder<{ subject: string; detail: string }>;

/**
 * Recomputes the ledger of a platform from its transfers and hold events, in one snapshot, and reports each
 * place where what is stored disagrees. Reads every row: for a large platform this takes minutes.
 */
export async function verifyLedger(db: Db, platformId: bigint): Promise<readonly CheckResult[]> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx);
      // All rows are read. Without statistics the planner takes a table that was just filled for a small one.
      await sql`set local enable_nestloop = off`.execute(tx);
      const results: CheckResult[] = [];
      for (const [check, statement] of Object.entries(CHECKS)) {
        const limited = sql<{ subject: string; detail: string }>`
          select * from (${statement(platformId)}) found limit ${FINDINGS_PER_CHECK}`;
        const { rows } = await limited.execute(tx);
        results.push({ check, findings: rows.map((row) => ({ check, ...row })) });
      }
      return results;
    });
}

/** Movements of each account: what transfers say that it has. */
const moved = (platformId: bigint) => sql`
  select account_id, sum(amount) as balance from (
    select credit_account_id as account_id, amount from transfer where platform_id = ${platformId}
    union all
    select debit_account_id, -amount from transfer where platform_id = ${platformId}
  ) side group by account_id`;

const told = (platformId: bigint) => sql`
  select account_id, sum(delta) as delta from account_delta where platform_id = ${platformId} group by account_id`;

/** Every posting that says what a guarded account has after it, in the order of the moves. */
const postings = (platformId: bigint) => sql`
  select debit_account_id as account_id, transfer_id as move_id, -amount as change, debit_balance as balance,
         debit_held as held
    from transfer where platform_id = ${platformId} and debit_balance is not null
  union all
  select credit_account_id, transfer_id, amount, credit_balance, credit_held
    from transfer where platform_id = ${platformId} and credit_balance is not null
  union all
  select account_id, move_id, 0, balance, held
    from hold_event where platform_id = ${platformId} and kind <> 'captured'`;

const CHECKS: Readonly<Record<string, Check>> = {
  'balances equal the transfers': (platformId) => sql`
    select 'account ' || a.account_id as subject,
           format('stored %s, transfers give %s', a.balance + coalesce(t.delta, 0), coalesce(m.balance, 0)) as detail
      from account a
      left join (${moved(platformId)}) m using (account_id)
      left join (${told(platformId)}) t using (account_id)
     where a.platform_id = ${platformId} and a.balance + coalesce(t.delta, 0) <> coalesce(m.balance, 0)`,

  'money is conserved': (platformId) => sql`
    select format('main account %s, %s', a.main_account_id, a.currency) as subject,
           format('all balances add up to %s instead of 0', sum(a.balance + coalesce(t.delta, 0))) as detail
      from account a left join (${told(platformId)}) t using (account_id)
     where a.platform_id = ${platformId}
     group by a.main_account_id, a.currency having sum(a.balance + coalesce(t.delta, 0)) <> 0`,

  'no account is overdrawn': (platformId) => sql`
    select 'account ' || account_id as subject,
           format('available %s, limit %s', balance - held, overdraft_limit) as detail
      from account
     where platform_id = ${platformId} and guarded and balance - held < -overdraft_limit`,

  'held money equals the holds': (platformId) => sql`
    select 'account ' || a.account_id as subject,
           format('held %s, holds have %s', a.held, coalesce(h.remaining, 0)) as detail
      from account a
      left join (select account_id, sum(remaining) as remaining from hold
                  where platform_id = ${platformId} group by account_id) h using (account_id)
     where a.platform_id = ${platformId} and a.held <> coalesce(h.remaining, 0)`,

  'holds equal their events': (platformId) => sql`
    select 'hold ' || h.hold_id as subject,
           format('remaining %s, events give %s', h.remaining, coalesce(e.remaining, 0)) as detail
      from hold h
      left join (select hold_id, sum(case when kind = 'placed' then amount else -amount end) as remaining
                   from hold_event where platform_id = ${platformId} group by hold_id) e using (hold_id)
     where h.platform_id = ${platformId} and h.remaining <> coalesce(e.remaining, 0)`,

  'every balance after a posting follows from the one before': (platformId) => sql`
    select format('account %s, move %s', account_id, move_id) as subject,
           format('balance after %s, expected %s', balance, before + change) as detail
      from (select account_id, move_id, change, balance,
                   lag(balance, 1, 0::bigint) over (partition by account_id order by move_id) as before
              from (${postings(platformId)}) posting) line
     where balance <> before + change`,

  'the last posting says what the account has': (platformId) => sql`
    select 'account ' || a.account_id as subject,
           format('account has %s, held %s at move %s; last posting %s, held %s at move %s', a.balance, a.held,
                  a.last_move_id, l.balance, l.held, l.move_id) as detail
      from account a
      join (select distinct on (account_id) account_id, move_id, balance, held
              from (${postings(platformId)}) posting order by account_id, move_id desc) l using (account_id)
     where a.platform_id = ${platformId} and a.guarded
       and (a.balance, a.held, a.last_move_id) is distinct from (l.balance, l.held, l.move_id)`,

  'both sides of a transfer belong together': (platformId) => sql`
    select 'transfer ' || t.transfer_id as subject, 'accounts missing, or of other money' as detail
      from transfer t
      left join account d on d.platform_id = ${platformId} and d.account_id = t.debit_account_id
      left join account c on c.platform_id = ${platformId} and c.account_id = t.credit_account_id
     where t.platform_id = ${platformId}
       and ((d.currency, d.main_account_id) is distinct from (c.currency, c.main_account_id)
            or d.guarded is distinct from (t.debit_balance is not null)
            or c.guarded is distinct from (t.credit_balance is not null))`,

  'reversals are the opposite of their originals': (platformId) => sql`
    select 'transfer ' || r.transfer_id as subject, 'does not undo transfer ' || r.reverses_id as detail
      from transfer r
      left join transfer o on o.platform_id = ${platformId} and o.transfer_id = r.reverses_id
     where r.platform_id = ${platformId} and r.reverses_id is not null
       and (o.debit_account_id, o.credit_account_id, o.amount)
           is distinct from (r.credit_account_id, r.debit_account_id, r.amount)`,

  'captures have their transfer': (platformId) => sql`
    select 'move ' || e.move_id as subject, 'captured without a transfer of that amount' as detail
      from hold_event e
      left join transfer t on t.platform_id = ${platformId} and t.transfer_id = e.move_id
     where e.platform_id = ${platformId} and e.kind = 'captured'
       and (t.debit_account_id, t.amount) is distinct from (e.account_id, e.amount)`,

  'every move was asked for once': (platformId) => sql`
    with move as (
      select transfer_id as move_id from transfer where platform_id = ${platformId}
      union select move_id from hold_event where platform_id = ${platformId}
    ), request as (
      select request_id, first_move_id, move_count,
             lead(first_move_id) over (order by first_move_id) as next_first
        from ledger_request where platform_id = ${platformId} and refusal is null
    )
    select 'request ' || request_id as subject, 'shares moves with the next request' as detail
      from request where first_move_id + move_count > next_first
    union all
    select 'moves', format('%s moves, requests account for %s', moves, asked)
      from (select (select count(*) from move) as moves,
                   (select coalesce(sum(move_count), 0) from request) as asked) counted
     where moves <> asked
    union all
    select 'request ' || r.request_id, 'its first move is missing'
      from request r left join move m on m.move_id = r.first_move_id where m.move_id is null`,

  'moves carry the business date of their number': (platformId) => sql`
    with day as (
      select business_date, first_move_id, lead(first_move_id) over (order by business_date) as next_first
        from business_day where platform_id = ${platformId}
    )
    select 'move ' || m.move_id as subject, 'booked under ' || m.business_date as detail
      from (select transfer_id as move_id, business_date from transfer where platform_id = ${platformId}
            union all
            select move_id, business_date from hold_event where platform_id = ${platformId}) m
      left join day d using (business_date)
     where d.first_move_id is null or m.move_id < d.first_move_id or m.move_id >= d.next_first`,

  'closed accounts are empty': (platformId) => sql`
    select 'account ' || account_id as subject, format('closed with %s, held %s', balance, held) as detail
      from account where platform_id = ${platformId} and state = 'closed' and (balance <> 0 or held <> 0)`,
};
