import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Sealer, SealPlace } from '../sealing/index.ts';
import type { Connector } from './connector.ts';
import { sandboxConnector } from './connectors/sandbox.ts';

/** Which bank is asked for a main account (银行直连), and where it listens. */
export interface BankConnection {
  readonly mainAccountId: bigint;
  readonly connector: 'sandbox';
  readonly url: string;
}

/** The connector of a connection. It connects when it is asked something. */
export const connectorOf = ({ url }: Pick<BankConnection, 'connector' | 'url'>): Connector =>
  sandboxConnector({ url });

/**
 * Says which bank is asked for a main account from now on. One that was said before is replaced: a bank may listen
 * elsewhere, and what was read from it stays read.
 */
export async function connectBank(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  platformId: bigint,
  { mainAccountId, connector, url }: BankConnection,
): Promise<void> {
  await sql`
    insert into bank_connection (platform_id, main_account_id, connector, url, created_at)
      values (${platformId}, ${mainAccountId}, ${connector}, ${url}, ${clock.now()})
      on conflict (platform_id, main_account_id)
      do update set connector = excluded.connector, url = excluded.url`.execute(db);
}

/** Keeps, sealed, what the bank of a main account signs its notifications with from now on. */
export async function keepNotifySecret(
  { db, sealer }: { readonly db: Db; readonly sealer: Sealer },
  platformId: bigint,
  { mainAccountId, secret }: { mainAccountId: bigint; secret: string },
): Promise<void> {
  const sealed = sealer.seal(secret, secretPlace(platformId, mainAccountId));
  await sql`update bank_connection set notify_secret = ${sealed}
             where platform_id = ${platformId} and main_account_id = ${mainAccountId}`.execute(db);
}

/** What it signs with; undefined when no notifications are taken. Throws AppError `seal_key_missing`, `seal_broken`. */
export async function readNotifySecret(
  { db, sealer }: { readonly db: Db; readonly sealer: Sealer },
  platformId: bigint,
  mainAccountId: bigint,
): Promise<string | undefined> {
  const { rows } = await sql<{ sealed: string | null }>`
    select notify_secret as sealed from bank_connection
     where platform_id = ${platformId} and main_account_id = ${mainAccountId}`.execute(db);
  const sealed = rows[0]?.sealed ?? undefined;
  return sealed && sealer.open(sealed, secretPlace(platformId, mainAccountId));
}

const secretPlace = (platformId: bigint, mainAccountId: bigint): SealPlace => ({
  ...{ platformId, table: 'bank_connection', column: 'notify_secret' },
  row: mainAccountId.toString(),
});
