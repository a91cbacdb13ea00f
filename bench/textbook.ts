/**
 * The ledger as textbooks have it, for comparison: one transaction a transfer, rows locked in the order of
 * their ids, double entry. Plain node-postgres with prepared statements, its own tables.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Dice } from '../server/test/soak/dice.ts';

const SCHEMA = `
  create schema if not exists textbook;
  drop table if exists textbook.entry, textbook.transfer, textbook.account;
  create table textbook.account (
    account_id bigint primary key, balance bigint not null check (balance >= 0), updated_at timestamptz);
  create table textbook.transfer (
    transfer_id bigint generated always as identity primary key, request_id text unique not null,
    debit_account_id bigint not null, credit_account_id bigint not null, amount bigint not null,
    reference text, created_at timestamptz not null default now());
  create table textbook.entry (
    entry_id bigint generated always as identity primary key, transfer_id bigint not null,
    account_id bigint not null, amount bigint not null, balance_after bigint not null,
    created_at timestamptz not null default now());
  create index on textbook.entry (account_id, entry_id);`;
const OPENING = 10_000_000_000;

/** What the textbook reached, in transfers a second, and what was wrong afterwards. */
export interface TextbookResult {
  readonly rate: number;
  readonly faults: readonly string[];
}

/** So many connections, each with one transfer after another. `hot`: one side is always the same account. */
export async function measureTextbook(
  { admin, adminUrl }: { admin: pg.Client; adminUrl: string },
  load: {
    connections: number;
    hot: boolean;
    accounts: number;
    warmUpMs: number;
    measureMs: number;
  },
): Promise<TextbookResult> {
  const { connections, hot, accounts, warmUpMs, measureMs } = load;
  await admin.query(SCHEMA);
  await admin.query(
    'insert into textbook.account select i, $2, now() from generate_series(1, $1::integer) i',
    [accounts, OPENING],
  );
  await admin.query('vacuum analyze textbook.account');
  await admin.query('checkpoint');
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client({ connectionString: adminUrl });
      await client.connect();
      return client;
    }),
  );
  let done = 0;
  let stopped = false;
  const workers = clients.map(async (client, i) => {
    const dice = new Dice(i);
    while (!stopped) {
      await transfer(client, pairOf(dice, accounts, hot));
      done += 1;
    }
  });
  const all = Promise.all(workers);
  await Promise.race([all, pause(warmUpMs)]);
  const before = { done, at: performance.now() };
  await Promise.race([all, pause(measureMs)]);
  const rate = ((done - before.done) * 1000) / (performance.now() - before.at);
  stopped = true;
  await all;
  await Promise.all(clients.map((client) => client.end()));
  return { rate, faults: await findFaults(admin, { done, accounts }) };
}

function pairOf(dice: Dice, accounts: number, hot: boolean): readonly [number, number] {
  const one = hot ? 1 : dice.between(1, accounts);
  const other = 1 + ((one + dice.below(accounts - 1)) % accounts);
  return hot && dice.percent(50) ? [other, one] : [one, other];
}

async function transfer(
  client: pg.Client,
  [debit, credit]: readonly [number, number],
): Promise<void> {
  const amount = 5;
  await client.query('begin');
  try {
    const { rows } = await client.query<{ account_id: string; balance: string }>({
      name: 'lock',
      text: `select account_id, balance from textbook.account where account_id in ($1, $2)
              order by account_id for update`,
      values: [debit, credit],
    });
    const payer = rows.find(({ account_id }) => BigInt(account_id) === BigInt(debit));
    if (!payer || BigInt(payer.balance) < BigInt(amount)) throw new Error('insufficient funds');
    const debitAfter = await add(client, debit, -amount);
    const creditAfter = await add(client, credit, amount);
    const inserted = await client.query<{ transfer_id: string }>({
      name: 'transfer',
      text: `insert into textbook.transfer (request_id, debit_account_id, credit_account_id, amount, reference)
             values ($1, $2, $3, $4, $5) returning transfer_id`,
      values: [`api/${randomUUID()}`, debit, credit, amount, `order-${debit}`],
    });
    const id = inserted.rows[0]?.transfer_id;
    await enter(client, [id, debit, -amount, debitAfter]);
    await enter(client, [id, credit, amount, creditAfter]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function add(
  client: pg.Client,
  account: number,
  amount: number,
): Promise<string | undefined> {
  const { rows } = await client.query<{ balance: string }>({
    name: 'update',
    text: `update textbook.account set balance = balance + $2, updated_at = now() where account_id = $1
           returning balance`,
    values: [account, amount],
  });
  return rows[0]?.balance;
}

async function enter(client: pg.Client, values: unknown[]): Promise<void> {
  const text = `insert into textbook.entry (transfer_id, account_id, amount, balance_after) values ($1, $2, $3, $4)`;
  await client.query({ name: 'entry', text, values });
}

async function findFaults(
  admin: pg.Client,
  { done, accounts }: { done: number; accounts: number },
): Promise<readonly string[]> {
  const { rows } = await admin.query<{ total: string; transfers: string; entries: string }>(`
    select (select sum(balance) from textbook.account)::text as total,
           (select count(*) from textbook.transfer)::text as transfers,
           (select sum(amount) from textbook.entry)::text as entries`);
  const expected = { total: `${OPENING * accounts}`, transfers: `${done}`, entries: '0' };
  return Object.entries(expected).flatMap(([what, wanted]) => {
    const actual = rows[0]?.[what as keyof typeof expected];
    return actual === wanted ? [] : [`textbook: ${what} is ${actual} instead of ${wanted}`];
  });
}
