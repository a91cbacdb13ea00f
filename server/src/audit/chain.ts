import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { auditContent } from './content.ts';
import { type ChainHead, FIRST_HASH, linkHash } from './link.ts';

/** Entries that are put into the chain in one go. */
export const CHAIN_ROUND = 1_000;

/**
 * Puts entries that are not in the chain of the platform yet at its end, at most `CHAIN_ROUND`, and says how
 * many. Whoever writes entries never waits for it. What commits later comes later in the chain; what two
 * transactions wrote at once stands in the order of the numbers. Two processes may do it at once.
 */
export async function chainAudit(db: Db, platformId: bigint): Promise<number> {
  const { rows } = await sql`
    select from audit_pending where platform_id = ${platformId} limit 1`.execute(db);
  if (rows.length === 0) return 0;
  return db.transaction().execute(async (tx) => {
    const head = await lockHead(tx, platformId);
    const pending = await takePending(tx, platformId);
    if (pending.length === 0) return 0;
    let last = head;
    const links = pending.map(({ auditId, content }) => {
      const sequence = last.sequence + 1n;
      const previousHash = last.hash;
      last = { sequence, hash: linkHash(previousHash, sequence, content) };
      return { sequence, auditId, previousHash, hash: last.hash };
    });
    await tx
      .insertInto('audit_link')
      .values(
        links.map(({ sequence, auditId, previousHash, hash }) => ({
          ...{ platform_id: platformId, sequence, audit_id: auditId },
          ...{ previous_hash: previousHash, hash },
        })),
      )
      .execute();
    await tx
      .updateTable('audit_head')
      .set({ sequence: last.sequence, hash: last.hash })
      .where('platform_id', '=', platformId)
      .execute();
    return links.length;
  });
}

async function lockHead(tx: Db, platformId: bigint): Promise<ChainHead> {
  await tx
    .insertInto('audit_head')
    .values({ platform_id: platformId, sequence: 0n, hash: FIRST_HASH })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return tx
    .selectFrom('audit_head')
    .select(['sequence', 'hash'])
    .where('platform_id', '=', platformId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** Takes the first of those that wait. One whose entry is gone stays behind, for `verifyAudit` to tell of. */
async function takePending(
  tx: Db,
  platformId: bigint,
): Promise<readonly { auditId: bigint; content: string }[]> {
  const { rows } = await sql<{ auditId: bigint; content: string }>`
    with taken as (
      select p.audit_id, ${auditContent('e')} as content
        from audit_pending p
        join audit_entry e on e.platform_id = p.platform_id and e.audit_id = p.audit_id
       where p.platform_id = ${platformId} order by p.audit_id limit ${CHAIN_ROUND}
    ), gone as (
      delete from audit_pending p using taken t where p.platform_id = ${platformId} and p.audit_id = t.audit_id
    )
    select audit_id as "auditId", content from taken order by audit_id`.execute(tx);
  return rows;
}
