import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Random } from '../kernel/random.ts';

/** The keys that a server has: the first seals, all of them open. Their bytes are never printed. */
export interface KeyRing {
  readonly current: SealKey;
  readonly all: readonly SealKey[];
}

/** One master key, as the two keys that are derived of it: no key is used for two things. */
export interface SealKey {
  /** Names it in sealed texts; tells nothing about it. */
  readonly id: string;
  readonly sealing: KeyObject;
  readonly lookUp: KeyObject;
}

const KEY_BYTES = 32;
const ID_BYTES = 4;
/** A ring is opened with on every look-up: old keys are to be taken out when nothing is sealed with them. */
const MAX_KEYS = 8;
/** `name:key`, the key being 32 bytes in base64 or base64url. */
const ENTRY = /^([a-z0-9]{1,16}):([A-Za-z0-9+/_-]{43})=?$/;

/** What a text of keys must be, as the end of the sentence "must be …". */
export const KEYS_ALLOWED = `1 to ${MAX_KEYS} keys as name:key, the current one first, separated by commas; a name is 1 to 16 small letters and digits, a key 32 bytes in base64`;

/**
 * Reads keys, the current one first, separated by commas or white space; undefined when they are not such as
 * KEYS_ALLOWED says, or when two have one name.
 */
export function parseKeys(text: string): KeyRing | undefined {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  if (entries.length > MAX_KEYS) return undefined;
  const keys: SealKey[] = [];
  for (const entry of entries) {
    const [, id, encoded] = ENTRY.exec(entry) ?? [];
    if (id === undefined || encoded === undefined) return undefined;
    if (keys.some((key) => key.id === id)) return undefined;
    keys.push(sealKey(id, Buffer.from(encoded, 'base64')));
  }
  const [current] = keys;
  return current && { current, all: keys };
}

/** A new key with a name of its own, as `parseKeys` reads it. */
export function newKey(random: Random): string {
  const id = Buffer.from(random.bytes(ID_BYTES)).toString('hex');
  return `${id}:${Buffer.from(random.bytes(KEY_BYTES)).toString('base64')}`;
}

function sealKey(id: string, master: Buffer): SealKey {
  return { id, sealing: derive(master, 'guanjia seal'), lookUp: derive(master, 'guanjia look-up') };
}

/** HKDF with SHA-256 (RFC 5869). No salt: the master key is random already, and all servers must agree. */
function derive(master: Buffer, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', master, '', purpose, KEY_BYTES)));
}
