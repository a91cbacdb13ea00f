import { sql } from 'kysely';
import { FakeClock } from '../../test/support/fakes.ts';
import { type TestApp, testPlatform } from '../../test/support/fixtures.ts';
import {
  camtFile,
  type SampleLine,
  type SampleOptions,
} from '../../test/support/statement-samples.ts';
import type { App } from '../app.ts';
import { currency } from '../kernel/currency.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { verifyDeposits } from './verify.ts';

export const CNY = currency('CNY');

/** What the use cases of deposits need, of a test's own. */
export const depositDeps = ({ database, db, ledger, clock, newUuid }: TestApp): DepositDeps => ({
  ...{ db, ledger, clock, newUuid },
  sessions: database.sessions,
});

/** A line of a statement: a credit of 10.00 unless something else is said. */
export const line = (given: Partial<SampleLine> & { reference?: string }): SampleLine => ({
  direction: 'credit',
  amount: 1000n,
  bookingDate: '2026-03-02',
  counterpartyName: '某某',
  counterpartyAccount: '622200009',
  remittance: '',
  ...given,
});

/** A camt.053 file of the given lines. */
export const camt = (
  accountNumber: string,
  lines: readonly SampleLine[],
  options: Partial<SampleOptions> = {},
) =>
  camtFile({
    accountNumber,
    currency: CNY,
    entries: lines.length,
    lineAt: (index) => lines[index] ?? line({}),
    ...options,
  });

/** How many rows each table has, and what is in the ones that are changed in place. */
export async function everything({ db }: Pick<TestApp, 'db'>): Promise<unknown> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public' order by 1`.execute(
    db,
  );
  const counts: Record<string, unknown> = {};
  for (const { name } of tables) {
    const { rows } = await sql`select count(*) as n from ${sql.table(name)}`.execute(db);
    counts[name] = rows;
  }
  return { counts, ...(await balances({ db })), entries: await entriesNow({ db }) };
}

/** What every account has, by id; internal ones with what is not folded yet. */
export async function balances({ db }: Pick<TestApp, 'db'>) {
  const { rows } = await sql`
    select a.platform_id, a.account_id, a.held, a.balance + coalesce((select sum(delta) from account_delta d
             where d.platform_id = a.platform_id and d.account_id = a.account_id), 0)::bigint as balance
      from account a order by 1, 2`.execute(db);
  return { rows };
}

const entriesNow = async ({ db }: Pick<TestApp, 'db'>) =>
  (
    await sql`select bank_entry_id, state, account_id, transfer_id, claim_count from bank_entry_posting
               order by platform_id, bank_entry_id`.execute(db)
  ).rows;

/** What does not agree; nothing is expected. */
export const findings = ({ db }: Pick<TestApp, 'db'>, platformId: bigint) =>
  verifyDeposits(db, platformId);

/** A platform with two members, on an app that is not the fixtures' own. */
export async function testPlatformOn(app: App, platformId: bigint) {
  return testPlatform({ ...app, clock: new FakeClock() }, { platformId });
}
