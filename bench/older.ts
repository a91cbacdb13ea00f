import pg from 'pg';
import { moveIdAt } from '../server/src/kernel/id.ts';
import type { World } from '../server/test/soak/world.ts';

const ROWS_PER_STATEMENT = 250_000;
/** The older rows are spread over so many days before today. */
const DAYS = 60;
const DAY_MS = 86_400_000;

/**
 * Writes older transfers with their requests, through the indexes and not before them, so that the indexes
 * are as an old system has them. Some accounts are much busier than others. Balances are moved accordingly;
 * what each row says that its accounts had after it is made up.
 */
export async function addOlder(
  { admin, adminUrl }: { admin: pg.Client; adminUrl: string },
  { world, count }: { world: World; count: number },
): Promise<void> {
  const { platformId, accounts } = world;
  const from = moveIdAt(new Date(Date.now() - DAYS * DAY_MS));
  const step = (moveIdAt(new Date(Date.now() - DAY_MS)) - from) / BigInt(count);
  const first = accounts[0]?.id ?? 0n;
  // The two tables are filled side by side: nothing in the one depends on the other.
  const second = new pg.Client({ connectionString: adminUrl });
  await second.connect();
  try {
    for (let done = 0; done < count; done += ROWS_PER_STATEMENT) {
      const rows = Math.min(ROWS_PER_STATEMENT, count - done);
      const ids = [platformId, from, step, done, rows];
      await Promise.all([
        admin.query(OLDER_TRANSFERS, [...ids, first, accounts.length]),
        second.query(OLDER_REQUESTS, ids),
      ]);
      process.stderr.write(`\rolder transfers: ${done + rows} of ${count}`);
    }
    process.stderr.write('\n');
  } finally {
    await second.end();
  }
  await admin.query(MOVE_BALANCES, [platformId]);
  await admin.query('vacuum analyze transfer, ledger_request, account');
}

const OLDER_TRANSFERS = `
  with drawn as (
    select $2::bigint + ($4::bigint + i) * $3::bigint as id,
           floor(power(random(), 2) * $7)::bigint as debit, floor(random() * ($7 - 1))::bigint as other,
           1 + floor(random() * 10000)::bigint as amount
      from generate_series(0, $5::bigint - 1) i
  ), row as materialized (
    select id, amount, $6::bigint + debit as debit, $6::bigint + (debit + 1 + other) % $7::bigint as credit
      from drawn
  )
  insert into transfer (platform_id, transfer_id, debit_account_id, credit_account_id, amount, debit_balance,
                        debit_held, credit_balance, credit_held, business_date, code, reference)
  select $1, id, debit, credit, amount, 10000000000, 0, 10000000000, 0, move_instant(id)::date, 'transfer',
         'order-' || id
    from row order by id`;

const OLDER_REQUESTS = `
  insert into ledger_request (platform_id, request_id, fingerprint, first_move_id, move_count)
  select $1, 'api/' || gen_random_uuid(), decode(md5(id::text), 'hex'), id, 1
    from (select $2::bigint + ($4::bigint + i) * $3::bigint as id from generate_series(0, $5::bigint - 1) i) given
   order by id`;

const MOVE_BALANCES = `
  update account a set balance = a.balance + m.amount from (
    select account_id, sum(amount) as amount from (
      select credit_account_id as account_id, amount from transfer where platform_id = $1
      union all
      select debit_account_id, -amount from transfer where platform_id = $1) side
     group by account_id) m
   where a.platform_id = $1 and a.account_id = m.account_id`;
