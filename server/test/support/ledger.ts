import { type Database, openDatabase } from '../../src/db/database.ts';
import { amount } from '../../src/kernel/amount.ts';
import { businessDate } from '../../src/kernel/business-date.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { currency } from '../../src/kernel/currency.ts';
import {
  type AccountId,
  type Ledger,
  type Move,
  openAccount,
  openFirstDay,
  openLedger,
} from '../../src/ledger/index.ts';
import { FakeClock } from './fakes.ts';

/** A platform on the ledger alone: accounts without members or numbers, for tests of the ledger itself. */
export interface LedgerBench {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly clock: FakeClock;
  readonly platformId: bigint;
  /** An internal account that money comes from. */
  readonly bank: AccountId;
  open(options?: { available?: bigint; overdraftLimit?: bigint }): Promise<AccountId>;
  /** Another ledger on the same database: it stands for another server process. */
  another(): Ledger;
  close(): Promise<void>;
}

let platforms = 0n;
let requests = 0;

/** A request id that no other test uses. */
export const nextRequest = () => `test-${++requests}`;

export async function ledgerBench(
  url: string,
  options: { asOwner?: boolean } = {},
): Promise<LedgerBench> {
  const database = await openDatabase({ url, ...options });
  const clock = new FakeClock();
  const platformId = ++platforms;
  await openPlatformRow(database, platformId, clock);
  const another = () => openLedger({ database, clock });
  const ledger = another();
  const account = (guarded: boolean, overdraftLimit = 0n) =>
    database.db.transaction().execute((tx) =>
      openAccount(tx, platformId, {
        account: {
          ...{ mainAccountId: 1n, purpose: 'test', currency: currency('CNY') },
          ...{ guarded, overdraftLimit },
        },
        openedAt: clock.now(),
      }),
    );
  const bank = await account(false);
  const open: LedgerBench['open'] = async ({ available = 0n, overdraftLimit = 0n } = {}) => {
    const id = await account(true, overdraftLimit);
    if (available > 0n) await fund(id, available);
    return id;
  };
  const fund = async (credit: AccountId, sum: bigint) => {
    const move: Move = {
      kind: 'transfer',
      code: 'deposit',
      debit: bank,
      credit,
      amount: amount(sum),
    };
    await ledger.submit({ platformId, requestId: nextRequest(), moves: [move] });
  };
  return {
    ...{ database, ledger, clock, platformId, bank, open, another },
    close: () => database.close(),
  };
}

async function openPlatformRow(
  database: Database,
  platformId: bigint,
  clock: Clock,
): Promise<void> {
  const at = clock.now();
  await database.db
    .insertInto('platform')
    .values({ platform_id: platformId, name: 'test', time_zone: 'Asia/Shanghai', created_at: at })
    .execute();
  await openFirstDay(database.db, platformId, { date: businessDate('2026-03-02'), at });
}
