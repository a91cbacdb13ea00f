import type { Db } from '../db/database.ts';
import { textArray } from '../db/wire.ts';
import { dataJson, type NewEvent } from './event.ts';

/** A statement with its values, as a document writer of the ledger or a session sends it. */
interface EventStatement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The statement that writes events, for a document writer: it travels in the transaction that moves the money, behind
 * the statements that change what the events tell of.
 */
export function eventStatement(platformId: bigint, events: readonly NewEvent[]): EventStatement {
  return {
    name: 'outbox_write',
    text: `insert into outbox (platform_id, type, object_id, data, created_at)
             select $1, v.type, v.object_id, v.data::jsonb, v.created_at::timestamptz
               from unnest($2::text[], $3::text[], $4::text[], $5::text[]) v (type, object_id, data, created_at)`,
    values: [
      platformId,
      textArray(events.map(({ type }) => type)),
      textArray(events.map(({ objectId }) => objectId)),
      textArray(events.map(({ data }) => dataJson(data))),
      textArray(events.map(({ createdAt }) => createdAt.toISOString())),
    ],
  };
}

/**
 * Writes events in a transaction of one's own, after the statements that change what they tell of: two events of
 * one object are in the order in which those waited for each other.
 */
export async function writeEvents(
  tx: Db,
  platformId: bigint,
  events: readonly NewEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ type, objectId, data, createdAt }) => ({
    ...{ type, object_id: objectId },
    ...{ data: dataJson(data), created_at: createdAt },
  }));
  await tx
    .insertInto('outbox')
    .values(rows.map((row) => ({ platform_id: platformId, ...row })))
    .execute();
}
