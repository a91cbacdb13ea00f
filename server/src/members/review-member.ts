import { sql } from 'kysely';
import { recordChange } from '../audit/index.ts';
import { type Db, inTransaction } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { textId } from '../kernel/id.ts';
import type { MemberDeps } from './add-member.ts';
import { memberNotFound, memberReviewRefused } from './errors.ts';
import { memberUuid } from './member.ts';
import {
  type MemberStatus,
  memberStatus,
  type ReviewAction,
  reviewedStatus,
} from './member-status.ts';
import { readMember } from './read-members.ts';
import { lockMember, setMemberStatus } from './store.ts';

/** A change of a member's status: who decided it, why, and when. Never changed. */
export interface Review {
  /** `rev_…` */
  readonly id: string;
  readonly memberId: string;
  readonly action: string;
  readonly from: MemberStatus;
  readonly to: MemberStatus;
  /** Who decided it, as the platform calls them. */
  readonly reviewer: string;
  readonly apiKey: string;
  readonly reason: string;
  readonly createdAt: Date;
}

/** More reviews than these of one member are not listed: the latest are. */
const MAX_LISTED = 100;

/**
 * Decides on a member: approve or reject an application, restrict, lift the restriction, close for good.
 * Throws AppError: `member_not_found`, `member_review_refused`.
 */
export async function reviewMember(
  { db, clock, newUuid, origin }: MemberDeps,
  platformId: bigint,
  id: string,
  decision: { action: ReviewAction; reviewer: string; reason: string; apiKey: string },
): Promise<Review> {
  const memberId = memberUuid(id);
  if (memberId === undefined) throw new AppError(memberNotFound, { memberId: id });
  const { action, reviewer, reason, apiKey } = decision;
  const reviewId = newUuid();
  const createdAt = clock.now();
  return inTransaction(db, async (tx) => {
    const member = await lockMember(tx, platformId, memberId);
    if (!member) throw new AppError(memberNotFound, { memberId: id });
    const from = member.status;
    const to = reviewedStatus(from, action);
    // The platform's own member holds its public accounts: it is never decided on.
    if (to === undefined || member.kind === 'platform')
      throw new AppError(memberReviewRefused, { memberId: id, memberStatus: from, action });
    await setMemberStatus(tx, { platformId, memberId, status: to });
    await tx
      .insertInto('member_review')
      .values({
        ...{ platform_id: platformId, review_id: reviewId, member_id: memberId, action },
        ...{ from_status: from, to_status: to, reviewer, api_key: apiKey, reason },
        created_at: createdAt,
      })
      .execute();
    await recordChange(tx, platformId, {
      ...{ origin, at: createdAt, action: 'member.reviewed' },
      object: { type: 'member', id },
      before: { status: from },
      after: { status: to, action, reviewer, reason },
    });
    return {
      id: textId('rev', reviewId),
      memberId: id,
      action,
      from,
      to,
      ...{ reviewer, apiKey, reason, createdAt },
    };
  });
}

/** The latest reviews of a member, newest first. Throws AppError: `member_not_found`. */
export async function listReviews(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<readonly Review[]> {
  const member = await readMember({ db }, platformId, id);
  const rows = await db
    .selectFrom('member_review')
    .selectAll()
    .where('platform_id', '=', platformId)
    .where('member_id', '=', sql<string>`${memberUuid(member.id)}`)
    .orderBy('review_id', 'desc')
    .limit(MAX_LISTED)
    .execute();
  return rows.map((row) => ({
    id: textId('rev', row.review_id),
    memberId: member.id,
    action: row.action,
    from: memberStatus(row.from_status),
    to: memberStatus(row.to_status),
    ...{ reviewer: row.reviewer, apiKey: row.api_key, reason: row.reason },
    createdAt: row.created_at,
  }));
}
