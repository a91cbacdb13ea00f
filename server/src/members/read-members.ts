import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { memberNotActive, memberNotFound } from './errors.ts';
import { type Member, memberUuid } from './member.ts';
import { holdStatus, selectMember, selectMembers } from './store.ts';

/** One member by `mem_…`. Throws AppError: `member_not_found`. */
export async function readMember(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<Member> {
  const uuid = memberUuid(id);
  const member = uuid && (await selectMember(db, platformId, uuid));
  if (!member) throw new AppError(memberNotFound, { memberId: id });
  return member;
}

/**
 * Members in the order in which they were added, below the one whose id is `after`; with a reference, the one
 * that has it. `next`: the id to go on after, when there are more.
 */
export async function listMembers(
  { db }: { db: Db },
  platformId: bigint,
  filter: { reference?: string | undefined; after?: string | undefined; limit: number },
): Promise<{ members: readonly Member[]; next: string | undefined }> {
  const { reference, after, limit } = filter;
  const found = await selectMembers(db, platformId, {
    reference,
    after: after === undefined ? undefined : memberUuid(after),
    limit: limit + 1,
  });
  const members = found.slice(0, limit);
  return { members, next: found.length > limit ? members.at(-1)?.id : undefined };
}

/**
 * Makes sure that a member may begin something new, and stays so until the transaction ends. `field`: where
 * the caller named it. Throws AppError: `member_not_found`, `member_not_active`.
 */
export async function requireActiveMember(
  tx: Db,
  platformId: bigint,
  { memberId, field }: { memberId: string; field?: string },
): Promise<void> {
  const uuid = memberUuid(memberId);
  const named = { memberId, ...(field === undefined ? {} : { field }) };
  const status = uuid && (await holdStatus(tx, platformId, uuid));
  if (!status) throw new AppError(memberNotFound, named);
  if (status !== 'active') throw new AppError(memberNotActive, { ...named, memberStatus: status });
}
