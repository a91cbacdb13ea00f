import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { refuseTakenReference } from './add-member.ts';
import { memberNotFound } from './errors.ts';
import { type Member, memberUuid } from './member.ts';
import { type MemberChange, updateMember } from './store.ts';

/**
 * Changes name, reference or metadata, whichever is named. Throws AppError: `member_not_found`,
 * `member_reference_taken`.
 */
export async function changeMember(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
  change: MemberChange,
): Promise<Member> {
  const uuid = memberUuid(id);
  const changed =
    uuid &&
    (await refuseTakenReference(updateMember(db, platformId, uuid, change), change.reference));
  if (!changed) throw new AppError(memberNotFound, { memberId: id });
  return changed;
}
