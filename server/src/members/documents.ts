import { sql } from 'kysely';
import { recordChange } from '../audit/index.ts';
import { type Db, inTransaction } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { textId } from '../kernel/id.ts';
import type { MemberDeps } from './add-member.ts';
import { memberClosed, memberNotFound } from './errors.ts';
import { memberUuid } from './member.ts';
import { readMember } from './read-members.ts';
import { lockMember } from './store.ts';

/** What a paper is. */
export const DOCUMENT_KINDS = ['identity_card', 'business_licence', 'agreement', 'other'] as const;

/** A paper of a member. The platform keeps the file; this says where, and by its digest which file it was. */
export interface MemberDocument {
  /** `mdc_…` */
  readonly id: string;
  readonly kind: string;
  readonly reference: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly createdAt: Date;
}

/** More papers than these of one member are not listed: the latest are. */
const MAX_LISTED = 100;

/** Records a paper. Throws AppError: `member_not_found`, `member_closed`. */
export async function addDocument(
  { db, clock, newUuid, origin }: MemberDeps,
  platformId: bigint,
  id: string,
  document: { kind: (typeof DOCUMENT_KINDS)[number]; reference: string; sha256: string },
): Promise<MemberDocument> {
  const memberId = memberUuid(id);
  if (memberId === undefined) throw new AppError(memberNotFound, { memberId: id });
  const { kind, reference } = document;
  const sha256 = document.sha256.toLowerCase();
  const documentId = newUuid();
  const createdAt = clock.now();
  return inTransaction(db, async (tx) => {
    const member = await lockMember(tx, platformId, memberId);
    if (!member) throw new AppError(memberNotFound, { memberId: id });
    if (member.status === 'closed') throw new AppError(memberClosed, { memberId: id });
    await tx
      .insertInto('member_document')
      .values({
        ...{ platform_id: platformId, document_id: documentId, member_id: memberId },
        ...{ kind, reference, sha256: Buffer.from(sha256, 'hex'), created_at: createdAt },
      })
      .execute();
    await recordChange(tx, platformId, {
      ...{ origin, at: createdAt, action: 'member.document_added', before: null },
      object: { type: 'member', id },
      after: { document: textId('mdc', documentId), kind, reference, sha256 },
    });
    return { id: textId('mdc', documentId), kind, reference, sha256, createdAt };
  });
}

/** The latest papers of a member, newest first. Throws AppError: `member_not_found`. */
export async function listDocuments(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<readonly MemberDocument[]> {
  const member = await readMember({ db }, platformId, id);
  const rows = await db
    .selectFrom('member_document')
    .selectAll()
    .where('platform_id', '=', platformId)
    .where('member_id', '=', sql<string>`${memberUuid(member.id)}`)
    .orderBy('document_id', 'desc')
    .limit(MAX_LISTED)
    .execute();
  return rows.map((row) => ({
    ...{ id: textId('mdc', row.document_id), kind: row.kind, reference: row.reference },
    ...{ sha256: row.sha256.toString('hex'), createdAt: row.created_at },
  }));
}
