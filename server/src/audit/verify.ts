import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { auditContent } from './content.ts';
import {
  type AuditFinding,
  type ChainHead,
  checkLink,
  FIRST_HASH,
  type StoredLink,
} from './link.ts';
import { auditTextId } from './read.ts';

/** Links read at once. */
const PAGE = 5_000;
/** Findings told: the first few say what is wrong. */
const MAX_FINDINGS = 20;

/** What holding the audit log against its chain gave. */
export interface AuditVerified {
  readonly findings: readonly AuditFinding[];
  /** Where the chain ends now. Kept elsewhere, it shows later that nothing before it was made anew. */
  readonly head: { readonly sequence: bigint; readonly hash: string };
}

/**
 * Computes the chain of a platform's audit log anew, in one snapshot, and names entries that were altered,
 * removed, put in or reordered, and an end that was cut off. Entries that wait for their place are no finding:
 * a server puts them into the chain within seconds.
 */
export async function verifyAudit(db: Db, platformId: bigint): Promise<AuditVerified> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx);
      const { findings, last } = await walk(tx, platformId);
      const found = [
        ...findings,
        ...(await checkHead(tx, platformId, last)),
        ...(await checkUnlinked(tx, platformId)),
      ];
      const head = { sequence: last.sequence, hash: last.hash.toString('hex') };
      return { findings: found.slice(0, MAX_FINDINGS), head };
    });
}

async function walk(
  tx: Db,
  platformId: bigint,
): Promise<{ findings: AuditFinding[]; last: ChainHead }> {
  const findings: AuditFinding[] = [];
  let last: ChainHead = { sequence: 0n, hash: FIRST_HASH };
  for (;;) {
    const links = await readLinks(tx, platformId, last.sequence);
    for (const link of links) {
      if (findings.length < MAX_FINDINGS) {
        findings.push(...checkLink(last, link, `audit entry ${auditTextId(link.auditId)}`));
      }
      last = { sequence: link.sequence, hash: link.hash };
    }
    if (links.length < PAGE) return { findings, last };
  }
}

async function readLinks(
  tx: Db,
  platformId: bigint,
  after: bigint,
): Promise<readonly StoredLink[]> {
  const { rows } = await sql<StoredLink>`
    select l.sequence, l.audit_id as "auditId", l.previous_hash as "previousHash", l.hash,
           ${auditContent('e')} as content
      from audit_link l
      left join audit_entry e on e.platform_id = l.platform_id and e.audit_id = l.audit_id
     where l.platform_id = ${platformId} and l.sequence > ${after}
     order by l.sequence limit ${PAGE}`.execute(tx);
  return rows;
}

async function checkHead(tx: Db, platformId: bigint, last: ChainHead): Promise<AuditFinding[]> {
  const head = await tx
    .selectFrom('audit_head')
    .select(['sequence', 'hash'])
    .where('platform_id', '=', platformId)
    .executeTakeFirst();
  const { sequence, hash } = head ?? { sequence: 0n, hash: FIRST_HASH };
  if (sequence === last.sequence && hash.equals(last.hash)) return [];
  const detail =
    sequence === last.sequence
      ? 'has another hash than was noted when it was added'
      : `is at place ${last.sequence}, and place ${sequence} was reached: links were removed or put in`;
  return [{ subject: 'the end of the chain', detail }];
}

/** Entries outside the chain that do not wait for it either, and waiting places whose entry is gone. */
async function checkUnlinked(tx: Db, platformId: bigint): Promise<AuditFinding[]> {
  const { rows } = await sql<{ auditId: bigint; isThere: boolean }>`
    (select e.audit_id as "auditId", true as "isThere" from audit_entry e
      where e.platform_id = ${platformId}
        and not exists (select from audit_link l where l.platform_id = ${platformId} and l.audit_id = e.audit_id)
        and not exists (select from audit_pending p where p.platform_id = ${platformId} and p.audit_id = e.audit_id)
      order by e.audit_id limit ${MAX_FINDINGS})
    union all
    (select p.audit_id, false from audit_pending p
      where p.platform_id = ${platformId}
        and not exists (select from audit_entry e where e.platform_id = ${platformId} and e.audit_id = p.audit_id)
      order by p.audit_id limit ${MAX_FINDINGS})`.execute(tx);
  return rows.map(({ auditId, isThere }) => ({
    subject: `audit entry ${auditTextId(auditId)}`,
    detail: isThere
      ? 'is not in the chain: its link was removed'
      : 'was removed before it was in the chain',
  }));
}
