import { chinaTime } from './bank-clock.ts';
import { MAX_FEN } from './money.ts';
import { Refusal } from './refusal.ts';
import { type Row, type Store, textOf, textOrNull, wholeOf } from './store.ts';

/** All money outside of this bank, and payouts between the order and the arrival. */
export const WORLD = 'WORLD';
export const IN_FLIGHT = 'IN-FLIGHT';
export const BANK_NAME = '示例银行 Sample Bank';

/** An account of this bank. `virtualPrefix`: numbers that begin so are paid to it. Balances in fen. */
export interface Account {
  readonly number: string;
  readonly name: string;
  readonly bankName: string;
  readonly kind: 'customer' | 'system';
  readonly virtualPrefix: string | null;
  /** 已销户: nothing can be paid to it any more. */
  readonly closed: boolean;
  readonly balance: bigint;
}

/** What is told of a movement to both sides. */
export interface Telling {
  readonly debitName: string;
  readonly debitAccount: string;
  readonly creditName: string;
  readonly creditAccount: string;
  readonly remittance: string;
  readonly payoutReference?: string;
  readonly reversalOf?: string;
  /** The virtual account number that the payer wrote. */
  readonly creditedAccount?: string;
}

export interface Movement {
  readonly at: Date;
  readonly debit: string;
  readonly credit: string;
  readonly amount: bigint;
  readonly telling: Telling;
}

/** One line of an account (流水). `balance` is the one after it. */
export interface Entry {
  readonly seq: bigint;
  readonly reference: string;
  readonly account: string;
  readonly direction: 'credit' | 'debit';
  readonly amount: bigint;
  readonly balance: bigint;
  readonly at: string;
  readonly date: string;
  readonly reversalOf: string | null;
  readonly counterpartyName: string;
  readonly counterpartyAccount: string;
  readonly creditedAccount: string | null;
  readonly remittance: string;
  readonly payoutReference: string | null;
}

const REFERENCE_DIGITS = 10;

/** Opens an account; one that is there keeps its money and takes the new name, prefix and state. */
export function openAccount(store: Store, account: Omit<Account, 'balance'>): void {
  const { number, name, bankName, kind, virtualPrefix, closed } = account;
  store.run(
    `insert into account (number, name, bank_name, kind, virtual_prefix, closed) values (?, ?, ?, ?, ?, ?)
     on conflict (number) do update set name = excluded.name, virtual_prefix = excluded.virtual_prefix,
       closed = excluded.closed`,
    ...[number, name, bankName, kind, virtualPrefix, closed ? 1 : 0],
  );
}

export function findAccount(store: Store, number: string): Account | undefined {
  const row = store.get('select * from account where number = ?', number);
  return row && readAccount(row);
}

export function listAccounts(store: Store): Account[] {
  return store.all('select * from account order by kind, number').map(readAccount);
}

/** The customer's account that a payment to this number is credited to. */
export function creditedBy(store: Store, number: string): Account | undefined {
  const row = store.get(
    `select * from account
      where kind = 'customer' and (number = ?1 or substr(?1, 1, length(virtual_prefix)) = virtual_prefix)
      order by number = ?1 desc, length(virtual_prefix) desc limit 1`,
    number,
  );
  return row && readAccount(row);
}

/** Moves money, and writes a line to both accounts. Refuses what the payer does not have. Part of a transaction. */
export function move(store: Store, movement: Movement): { debit: Entry; credit: Entry } {
  return store.transaction(() => {
    const { at, debit, credit, amount, telling } = movement;
    const payer = findAccount(store, debit);
    const payee = findAccount(store, credit);
    if (!payer || !payee) throw new Refusal(404, 'account_not_found', 'No such account.');
    if (payer.kind === 'customer' && payer.balance < amount) {
      throw new Refusal(422, 'insufficient_funds', 'The account has too little money.');
    }
    if (payee.balance + amount > MAX_FEN || payer.balance - amount < -MAX_FEN) {
      throw new Refusal(422, 'balance_too_large', 'A balance would be too large to be told.');
    }
    store.run(
      'insert into movement (at, debit, credit, amount) values (?, ?, ?, ?)',
      ...[at.toISOString(), debit, credit, amount],
    );
    const debited = { name: telling.creditName, account: telling.creditAccount };
    const credited = { name: telling.debitName, account: telling.debitAccount };
    return {
      debit: write(store, movement, { direction: 'debit', account: payer, other: debited }),
      credit: write(store, movement, { direction: 'credit', account: payee, other: credited }),
    };
  });
}

interface Side {
  readonly direction: 'credit' | 'debit';
  readonly account: Account;
  readonly other: { readonly name: string; readonly account: string };
}

