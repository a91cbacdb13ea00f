/**
 * The ledger as textbooks have it, for comparison: one transaction a transfer, rows locked in the order of
 * their ids, double entry. Plain node-postgres with prepared statements, its own tables.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Dice } from '../server/test/soak/dice.ts';
import { runClosedLoop } from './closed-loop.ts';
import type { Contender, Load, Slice } from './contender.ts';
import { backendPid, cpuUse } from './machine.ts';
import type { Place } from './place.ts';

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

/**
 * So many connections, each with one transfer after another: between any two accounts, or always with the same
 * account on one side.
 */
export async function openTextbook(
  place: Place,
  cell: { connections: number; accounts: number; warmUpMs: number },
): Promise<Contender<Slice>> {
  const { admin, adminUrl } = place;
  const { connections, accounts, warmUpMs } = cell;
  await fill(admin, accounts);
  const pid = await backendPid(admin);
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client({ connectionString: adminUrl });
      await client.connect();
      return client;
    }),
  );
  let done = 0;
  const load = (hot: boolean): Load<Slice> => {
    const workers = clients.map((client, i) => {
      const dice = new Dice(i);
      return () => transfer(client, pairOf(dice, accounts, hot));
    });
    const name = `textbook ${hot ? 'hot' : 'uniform'}, ${connections} connections`;
    const slice = async (ms: number) => {
      const result = await runClosedLoop({ workers, items: 1, cpu: () => cpuUse(pid) }, ms);
      done += result.accepted;
      return result.slice;
    };
    return { name, slice };
  };
  return {
    ...{ loads: [load(false), load(true)], warmUpMs },
    // It writes a tenth of what the others do: its tables do not grow large.
    tidy: async () => {},
    check: () => findFaults(admin, { done, accounts }),
    stop: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

async function fill(admin: pg.Client, accounts: number): Promise<void> {
  await admin.query(SCHEMA);
  await admin.query(
    'insert into textbook.account select i, $2, now() from generate_series(1, $1::integer) i',
    [accounts, OPENING],
  );
  await admin.query('vacuum analyze textbook.account');
}

function pairOf(dice: Dice, accounts: number, hot: boolean): readonly [number, number] {
  const one = hot ? 1 : dice.between(1, accounts);
  const other = 1 + ((one + dice.below(accounts - 1)) % accounts);
  return hot && dice.percent(50) ? [other, one] : [one, other];
}

async function transfer(
  client: pg.Client,
  [debit, credit]: readonly [number, number],
): Promise<true> {
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
    return true;
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
