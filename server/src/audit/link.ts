import { createHash } from 'node:crypto';

/** What the chain of a platform begins with. */
export const FIRST_HASH: Buffer = Buffer.alloc(32);

/** A link as it is stored, with what its entry says now. */
export interface StoredLink {
  readonly sequence: bigint;
  readonly auditId: bigint;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  /** The entry as text; null when there is none. */
  readonly content: string | null;
}

/** Where a chain ends: the place of its last link, and the hash of that. */
export interface ChainHead {
  readonly sequence: bigint;
  readonly hash: Buffer;
}

/** SHA-256 over the hash of the link before, the place as 8 bytes, and the entry's text. */
export function linkHash(previous: Uint8Array, sequence: bigint, content: string): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigInt64BE(sequence);
  return createHash('sha256').update(previous).update(place).update(content).digest();
}

/** Something that is wrong with a chain. */
export interface AuditFinding {
  /** The entry or the place in the chain. */
  readonly subject: string;
  readonly detail: string;
}

/**
 * What is wrong with a link that should follow `last`. An entry that was altered is named alone: the links
 * after it are held against what is stored, so that they are not named with it.
 */
export function checkLink(last: ChainHead, link: StoredLink, name: string): AuditFinding[] {
  const { sequence, previousHash, hash, content } = link;
  const found: AuditFinding[] = [];
  const place = `place ${sequence}`;
  const expected = last.sequence + 1n;
  if (sequence !== expected) {
    const gone =
      sequence - expected === 1n
        ? `place ${expected} is`
        : `places ${expected} to ${sequence - 1n} are`;
    found.push({ subject: place, detail: `${gone} missing from the chain` });
  } else if (!previousHash.equals(last.hash)) {
    found.push({
      subject: place,
      detail: `does not follow place ${last.sequence}: links were exchanged or replaced`,
    });
  }
  if (content === null) {
    found.push({ subject: name, detail: `was removed; it stood at ${place}` });
  } else if (!linkHash(previousHash, sequence, content).equals(hash)) {
    found.push({
      subject: name,
      detail: `was altered, or stands in the place of another, at ${place}`,
    });
  }
  return found;
}
