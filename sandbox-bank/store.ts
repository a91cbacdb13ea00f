// The file that the bank keeps everything in. Each act is one transaction that is on the disk before it is
// answered, so a bank that is killed goes on where it was.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

const SCHEMA = `
  create table if not exists setting (name text primary key, value text not null) strict;
  create table if not exists account (
    number text primary key,
    name text not null,
    bank_name text not null,
    kind text not null check (kind in ('customer', 'system')),
    virtual_prefix text,
    closed integer not null default 0 check (closed in (0, 1)),
    balance integer not null default 0,
    check (kind = 'system' or balance >= 0)
  ) strict;
  create table if not exists movement (
    id integer primary key autoincrement,
    at text not null,
    debit text not null references account,
    credit text not null references account,
    amount integer not null check (amount > 0),
    check (debit <> credit)
  ) strict;
  create table if not exists entry (
    seq integer primary key autoincrement,
    reference text not null unique,
    movement_id integer not null references movement,
    account text not null references account,
    direction text not null check (direction in ('credit', 'debit')),
    amount integer not null,
    balance integer not null,
    at text not null,
    date text not null,
    reversal_of text,
    counterparty_name text not null,
    counterparty_account text not null,
    credited_account text,
    remittance text not null,
    payout_reference text
  ) strict;
  create index if not exists entry_by_account on entry (account, seq);
  create index if not exists entry_by_date on entry (account, date, seq);
  create table if not exists payout (
    reference text primary key,
    account text not null,
    amount integer not null,
    payee_account text not null,
    payee_name text not null,
    payee_bank text not null,
    rail text not null,
    remittance text not null,
    status text not null check (status in ('processing', 'settled', 'returned', 'refused')),
    code text,
    reason text,
    bank_reference text,
    submitted_at text not null,
    decided_at text,
    due_at text,
    bounces_at text,
    hidden_queries integer not null default 0
  ) strict;
  create index if not exists payout_due on payout (due_at) where due_at is not null;
  create table if not exists rail (
    code text primary key,
    name text not null,
    maximum integer,
    hours text not null check (hours in ('always', 'large-value', 'never')),
    seconds integer not null
  ) strict;
  create table if not exists day (
    date text primary key,
    working integer not null check (working in (0, 1))
  ) strict;
  create table if not exists fault (
    id integer primary key autoincrement,
    kind text not null,
    operation text,
    remaining integer,
    per_million integer not null,
    value integer not null,
    text text not null
  ) strict;
  create table if not exists notification (
    id integer primary key autoincrement,
    body text not null,
    held integer not null default 0,
    attempts integer not null default 0,
    outcome text
  ) strict;
  create index if not exists notification_waiting on notification (id) where outcome is null;
`;

/** A row as SQLite gives it: whole numbers are bigint. */
export type Row = Readonly<Record<string, bigint | string | null>>;

/** The file, with the few ways in which it is read and written. */
export interface Store {
  all(sql: string, ...values: SQLInputValue[]): Row[];
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  run(sql: string, ...values: SQLInputValue[]): void;
  /** Does all of the work or nothing of it. Inside another one it is part of that. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Opens the file, and makes it if it is not there. Throws when another bank has it open. */
export function openStore(path: string): Store {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full');
  db.exec(SCHEMA);
  const known = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  const prepared = (sql: string) => {
    const statement = known.get(sql) ?? db.prepare(sql);
    statement.setReadBigInts(true);
    known.set(sql, statement);
    return statement;
  };
  return {
    all: (sql, ...values) =>
      prepared(sql)
        .all(...values)
        .map(asRow),
    get: (sql, ...values) => {
      const row = prepared(sql).get(...values);
      return row && asRow(row);
    },
    run: (sql, ...values) => void prepared(sql).run(...values),
    transaction: (work) => {
      if (db.isTransaction) return work();
      db.exec('begin immediate');
      try {
        const result = work();
        db.exec('commit');
        return result;
      } catch (error) {
        db.exec('rollback');
        throw error;
      }
    },
    close: () => db.close(),
  };
}

function asRow(row: Record<string, unknown>): Row {
  const entries = Object.entries(row).map(([name, value]) => {
    if (typeof value === 'bigint' || typeof value === 'string' || value === null) {
      return [name, value] as const;
    }
    throw new TypeError(`the column ${name} holds neither a whole number nor a text`);
  });
  return Object.fromEntries(entries);
}

/** The text of a column that is never null. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`the column ${column} holds no text`);
  return value;
}

/** The text of a column, or null. */
export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

/** The whole number of a column that is never null. */
export function wholeOf(row: Row, column: string): bigint {
  const value = row[column];
  if (typeof value !== 'bigint') throw new TypeError(`the column ${column} holds no number`);
  return value;
}

/** A setting by its name. */
export function readSetting(store: Store, name: string): string | undefined {
  const row = store.get('select value from setting where name = ?', name);
  return row && textOf(row, 'value');
}

export function writeSetting(store: Store, name: string, value: string): void {
  store.run(
    'insert into setting values (?, ?) on conflict (name) do update set value = excluded.value',
    ...[name, value],
  );
}
