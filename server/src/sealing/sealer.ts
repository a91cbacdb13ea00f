import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { AppError } from '../kernel/error.ts';
import type { Random } from '../kernel/random.ts';
import { sealBroken, sealKeyMissing } from './errors.ts';
import type { KeyRing, SealKey } from './key-ring.ts';

/** Where a sealed value is kept. It opens there and nowhere else. */
export interface SealPlace {
  readonly platformId: bigint;
  readonly table: string;
  readonly column: string;
  /** The rest of the row's primary key, as text. */
  readonly row: string;
}

/** What values are compared with each other: those of one field of one platform. */
export interface LookUpField {
  readonly platformId: bigint;
  /** Such as `member.identity_number`; a field of another name has other hashes for the same text. */
  readonly field: string;
}

/**
 * Seals and opens what identifies a person. Everything throws AppError `seal_key_missing` when the server has
 * no keys, so that nothing is ever kept unsealed by mistake.
 */
export interface Sealer {
  /** Seals a text with the current key. Twice the same text gives two sealed texts that tell nothing of it. */
  seal(text: string, place: SealPlace): string;
  /** Opens a sealed text. Throws AppError: `seal_key_missing`, `seal_broken`. */
  open(sealed: string, place: SealPlace): string;
  /** The keyed hash to keep beside a sealed text, so that it can be found. By the current key. */
  lookUpHash(text: string, field: LookUpField): Buffer;
  /** The hashes to search for: by every key, since rows that are yet to be sealed anew have an older one. */
  lookUpHashes(text: string, field: LookUpField): readonly Buffer[];
  /** What a text that is sealed with the current key begins with: all others are to be sealed anew. */
  currentPrefix(): string;
}

/** AES-256-GCM as NIST SP 800-38D has it: 96 random bits of nonce, fit for 2^32 texts a key; a tag of 128. */
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = 'v1';

/** A sealer on the keys of the server; without keys it refuses whatever is asked of it. */
export function openSealer({
  keys,
  random,
}: {
  keys: KeyRing | undefined;
  random: Random;
}): Sealer {
  const ring = (): KeyRing => {
    if (keys) return keys;
    throw new AppError(sealKeyMissing, { keyId: null });
  };
  return {
    seal: (text, place) => seal(text, { key: ring().current, place, nonce: nonceOf(random) }),
    open: (sealed, place) => open(sealed, ring(), place),
    lookUpHash: (text, field) => hash(text, ring().current, field),
    lookUpHashes: (text, field) => ring().all.map((key) => hash(text, key, field)),
    currentPrefix: () => prefixOf(ring().current.id),
  };
}

function seal(
  text: string,
  { key, place, nonce }: { key: SealKey; place: SealPlace; nonce: Uint8Array },
): string {
  const cipher = createCipheriv(CIPHER, key.sealing, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(key.id, place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const bytes = Buffer.concat([nonce, body, cipher.getAuthTag()]);
  return `${prefixOf(key.id)}${bytes.toString('base64url')}`;
}

function open(sealed: string, ring: KeyRing, place: SealPlace): string {
  const { table, column, row } = place;
  const broken = (cause?: unknown) => new AppError(sealBroken, { table, column, row }, { cause });
  const [form, keyId, encoded, ...more] = sealed.split(':');
  if (form !== FORM || keyId === undefined || encoded === undefined || more.length > 0)
    throw broken();
  const key = ring.all.find(({ id }) => id === keyId);
  if (!key) throw new AppError(sealKeyMissing, { keyId });
  const bytes = Buffer.from(encoded, 'base64url');
  // A decoder of base64 skips what it does not know: another text for the same bytes is not ours.
  const isOurs = bytes.toString('base64url') === encoded;
  if (!isOurs || bytes.length < NONCE_BYTES + TAG_BYTES) throw broken();
  try {
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key.sealing, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(key.id, place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch (error) {
    throw broken(error);
  }
}

/** What a sealed text is bound to. JSON of texts, since two different lists never give one JSON text. */
function boundTo(keyId: string, { platformId, table, column, row }: SealPlace): Buffer {
  return Buffer.from(JSON.stringify([FORM, keyId, platformId.toString(), table, column, row]));
}

/** HMAC-SHA-256: without the key, nobody can try all mobiles there are until one has this hash. */
function hash(text: string, key: SealKey, { platformId, field }: LookUpField): Buffer {
  const input = JSON.stringify([platformId.toString(), field, text]);
  return createHmac('sha256', key.lookUp).update(input).digest();
}

const prefixOf = (keyId: string) => `${FORM}:${keyId}:`;
const nonceOf = (random: Random) => random.bytes(NONCE_BYTES);
