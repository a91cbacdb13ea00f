/**
 * The one checker of what must always be true (docs/explanation, "What must always be true"): every narrative and the
 * model test end with it. It asks `guanjia verify` for its checks, adds what that cannot see, and says which of the
 * eight is broken.
 */
import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Connector, ConnectorEntry } from '../../src/banking/connector.ts';
import { verifyPlatform } from '../../src/cli/commands/verify.ts';
import type { Db } from '../../src/db/database.ts';
import { accountId, readAccounts, readBalanceAt } from '../../src/ledger/index.ts';

/** The eight, by number. */
export const INVARIANTS = {
  1: 'every transfer balances',
  2: 'no guarded account is overdrawn',
  3: 'nothing acknowledged is lost, nothing is done twice',
  4: 'the bank has what the accounts and what is in transit add up to',
  5: 'ledger and books agree on every date',
  6: 'history is exact',
  7: 'an unknown outcome stays unknown',
  8: 'no platform has what another owns',
} as const;
export type Invariant = keyof typeof INVARIANTS;

/** One place where something that must be true is not. */
export interface Violation {
  readonly invariant: Invariant;
  readonly check: string;
  readonly subject: string;
  readonly detail: string;
}

/** A bank that runs, and the numbers of the main accounts that the platform has there. */
export interface BankBooks {
  readonly connector: Connector;
  readonly accounts: readonly string[];
}

/** Which of the eight a check of `guanjia verify` stands for; those not named here prove the third. */
const STANDS_FOR: Readonly<Record<string, Invariant>> = {
  'balances equal the transfers': 1,
  'both sides of a transfer belong together': 1,
  'reversals are the opposite of their originals': 1,
  'captures have their transfer': 1,
  'no account is overdrawn': 2,
  'held money equals the holds': 2,
  'what accounts keep is what judicial freezes say': 2,
  'holds equal their events': 2,
  'closed accounts are empty': 2,
  'what is put aside is what freezes have left': 2,
  'what is put aside is what escrow orders have to split': 2,
  'money is conserved': 4,
  'bank clearing is what the entries add up to': 4,
  'bank debits are what the entries add up to': 4,
  'suspense is what waits to be claimed': 4,
  'the bank has what its last statement says (or a statement is missing)': 4,
  'moves carry the business date of their number': 5,
  'every balance after a posting follows from the one before': 6,
  'the last posting says what the account has': 6,
  'the audit log is as it was written': 6,
  'no bank entry waits to be posted': 7,
};

/** Holds one platform against all eight; nothing is said of what is as it must be. */
export async function violationsOf(
  db: Db,
  platformId: bigint,
  { bank }: { bank?: BankBooks | undefined } = {},
): Promise<readonly Violation[]> {
  const { checks } = await verifyPlatform({ db }, { platformId, name: '' });
  const verified = checks.flatMap(({ check, findings }) =>
    findings.map(({ subject, detail }) =>
      violation(STANDS_FOR[check] ?? 3, check, subject, detail),
    ),
  );
  return [
    ...verified,
    ...(await otherPasts(db, platformId)),
    ...(await strangers(db, platformId)),
    ...(bank ? await otherBankBooks(db, platformId, bank) : []),
  ];
}

/** Ends a story: all eight hold for these platforms. */
export async function expectInvariants(
  db: Db,
  platformIds: readonly bigint[],
  options: { bank?: BankBooks | undefined } = {},
): Promise<void> {
  for (const platformId of platformIds) {
    expect(await violationsOf(db, platformId, options)).toEqual([]);
  }
}

const violation = (
  invariant: Invariant,
  check: string,
  subject: string,
  detail: string,
): Violation => ({ invariant, check, subject, detail });

/** Past moments looked at: the instants of moves, spread evenly over the history. */
const MOMENTS = 5;

/** 6: what the read of a past balance answers is the sum of what had happened by then. */
async function otherPasts(db: Db, platformId: bigint): Promise<readonly Violation[]> {
  const { rows: ids } = await sql<{ id: bigint }>`
    select account_id as id from account where platform_id = ${platformId}`.execute(db);
  const accounts = await readAccounts(
    db,
    platformId,
    ids.map(({ id }) => accountId(id)),
  );
  const found: Violation[] = [];
  for (const bound of await moments(db, platformId)) {
    const { rows } = await sql<{ id: bigint; sum: bigint }>`
      select account_id as id, sum(amount)::bigint as sum from (
        select credit_account_id as account_id, amount from transfer
         where platform_id = ${platformId} and transfer_id < ${bound}
        union all
        select debit_account_id, -amount from transfer
         where platform_id = ${platformId} and transfer_id < ${bound}) side group by account_id`.execute(
      db,
    );
    const sums = new Map(rows.map(({ id, sum }) => [id, sum]));
    for (const account of accounts.values()) {
      const { balance } = await readBalanceAt(db, platformId, { account, bound });
      const sum = sums.get(account.accountId) ?? 0n;
      if (balance === sum) continue;
      const subject = `account ${account.accountId} before move ${bound}`;
      const detail = `read ${balance}, the transfers until then give ${sum}`;
      found.push(violation(6, 'past balances equal what had happened', subject, detail));
    }
  }
  return found;
}

async function moments(db: Db, platformId: bigint): Promise<readonly bigint[]> {
  const { rows } = await sql<{ moveId: bigint }>`
    select max(transfer_id) as "moveId" from (
      select transfer_id, ntile(${MOMENTS}) over (order by transfer_id) as part
        from transfer where platform_id = ${platformId}) ordered group by part order by 1`.execute(
    db,
  );
  return rows.map(({ moveId }) => moveId);
}

