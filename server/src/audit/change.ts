import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type Origin, SYSTEM } from './origin.ts';

/** What is told of an object before or after a change. Amounts in minor units, written as text. */
export type AuditFacts = Readonly<
  Record<string, string | number | bigint | boolean | null | readonly string[]>
>;

/** One change of state. */
export interface Change {
  /** Who asked; the server by itself when it is left out. */
  readonly origin?: Origin | undefined;
  readonly at: Date;
  /** The kind of object and what became of it: `api_key.revoked`. */
  readonly action: `${string}.${string}`;
  readonly object: { readonly type: string; readonly id: string };
  /** Null for what was not there before. Personal data only as `masked` shows it. */
  readonly before: AuditFacts | null;
  readonly after: AuditFacts | null;
}

const COLUMNS =
  'at, origin_kind, origin_name, address, request_id, action, object_type, object_id, before, after';

const RECORD = `(at timestamptz, origin_kind text, origin_name text, address text, request_id text,
  action text, object_type text, object_id text, before jsonb, after jsonb)`;

/**
 * Writes a change down in the transaction that makes it: both are there, or neither. Throws when it is given
 * anything but a transaction.
 */
export async function recordChange(tx: Db, platformId: bigint, change: Change): Promise<void> {
  if (!tx.isTransaction)
    throw new TypeError('a change is recorded in the transaction of the change');
  await sql`
    insert into audit_entry (platform_id, ${sql.raw(COLUMNS)})
    select ${platformId}::bigint, c.* from jsonb_to_recordset(${changesJson([change])}::jsonb)
      as c ${sql.raw(RECORD)}`.execute(tx);
}

/**
 * The same for a document's writer, as a part of its `with`: `audited as (…)`. The platform is `$1`, and
 * `changesJson` is the parameter with the number that is given.
 */
export function auditedBy(parameter: number): string {
  return `audited as (
    insert into audit_entry (platform_id, ${COLUMNS})
    select $1::bigint, c.* from jsonb_to_recordset($${parameter}::jsonb) as c ${RECORD})`;
}

/** Changes as JSON, for `auditedBy`. */
export function changesJson(changes: readonly Change[]): string {
  const rows = changes.map(({ origin = SYSTEM, at, action, object, before, after }) => ({
    at: at.toISOString(),
    origin_kind: origin.kind,
    origin_name: origin.name,
    address: origin.address,
    request_id: origin.requestId,
    action,
    object_type: object.type,
    object_id: object.id,
    before,
    after,
  }));
  return JSON.stringify(rows, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** A name as it may stand here: its first character, and how many follow. */
export function masked(text: string): string {
  const [first = '', ...others] = text;
  return `${first}${'*'.repeat(Math.min(others.length, MASKED_CHARACTERS))}`;
}

/** Longer names are not told apart by their length. */
const MASKED_CHARACTERS = 8;
