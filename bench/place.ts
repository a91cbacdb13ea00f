/** The database that is measured on: filled, emptied between two contenders, and checked after each. */
import pg from 'pg';
import { openWorld, type World } from '../server/test/soak/world.ts';
import type { TemporaryCluster, TestDatabase } from '../server/test/support/postgres.ts';
import { addOlder } from './older.ts';

/** What every account has when a contender begins, in minor units: nobody runs dry. */
const OPENING = 10_000_000_000n;

/** What the server has said that it did. */
export interface Acknowledged {
  readonly transfers: number;
  /** With those that move nothing, such as holds. */
  readonly moves: number;
}

const APPEND_ONLY = [
  'transfer',
  'hold_event',
  'ledger_request',
  'escrow_action',
  'escrow_movement',
];
/** What a contender may have filled. The audit log stays: nobody reads it back here. */
const EMPTIED = [...APPEND_ONLY, 'hold', 'account_delta', 'escrow_order', 'escrow_receiver'];

/** One database with the accounts that all contenders use. */
export interface Place {
  readonly url: string;
  readonly adminUrl: string;
  readonly world: World;
  readonly admin: pg.Client;
  /** Gives the next contender the same tables as the last one had: emptied, or with older rows as they are. */
  reset(): Promise<void>;
  /**
   * What is wrong after a contender: money made or lost, a balance that is not what its transfers say, a
   * transfer or another move lost or doubled, money that is still held. Empty when all is well.
   */
  check(acknowledged: Acknowledged): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Makes a database with so many accounts, and so many older transfers. The triggers that keep the record
 * append-only are dropped in it, because its tables are emptied between two contenders.
 */
export async function openPlace(
  cluster: TemporaryCluster,
  { accounts, older }: { accounts: number; older: number },
): Promise<Place> {
  const database = await cluster.freshDatabase();
  const admin = new pg.Client({ connectionString: database.adminUrl });
  try {
    await admin.connect();
    const world = await openWorld(database.url, { accounts });
    for (const table of APPEND_ONLY)
      await admin.query(`drop trigger ${table}_append_only on ${table}`);
    await admin.query(
      'create table bench_opening (account_id bigint primary key, balance numeric)',
    );
    await fillAccounts(admin, world);
    if (older > 0) await addOlder({ admin, adminUrl: database.adminUrl }, { world, count: older });
    return placeOn(database, { admin, world, older });
  } catch (error) {
    await admin.end();
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

function placeOn(
  database: TestDatabase,
  { admin, world, older }: { admin: pg.Client; world: World; older: number },
): Place {
  const { url, adminUrl } = database;
  let mark = '0';
  const reset = async () => {
    if (older === 0) {
      await admin.query(`truncate ${EMPTIED.join(', ')}`);
      await fillAccounts(admin, world);
    }
    await admin.query('vacuum account');
    await admin.query('truncate bench_opening');
    await admin.query(`insert into bench_opening ${BALANCES}`);
    const { rows } = await admin.query<{ mark: string }>(
      'select coalesce(max(transfer_id), 0)::text as mark from transfer where platform_id = 1',
    );
    mark = rows[0]?.mark ?? '0';
  };
  return {
    ...{ url, adminUrl, world, admin, reset },
    check: (acknowledged) => findFaults(admin, mark, acknowledged),
    close: async () => {
      await admin.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** What is folded and what is not yet. */
const BALANCES = `
  select a.account_id, a.balance + coalesce((select sum(delta) from account_delta d
           where d.platform_id = 1 and d.account_id = a.account_id), 0) as balance
    from account a where a.platform_id = 1`;

async function fillAccounts(admin: pg.Client, { bankClearing, accounts }: World): Promise<void> {
  await admin.query(
    `update account set held = 0, balance = case when account_id = $1 then $2::bigint else $3::bigint end
      where platform_id = 1 and (purpose = 'trading' or account_id = $1)`,
    [bankClearing, -OPENING * BigInt(accounts.length), OPENING],
  );
  // What servers remember of the accounts counts no longer.
  await admin.query('update business_day set version = version + 1 where platform_id = 1');
}

const FIGURES = ['total', 'wrong', 'transfers', 'moves', 'held'] as const;
type Figure = (typeof FIGURES)[number];

async function findFaults(
  admin: pg.Client,
  mark: string,
  acknowledged: Acknowledged,
): Promise<readonly string[]> {
  const { rows } = await admin.query<Record<Figure, string>>(
    `with now as (${BALANCES}), moved as (
       select account_id, sum(amount) as amount from (
         select credit_account_id as account_id, amount from transfer where platform_id = 1 and transfer_id > $1
         union all
         select debit_account_id, -amount from transfer where platform_id = 1 and transfer_id > $1) side
        group by account_id)
     select (select sum(balance) from now)::text as total,
            (select count(*) from now join bench_opening o using (account_id) left join moved m using (account_id)
              where now.balance <> o.balance + coalesce(m.amount, 0))::text as wrong,
            (select count(*) from transfer where platform_id = 1 and transfer_id > $1)::text as transfers,
            (select coalesce(sum(move_count), 0) from ledger_request
              where platform_id = 1 and first_move_id > $1)::text as moves,
            (select coalesce(sum(held), 0) from account where platform_id = 1)::text as held`,
    [mark],
  );
  const [found] = rows;
  const expected: Readonly<Record<Figure, string>> = {
    ...{ total: '0', wrong: '0', held: '0' },
    transfers: `${acknowledged.transfers}`,
    moves: `${acknowledged.moves}`,
  };
  return FIGURES.flatMap((what) => {
    const wanted = expected[what];
    const actual = found?.[what];
    return actual === wanted ? [] : [`${what} is ${actual} instead of ${wanted}`];
  });
}
