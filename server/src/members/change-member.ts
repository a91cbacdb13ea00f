import { recordChange } from '../audit/index.ts';
import { inTransaction } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { writeEvents } from '../outbox/index.ts';
import { type MemberDeps, memberFacts, refuseTakenReference } from './add-member.ts';
import { memberNotFound } from './errors.ts';
import { type Member, memberUuid } from './member.ts';
import { lockMember, type MemberChange, updateMember } from './store.ts';

/**
 * Changes name, reference or metadata, whichever is named. Throws AppError: `member_not_found`,
 * `member_reference_taken`.
 */
export async function changeMember(
  { db, clock, origin }: Omit<MemberDeps, 'newUuid'>,
  platformId: bigint,
  id: string,
  change: MemberChange,
): Promise<Member> {
  const uuid = memberUuid(id);
  const at = clock.now();
  const work =
    uuid !== undefined &&
    inTransaction(db, async (tx) => {
      const before = await lockMember(tx, platformId, uuid);
      const after = before && (await updateMember(tx, platformId, uuid, change));
      if (!after) return undefined;
      await recordChange(tx, platformId, {
        ...{ origin, at, action: 'member.changed' },
        object: { type: 'member', id },
        before: memberFacts(before),
        after: { ...memberFacts(after), changed: changedOf(change) },
      });
      const event = { type: 'member.changed', objectId: id, data: {}, createdAt: at };
      await writeEvents(tx, platformId, [event]);
      return after;
    });
  const changed = work && (await refuseTakenReference(work, change.reference));
  if (!changed) throw new AppError(memberNotFound, { memberId: id });
  return changed;
}

/** Which fields were set: a masked name does not show that it is another. */
function changedOf({ name, reference, metadata }: MemberChange): string[] {
  return Object.entries({ metadata, name, reference }).flatMap(([field, value]) =>
    value === undefined ? [] : [field],
  );
}
