import { brokenUnique, type Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import { memberReferenceTaken } from './errors.ts';
import type { Member, MemberKind } from './member.ts';
import { insertMember } from './store.ts';

/** What the use cases of members need. */
export interface MemberDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/** Adds a person or a company. Throws AppError: `member_reference_taken`. */
export async function addMember(
  deps: MemberDeps,
  platformId: bigint,
  input: {
    kind: Exclude<MemberKind, 'platform'>;
    name: string;
    reference?: string | undefined;
    metadata?: Readonly<Record<string, string>> | undefined;
  },
): Promise<Member> {
  const { db, clock, newUuid } = deps;
  const { kind, name, reference, metadata = {} } = input;
  const added = insertMember(db, platformId, {
    memberId: newUuid(),
    kind,
    name,
    reference: reference ?? null,
    metadata,
    createdAt: clock.now(),
  });
  return refuseTakenReference(added, reference);
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
