import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
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
