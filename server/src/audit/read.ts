import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { textMoveId } from '../kernel/id.ts';
import { type Origin, originKind } from './origin.ts';

/** The text id of an entry: `aud_…`. */
export const auditTextId = (auditId: bigint): string => textMoveId('aud', auditId);

/** One entry of the audit log. */
export interface AuditEntry {
  /** `aud_…` */
  readonly id: string;
  readonly at: Date;
  readonly origin: Origin;
  readonly action: string;
  readonly object: { readonly type: string; readonly id: string };
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  /** Its place in the chain and the hash of its link; null for the moment until it has one. */
  readonly sequence: bigint | null;
  readonly hash: string | null;
}

/** Which entries to list. `from` counts, `to` does not. `before` is the number of an entry. */
export interface AuditFilter {
  readonly action?: string | undefined;
  readonly objectType?: string | undefined;
  readonly object?: string | undefined;
  /** The name of who asked: `key_…`. */
  readonly origin?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly before?: bigint | undefined;
  readonly limit: number;
}

/** Entries of the audit log, newest first. `next`: where the next page begins. */
export async function listAuditEntries(
  { db }: { db: Db },
  platformId: bigint,
  filter: AuditFilter,
): Promise<{ entries: readonly AuditEntry[]; next: bigint | undefined }> {
  const { action, objectType, object, origin, from, to, before, limit } = filter;
  const { rows } = await sql<EntryRow>`
    select e.*, l.sequence, encode(l.hash, 'hex') as hash
      from audit_entry e
      left join audit_link l on l.platform_id = e.platform_id and l.audit_id = e.audit_id
     where e.platform_id = ${platformId}
       ${action === undefined ? sql`` : sql`and e.action = ${action}`}
       ${objectType === undefined ? sql`` : sql`and e.object_type = ${objectType}`}
       ${object === undefined ? sql`` : sql`and e.object_id = ${object}`}
       ${origin === undefined ? sql`` : sql`and e.origin_name = ${origin}`}
       ${from === undefined ? sql`` : sql`and e.at >= ${from}`}
       ${to === undefined ? sql`` : sql`and e.at < ${to}`}
       ${before === undefined ? sql`` : sql`and e.audit_id < ${before}`}
     order by e.audit_id desc limit ${limit + 1}`.execute(db);
  const page = rows.slice(0, limit);
  return {
    entries: page.map(toEntry),
    next: rows.length > limit ? page.at(-1)?.audit_id : undefined,
  };
}

interface EntryRow {
  readonly audit_id: bigint;
  readonly at: Date;
  readonly origin_kind: string;
  readonly origin_name: string;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly action: string;
  readonly object_type: string;
  readonly object_id: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly sequence: bigint | null;
  readonly hash: string | null;
}

function toEntry(row: EntryRow): AuditEntry {
  const { at, action, before, after, sequence, hash } = row;
  return {
    id: auditTextId(row.audit_id),
    at,
    origin: {
      kind: originKind(row.origin_kind),
      name: row.origin_name,
      address: row.address,
      requestId: row.request_id,
    },
    action,
    object: { type: row.object_type, id: row.object_id },
    ...{ before, after, sequence, hash },
  };
}
