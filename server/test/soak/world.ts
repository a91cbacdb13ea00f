import { type Database, openDatabase } from '../../src/db/database.ts';
import { amount } from '../../src/kernel/amount.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { currency } from '../../src/kernel/currency.ts';
import { uuidGenerator } from '../../src/kernel/id.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import { type AccountId, accountId, type Ledger, openLedger } from '../../src/ledger/index.ts';
import { createApiKey, openPlatform, SCOPES } from '../../src/platforms/index.ts';
import { openMainAccount } from '../../src/virtual-accounts/index.ts';

/** A virtual account: the ledger's name for it, and the number that callers use. */
export interface WorldAccount {
  readonly id: AccountId;
  readonly number: string;
}

/** One platform on a database, ready for load: many accounts under one main account, and a key. */
export interface World {
  readonly platformId: bigint;
  /** Internal: never refuses. Money comes from it. */
  readonly bankClearing: AccountId;
  readonly accounts: readonly WorldAccount[];
  /** Allows everything. */
  readonly apiKey: string;
}

const PREFIX = '88888';

/**
 * Opens a platform with so many empty virtual accounts on a migrated database. The accounts are written by
 * one statement, because ten thousand one by one would take longer than what is measured on them.
 */
export async function openWorld(
  url: string,
  { platformId = 1n, accounts }: { platformId?: bigint; accounts: number },
): Promise<World> {
  const database = await openDatabase({ url });
  const { db } = database;
  const deps = { db, clock: systemClock, random: systemRandom };
  try {
    const platform = { platformId, name: 'Load', timeZone: 'Asia/Shanghai', sandbox: false };
    await openPlatform(deps, platform);
    await openMainAccount(deps, platformId, {
      number: '8110888020000000017',
      name: 'Load',
      currency: currency('CNY'),
      prefix: PREFIX,
    });
    await openMany(database, platformId, accounts);
    const newUuid = uuidGenerator(systemClock, systemRandom);
    const { secret } = await createApiKey(
      { ...deps, newUuid },
      { platformId, name: 'load', scopes: SCOPES },
    );
    return await describe(database, platformId, secret);
  } finally {
    await database.close();
  }
}

async function openMany(
  { batches }: Database,
  platformId: bigint,
  accounts: number,
): Promise<void> {
  await batches.query(
    `with main as (
       select platform_id, main_account_id, currency, created_at from main_account where platform_id = $1
     ), opened as (
       insert into account (platform_id, account_id, main_account_id, purpose, guarded, currency, opened_at)
       select $1, (select max(account_id) from account where platform_id = $1) + i, main_account_id, 'trading',
              true, currency, created_at
         from main, generate_series(1, $2::integer) i
       returning platform_id, account_id, main_account_id, opened_at
     )
     insert into virtual_account (platform_id, account_id, main_account_id, number, name, kind, created_at)
     select platform_id, account_id, main_account_id, $3 || lpad(account_id::text, 14, '0'), 'Load', 'trading',
            opened_at
       from opened`,
    [platformId, accounts, PREFIX],
  );
}

async function describe({ db }: Database, platformId: bigint, apiKey: string): Promise<World> {
  const { bank_clearing_account_id: bankClearing } = await db
    .selectFrom('main_account')
    .select('bank_clearing_account_id')
    .where('platform_id', '=', platformId)
    .executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom('virtual_account')
    .select(['account_id', 'number'])
    .where('platform_id', '=', platformId)
    .where('kind', '=', 'trading')
    .orderBy('account_id')
    .execute();
  const accounts = rows.map(({ account_id, number }) => ({ id: accountId(account_id), number }));
  return { platformId, bankClearing: accountId(bankClearing), accounts, apiKey };
}

/** A ledger of its own, as one server process has it. */
export async function openOwnLedger(
  url: string,
): Promise<{ ledger: Ledger; database: Database; close: () => Promise<void> }> {
  const database = await openDatabase({ url });
  const ledger = openLedger({ database, clock: systemClock });
  const close = async () => {
    await ledger.drained();
    await database.close();
  };
  return { ledger, database, close };
}

/** Gives every account the same funds (minor units), from the bank. The requests are named `funds/<id>`. */
export async function fund(ledger: Ledger, world: World, minorUnits: number): Promise<void> {
  const { platformId, bankClearing, accounts } = world;
  const answers = await Promise.all(
    accounts.map(({ id }) =>
      ledger.submit({
        platformId,
        requestId: `funds/${id}`,
        moves: [
          {
            kind: 'transfer',
            code: 'deposit',
            debit: bankClearing,
            credit: id,
            amount: amount(minorUnits),
          },
        ],
      }),
    ),
  );
  if (answers.some(({ accepted }) => !accepted)) throw new Error('an account could not be funded');
}
