import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { textId } from '../kernel/id.ts';
import type { CardDeps } from './deps.ts';

/** What a sandbox would have sent by SMS. */
export interface SandboxMessage {
  readonly id: string;
  /** The mobile, masked. */
  readonly to: string;
  readonly text: string;
  readonly createdAt: Date;
}

/** So many of the newest messages are told. */
const MAX_MESSAGES = 50;

/** Keeps a message, sealed, instead of sending it. */
export async function sendToSandbox(
  tx: Db,
  { sealer, clock, newUuid }: CardDeps,
  platformId: bigint,
  { to, text }: { to: string; text: string },
): Promise<void> {
  const id = newUuid();
  const body = sealer.seal(text, placeOf(platformId, id));
  await sql`
    insert into sandbox_message (platform_id, message_id, masked_to, body, created_at)
    values (${platformId}, ${id}, ${to}, ${body}, ${clock.now()})`.execute(tx);
}

/** The newest messages of a sandbox platform, newest first; other platforms have none. */
export async function listSandboxMessages(
  { db, sealer }: Pick<CardDeps, 'db' | 'sealer'>,
  platformId: bigint,
): Promise<readonly SandboxMessage[]> {
  const { rows } = await sql<{ id: string; to: string; body: string; createdAt: Date }>`
    select message_id as id, masked_to as "to", body, created_at as "createdAt" from sandbox_message
     where platform_id = ${platformId}
     order by message_id desc limit ${MAX_MESSAGES}`.execute(db);
  return rows.map(({ id, to, body, createdAt }) => ({
    ...{ id: textId('msg', id), to, createdAt },
    text: sealer.open(body, placeOf(platformId, id)),
  }));
}

const placeOf = (platformId: bigint, row: string) => ({
  ...{ platformId, table: 'sandbox_message', column: 'body', row },
});
