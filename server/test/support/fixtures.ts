import { afterAll, expect } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { amount } from '../../src/kernel/amount.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { type Currency, currency } from '../../src/kernel/currency.ts';
import { type NewUuid, uuidGenerator } from '../../src/kernel/id.ts';
import type { Random } from '../../src/kernel/random.ts';
import { type AccountId, type Ledger, openLedger } from '../../src/ledger/index.ts';
import { addMember } from '../../src/members/index.ts';
import { openPlatform } from '../../src/platforms/index.ts';
import { openSealer, type Sealer } from '../../src/sealing/index.ts';
import {
  type MainAccount,
  type MainAccountRecord,
  openMainAccount,
  openVirtualAccount,
  readMainAccountRecord,
  type VirtualAccount,
} from '../../src/virtual-accounts/index.ts';
import { freshDatabase } from './database.ts';
import { FakeClock, seededRandom, testSealKeys } from './fakes.ts';

/** What use cases are given, on a database of the test file's own. */
export interface TestApp {
  readonly database: Database;
  readonly db: Database['db'];
  readonly ledger: Ledger;
  readonly clock: FakeClock;
  readonly random: Random;
  readonly newUuid: NewUuid;
  readonly sealer: Sealer;
}

/** Opens a ledger on a fresh database. Call it at the top of a test file; it is closed after the file. */
export async function testApp({ seed = 1 }: { seed?: number } = {}): Promise<TestApp> {
  const { url } = await freshDatabase();
  const database = await openDatabase({ url, connections: 4, batchConnections: 3 });
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const ledger = openLedger({ database, clock });
  // Registered after the database's own, so it runs before it: connections end before it is dropped.
  afterAll(async () => {
    await ledger.drained();
    await database.close();
  });
  return {
    database,
    db: database.db,
    ledger,
    clock,
    random,
    newUuid: uuidGenerator(clock, random),
    sealer: openSealer({ keys: testSealKeys(), random }),
  };
}

/** A platform with one main account, and members with a trading account each. */
export interface TestPlatform {
  readonly platformId: bigint;
  readonly main: MainAccount;
  readonly record: MainAccountRecord;
  /** The numbers of the members' trading accounts. */
  readonly numbers: readonly string[];
  readonly accounts: readonly VirtualAccount[];
}

/** What fixtures are made with: a test's app or the server's own. */
export type FixtureDeps = Omit<TestApp, 'database' | 'clock' | 'sealer'> & {
  readonly clock: Clock;
};

/** Opens a platform with `members` members, each with one account that has `funds` minor units. */
export async function testPlatform(
  app: FixtureDeps,
  options: {
    platformId: bigint;
    members?: number;
    funds?: bigint;
    mainAccount?: string;
    currencyCode?: Currency;
  },
): Promise<TestPlatform> {
  const { platformId, members = 2, funds = 0n, mainAccount = `8110${platformId}` } = options;
  await openPlatform(app, {
    platformId,
    name: `Platform ${platformId}`,
    timeZone: 'Asia/Shanghai',
    sandbox: false,
  });
  const main = await openMainAccount(app, platformId, {
    number: mainAccount,
    name: 'Sample Platform Ltd',
    bankName: 'Sample Bank',
    currency: options.currencyCode ?? currency('CNY'),
  });
  const record = await readMainAccountRecord(app.db, platformId, main.number);
  if (!record) throw new Error('the main account was opened');
  const accounts: VirtualAccount[] = [];
  for (let i = 1; i <= members; i += 1) {
    const member = await addMember(app, platformId, { kind: 'company', name: `Member ${i}` });
    const account = { memberId: member.id, name: `Account ${i}`, mainAccount: main.number };
    accounts.push(await openVirtualAccount(app, platformId, account));
  }
  const numbers = accounts.map(({ number }) => number);
  if (funds > 0n)
    for (const number of numbers) await fund(app, platformId, { record, number, funds });
  return { platformId, main, record, numbers, accounts };
}

let funded = 0;

/** Pays money in as a deposit does: from bank clearing to an account. Answers with the deposit's number. */
export async function fund(
  { db, ledger }: Pick<TestApp, 'db' | 'ledger'>,
  platformId: bigint,
  { record, number, funds }: { record: MainAccountRecord; number: string; funds: bigint },
): Promise<bigint> {
  funded += 1;
  const credit = await ledgerId(db, platformId, number);
  const answer = await ledger.submit({
    platformId,
    requestId: `fixture/${funded}`,
    moves: [
      {
        kind: 'transfer',
        code: 'deposit',
        debit: record.bankClearing,
        credit,
        amount: amount(funds),
      },
    ],
  });
  if (!answer.accepted) throw new Error(`not funded: ${answer.refusal.code}`);
  const [posting] = answer.postings;
  if (!posting) throw new Error('a deposit leaves a posting behind');
  return posting.moveId;
}

async function ledgerId(db: TestApp['db'], platformId: bigint, number: string): Promise<AccountId> {
  const { account_id } = await db
    .selectFrom('virtual_account')
    .select('account_id')
    .where('platform_id', '=', platformId)
    .where('number', '=', number)
    .executeTakeFirstOrThrow();
  return account_id as AccountId;
}

/** Matches the AppError of that code that has at least those facts. */
export function refusal(code: string, facts: Readonly<Record<string, unknown>> = {}): unknown {
  return expect.objectContaining({
    definition: expect.objectContaining({ code }) as unknown,
    facts: expect.objectContaining(facts) as unknown,
  });
}
