import { hash, timingSafeEqual } from 'node:crypto';
import { textId, uuidOf } from '../kernel/id.ts';
import type { Random } from '../kernel/random.ts';

const KEY = /^gj_([1-9]\d{0,17})_([0-9a-hjkmnp-tv-z]{26})_([\w-]{43})$/;
const SECRET_BYTES = 32;
const ID_PREFIX = 'key';

/** An API key taken apart. */
export interface KeyParts {
  readonly platformId: bigint;
  /** The UUID of the key. */
  readonly keyId: string;
  readonly secret: string;
}

/** The text id of a key: `key_…`. */
export const keyTextId = (uuid: string) => textId(ID_PREFIX, uuid);
/** The UUID behind it; undefined when the text is none. */
export const keyUuidOf = (text: string) => uuidOf(ID_PREFIX, text);

/** A fresh secret: 256 random bits as base64url. */
export function newSecret(random: Random): string {
  return Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
}

/** The text that a caller sends: `gj_<platform>_<26 digits of the key's id>_<43 characters of the secret>`. */
export function keyText({ platformId, keyId, secret }: KeyParts): string {
  return `gj_${platformId}_${keyTextId(keyId).slice(ID_PREFIX.length + 1)}_${secret}`;
}

/** Takes a key apart; undefined for a text that is none. */
export function parseKeyText(text: string): KeyParts | undefined {
  const [, platform, id, secret] = KEY.exec(text) ?? [];
  const keyId = id && keyUuidOf(`${ID_PREFIX}_${id}`);
  if (!platform || !keyId || !secret) return undefined;
  return { platformId: BigInt(platform), keyId, secret };
}

/** What is kept of a secret. It is random and long, so a plain SHA-256 is enough. */
export function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** True when the secret is the one with that digest; takes the same time for every wrong one. */
export function secretMatches(secret: string, digest: Uint8Array): boolean {
  return timingSafeEqual(digestOf(secret), digest);
}