function write(store: Store, { at, amount, telling }: Movement, side: Side): Entry {
  const { direction, account, other } = side;
  const balance = account.balance + (direction === 'credit' ? amount : -amount);
  const { date } = chinaTime(at);
  const last = store.get(`select coalesce(max(seq), 0) as seq from entry`);
  const number = (last ? wholeOf(last, 'seq') : 0n) + 1n;
  const reference = `${date.replaceAll('-', '')}${String(number).padStart(REFERENCE_DIGITS, '0')}`;
  store.run('update account set balance = ? where number = ?', balance, account.number);
  store.run(
    `insert into entry (reference, movement_id, account, direction, amount, balance, at, date, reversal_of,
       counterparty_name, counterparty_account, credited_account, remittance, payout_reference)
     values (?, (select max(id) from movement), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[reference, account.number, direction, amount, balance, at.toISOString(), date],
    ...[telling.reversalOf ?? null, other.name, other.account],
    ...[direction === 'credit' ? (telling.creditedAccount ?? null) : null, telling.remittance],
    telling.payoutReference ?? null,
  );
  const row = store.get('select * from entry where reference = ?', reference);
  if (!row) throw new Error('an entry that was written is not there');
  return readEntry(row);
}

/** Lines of an account after a cursor (0 is the beginning), oldest first. */
export function entriesAfter(
  store: Store,
  { account, after, limit }: { account: string; after: bigint; limit: number },
): Entry[] {
  return store
    .all(
      'select * from entry where account = ? and seq > ? order by seq limit ?',
      account,
      after,
      limit,
    )
    .map(readEntry);
}

/** The last lines of an account, newest first. */
export function latestEntries(store: Store, account: string, limit: number): Entry[] {
  return store
    .all('select * from entry where account = ? order by seq desc limit ?', account, limit)
    .map(readEntry);
}

/** Lines of an account on one date, oldest first. */
export function entriesOn(store: Store, account: string, date: string): Entry[] {
  return store
    .all('select * from entry where account = ? and date = ? order by seq', account, date)
    .map(readEntry);
}

export function findEntry(store: Store, reference: string): Entry | undefined {
  const row = store.get('select * from entry where reference = ?', reference);
  return row && readEntry(row);
}

/** The balance at the end of the day before. */
export function balanceBefore(store: Store, account: string, date: string): bigint {
  const row = store.get(
    'select balance from entry where account = ? and date < ? order by seq desc limit 1',
    ...[account, date],
  );
  return row ? wholeOf(row, 'balance') : 0n;
}

/** What is wrong with the books: nothing, or sentences. */
export function auditBooks(store: Store): string[] {
  const wrong: string[] = [];
  const sum = store.get('select coalesce(sum(balance), 0) as total from account');
  if (sum && wholeOf(sum, 'total') !== 0n) wrong.push('the balances do not add up to zero');
  const sides = store.all(
    `select account.number as number from account left join entry on entry.account = account.number
      group by account.number, account.balance
     having account.balance <> coalesce(sum(case direction when 'credit' then amount else -amount end), 0)`,
  );
  for (const row of sides) wrong.push(`${textOf(row, 'number')}: the lines are not the balance`);
  const lopsided = store.all(
    `select movement.id as id from movement left join entry on entry.movement_id = movement.id
      group by movement.id having count(*) <> 2
         or sum(case direction when 'credit' then entry.amount else -entry.amount end) <> 0`,
  );
  for (const row of lopsided) wrong.push(`movement ${wholeOf(row, 'id')} has not two equal sides`);
  return wrong;
}

function readAccount(row: Row): Account {
  return {
    number: textOf(row, 'number'),
    name: textOf(row, 'name'),
    bankName: textOf(row, 'bank_name'),
    kind: textOf(row, 'kind') === 'system' ? 'system' : 'customer',
    virtualPrefix: textOrNull(row, 'virtual_prefix'),
    closed: wholeOf(row, 'closed') === 1n,
    balance: wholeOf(row, 'balance'),
  };
}

function readEntry(row: Row): Entry {
  return {
    seq: wholeOf(row, 'seq'),
    reference: textOf(row, 'reference'),
    account: textOf(row, 'account'),
    direction: textOf(row, 'direction') === 'credit' ? 'credit' : 'debit',
    amount: wholeOf(row, 'amount'),
    balance: wholeOf(row, 'balance'),
    at: textOf(row, 'at'),
    date: textOf(row, 'date'),
    reversalOf: textOrNull(row, 'reversal_of'),
    counterpartyName: textOf(row, 'counterparty_name'),
    counterpartyAccount: textOf(row, 'counterparty_account'),
    creditedAccount: textOrNull(row, 'credited_account'),
    remittance: textOf(row, 'remittance'),
    payoutReference: textOrNull(row, 'payout_reference'),
  };
}
