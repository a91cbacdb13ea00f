import { masked, type Originated, recordChange } from '../audit/index.ts';
import { brokenUnique, type Db, inTransaction } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import { writeEvents } from '../outbox/index.ts';
import { memberReferenceTaken } from './errors.ts';
import type { Member, MemberKind } from './member.ts';
import { insertMember } from './store.ts';

/** What the use cases of members need. */
export interface MemberDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/**
 * Adds a person, a sole trader or a company: active, unless it is to be reviewed first. Throws AppError:
 * `member_reference_taken`.
 */
export async function addMember(
  deps: MemberDeps,
  platformId: bigint,
  input: {
    kind: Exclude<MemberKind, 'platform'>;
    name: string;
    status?: 'applying' | 'active' | undefined;
    reference?: string | undefined;
    metadata?: Readonly<Record<string, string>> | undefined;
  },
): Promise<Member> {
  const { db, clock, newUuid, origin } = deps;
  const { kind, name, status = 'active', reference, metadata = {} } = input;
  const at = clock.now();
  const added = inTransaction(db, async (tx) => {
    const member = await insertMember(tx, platformId, {
      memberId: newUuid(),
      kind,
      name,
      status,
      reference: reference ?? null,
      metadata,
      createdAt: at,
    });
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'member.added', before: null },
      object: { type: 'member', id: member.id },
      after: { kind, status, ...memberFacts(member) },
    });
    const event = { type: 'member.added', objectId: member.id, data: { kind }, createdAt: at };
    await writeEvents(tx, platformId, [event]);
    return member;
  });
  return refuseTakenReference(added, reference);
}

/** What the audit log tells of a member: names masked, and of the platform's own notes only which there are. */
export function memberFacts({ name, reference, metadata }: Member) {
  return { name: masked(name), reference, metadata: Object.keys(metadata).sort() };
}

/** Turns the broken unique key of references into the error that says so. */
export async function refuseTakenReference<T>(
  work: Promise<T>,
  reference: string | null | undefined,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (reference && brokenUnique(error) === 'member_platform_id_reference_key') {
      throw new AppError(memberReferenceTaken, { reference }, { cause: error });
    }
    throw error;
  }
}