/** Columns that name something of a platform, by how they end, and where it is kept. The longest ending wins. */
const OWNED: readonly (readonly [ending: string, table: string, key: string])[] = [
  ['main_account_id', 'main_account', 'main_account_id'],
  ['account_id', 'account', 'account_id'],
  ['transfer_id', 'transfer', 'transfer_id'],
  ['reverses_id', 'transfer', 'transfer_id'],
  ['hold_id', 'hold', 'hold_id'],
  ['member_id', 'member', 'member_id'],
  ['bank_entry_id', 'bank_entry', 'bank_entry_id'],
];

/** 8: every row names accounts, transfers, holds, members and entries of its own platform only. */
async function strangers(db: Db, platformId: bigint): Promise<readonly Violation[]> {
  const { rows: columns } = await sql<{ table: string; column: string; type: string }>`
    select c.table_name as "table", c.column_name as "column", c.udt_name as type
      from information_schema.columns c
      join information_schema.columns p on p.table_schema = 'public' and p.table_name = c.table_name
                                       and p.column_name = 'platform_id'
     where c.table_schema = 'public' and c.column_name like '%\\_id' and c.is_generated = 'NEVER'
     order by 1, 2`.execute(db);
  const asked = columns.flatMap(({ table, column, type }) => {
    const [, owner, key] = OWNED.find(([ending]) => column.endsWith(ending)) ?? [];
    if (owner === undefined || key === undefined || (table === owner && column === key)) return [];
    if ((type === 'uuid') !== (key === 'member_id' || key === 'bank_entry_id')) return [];
    return [
      sql`select ${`${table}.${column}`}::text as subject, count(*)::int as count, min(r.${sql.ref(column)}::text) as first
            from ${sql.table(table)} r left join ${sql.table(owner)} o
              on o.platform_id = ${platformId} and o.${sql.ref(key)} = r.${sql.ref(column)}
           where r.platform_id = ${platformId} and r.${sql.ref(column)} is not null and o.platform_id is null
          having count(*) > 0`,
    ];
  });
  const { rows } = await sql<{ subject: string; count: number; first: string }>`
    ${sql.join(asked, sql` union all `)}`.execute(db);
  return rows.map(({ subject, count, first }) =>
    violation(8, 'rows name what their platform owns', subject, `${count} do not, ${first} first`),
  );
}

/** Lines asked for at once, and pages at most. */
const PAGE = 200;
const MAX_PAGES = 100;

/** 4: the bank's own books: the same lines as ours, and the balance that bank clearing has. */
async function otherBankBooks(
  db: Db,
  platformId: bigint,
  { connector, accounts }: BankBooks,
): Promise<readonly Violation[]> {
  const found: Violation[] = [];
  for (const account of accounts) {
    const theirs = new Map(
      (await entriesOf(connector, account)).map((each) => [each.reference, textOf(each)]),
    );
    const ours = await recordedEntries(db, platformId, account);
    for (const reference of new Set([...theirs.keys(), ...ours.keys()])) {
      const [their, our] = [theirs.get(reference) ?? 'nothing', ours.get(reference) ?? 'nothing'];
      if (their === our) continue;
      const detail = `the bank has ${their}, we have ${our}`;
      found.push(violation(4, 'the bank has the same lines', `line ${reference}`, detail));
    }
    const told = await connector.balance(account);
    const bank = told.kind === 'balance' ? told.amount : told.kind;
    const clearing = await clearingOf(db, platformId, account);
    if (bank !== clearing) {
      const detail = `the bank has ${bank}, the ledger ${clearing}`;
      found.push(violation(4, 'the bank has the same balance', `main account ${account}`, detail));
    }
  }
  return found;
}

const textOf = ({ direction, amount }: Pick<ConnectorEntry, 'direction'> & { amount: bigint }) =>
  `a ${direction} of ${amount}`;

async function entriesOf(connector: Connector, account: string) {
  const entries: ConnectorEntry[] = [];
  let cursor: string | undefined;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const from = cursor === undefined ? {} : { cursor };
    const told = await connector.entries({ account, limit: PAGE, ...from });
    if (told.kind !== 'entries') throw new Error(`the bank does not tell its lines: ${told.kind}`);
    entries.push(...told.entries);
    cursor = told.cursor;
    if (told.entries.length < PAGE) return entries;
  }
  throw new Error('the bank has more lines than the checker reads');
}

async function recordedEntries(db: Db, platformId: bigint, account: string) {
  const { rows } = await sql<{ reference: string; direction: 'credit' | 'debit'; amount: bigint }>`
    select e.reference, e.direction, e.amount
      from bank_entry e
      join main_account m on m.platform_id = e.platform_id and m.main_account_id = e.main_account_id
     where e.platform_id = ${platformId} and m.number = ${account} and e.kind = 'line'`.execute(db);
  return new Map(rows.map((row) => [row.reference, textOf(row)]));
}

async function clearingOf(db: Db, platformId: bigint, account: string): Promise<bigint> {
  const { rows } = await sql<{ id: bigint }>`
    select bank_clearing_account_id as id from main_account
     where platform_id = ${platformId} and number = ${account}`.execute(db);
  const ids = rows.map(({ id }) => accountId(id));
  const accounts = await readAccounts(db, platformId, ids);
  return -[...accounts.values()].reduce((sum, { balance }) => sum + balance, 0n);
}
