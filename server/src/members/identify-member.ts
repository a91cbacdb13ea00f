import { type Originated, recordChange } from '../audit/index.ts';
import { type Db, inTransaction } from '../db/database.ts';
import { dateInZone } from '../kernel/business-date.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { Sealer } from '../sealing/index.ts';
import {
  memberClosed,
  memberIdentityInvalid,
  memberIdentityMissing,
  memberNotFound,
} from './errors.ts';
import {
  type Identity,
  type IdentityInput,
  type MaskedIdentity,
  maskIdentity,
  parseIdentity,
} from './identity.ts';
import { renewSome, selectIdentity, upsertIdentity } from './identity-store.ts';
import { memberUuid } from './member.ts';
import { readMember } from './read-members.ts';
import { lockMember } from './store.ts';

/** What the use cases of identities need. */
export interface IdentityDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly sealer: Sealer;
}

/** Where identity numbers are given out: dates of birth are dates there. */
const ZONE = 'Asia/Shanghai';
/** Identities that are sealed anew before we look at the rest. */
const RENEWED_AT_ONCE = 200;

/**
 * Keeps what identifies a member, sealed, in place of what was kept before. A person has an identity number, a
 * company a unified social credit code, a sole trader both.
 *
 * Throws AppError: `member_not_found`, `member_closed`, `member_identity_invalid`.
 */
export async function identifyMember(
  { db, clock, sealer, origin }: IdentityDeps,
  platformId: bigint,
  id: string,
  input: IdentityInput,
): Promise<MaskedIdentity> {
  const memberId = memberUuid(id);
  if (memberId === undefined) throw new AppError(memberNotFound, { memberId: id });
  const updatedAt = clock.now();
  return inTransaction(db, async (tx) => {
    const member = await lockMember(tx, platformId, memberId);
    if (!member) throw new AppError(memberNotFound, { memberId: id });
    const { kind, status } = member;
    if (status === 'closed') throw new AppError(memberClosed, { memberId: id });
    const parsed = parseIdentity(input, { kind, today: dateInZone(updatedAt, ZONE) });
    if ('errors' in parsed) throw new AppError(memberIdentityInvalid, { errors: parsed.errors });
    const { identity } = parsed;
    await upsertIdentity({ db: tx, sealer }, { platformId, memberId }, { identity, updatedAt });
    const masked = maskIdentity(identity, kind);
    await recordChange(tx, platformId, {
      ...{ origin, at: updatedAt, action: 'member.identified', before: null },
      object: { type: 'member', id },
      after: { ...masked },
    });
    return { ...masked, updatedAt };
  });
}

/** What identifies a member, masked. Throws AppError: `member_not_found`, `member_identity_missing`. */
export async function readIdentity(
  deps: Pick<IdentityDeps, 'db' | 'sealer'>,
  platformId: bigint,
  id: string,
): Promise<MaskedIdentity> {
  const member = await readMember(deps, platformId, id);
  const memberId = memberUuid(member.id);
  const kept = memberId && (await selectIdentity(deps, { platformId, memberId }));
  if (!kept) throw new AppError(memberIdentityMissing, { memberId: id });
  return { ...maskIdentity(kept.identity, member.kind), updatedAt: kept.updatedAt };
}

/**
 * What identifies a member, in full. That it was shown, to whom and why, is in the audit log before it is answered.
 * Throws AppError: `member_not_found`, `member_identity_missing`.
 */
export async function unmaskIdentity(
  { db, clock, sealer, origin }: IdentityDeps,
  platformId: bigint,
  id: string,
  { reason }: { reason: string },
): Promise<Identity> {
  return inTransaction(db, async (tx) => {
    const { id: memberId } = await readMember({ db: tx }, platformId, id);
    const uuid = memberUuid(memberId);
    const kept = uuid && (await selectIdentity({ db: tx, sealer }, { platformId, memberId: uuid }));
    if (!kept) throw new AppError(memberIdentityMissing, { memberId });
    await recordChange(tx, platformId, {
      ...{ origin, at: clock.now(), action: 'member.identity_unmasked', before: null },
      object: { type: 'member', id: memberId },
      after: { reason },
    });
    return kept.identity;
  });
}

/**
 * Seals all identities of a platform anew that were sealed with an older key, a few at a time, and gives their
 * number. Throws AppError `seal_key_missing` when the key of one is not there.
 */
export async function renewIdentities(
  deps: Pick<IdentityDeps, 'db' | 'sealer'>,
  platformId: bigint,
): Promise<number> {
  let renewed = 0;
  // Ends: each round seals what it found, or somebody else did, with the current key.
  for (;;) {
    const found = await renewSome(deps, platformId, RENEWED_AT_ONCE);
    renewed += found;
    if (found < RENEWED_AT_ONCE) return renewed;
  }
}
