import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import type { Random } from '../kernel/random.ts';
import type { Authenticator } from './authenticator.ts';
import { apiKeyNotFound } from './errors.ts';
import { digestOf, keyText, keyTextId, keyUuidOf, newSecret } from './key-text.ts';
import { type Scope, scopesOf } from './scope.ts';

/** What is known of a key after it was made: not its secret. */
export interface ApiKey {
  /** `key_…` */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** What the use cases of keys need. */
export interface KeyDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly newUuid: NewUuid;
  readonly authenticator: Authenticator;
}

/** Keys of one platform, revoked ones included, that one list shows. */
const MAX_LISTED = 1000;

/** Makes a key. `secret` is the whole text to send; it is kept nowhere, and cannot be shown again. */
export async function createApiKey(
  { db, clock, random, newUuid }: Omit<KeyDeps, 'authenticator'>,
  input: { platformId: bigint; name: string; scopes: readonly Scope[] },
): Promise<ApiKey & { secret: string }> {
  const { platformId, name } = input;
  const keyId = newUuid();
  const secret = newSecret(random);
  const createdAt = clock.now();
  const scopes = [...new Set(input.scopes)];
  await db
    .insertInto('api_key')
    .values({
      platform_id: platformId,
      api_key_id: keyId,
      name,
      digest: digestOf(secret),
      scopes,
      created_at: createdAt,
    })
    .execute();
  return {
    id: keyTextId(keyId),
    name,
    scopes,
    createdAt,
    revokedAt: null,
    secret: keyText({ platformId, keyId, secret }),
  };
}

/** The platform's keys, newest first. */
export async function listApiKeys({ db }: { db: Db }, platformId: bigint): Promise<ApiKey[]> {
  const rows = await db
    .selectFrom('api_key')
    .select(['api_key_id', 'name', 'scopes', 'created_at', 'revoked_at'])
    .where('platform_id', '=', platformId)
    .orderBy('api_key_id', 'desc')
    .limit(MAX_LISTED)
    .execute();
  return rows.map((row) => ({
    id: keyTextId(row.api_key_id),
    name: row.name,
    scopes: scopesOf(row.scopes),
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  }));
}

/**
 * Revokes a key: at once in this process, within two seconds in others. Revoking it again changes nothing.
 * Throws `api_key_not_found`.
 */
export async function revokeApiKey(
  { db, clock, authenticator }: Pick<KeyDeps, 'db' | 'clock' | 'authenticator'>,
  { platformId, keyId }: { platformId: bigint; keyId: string },
): Promise<void> {
  const uuid = keyUuidOf(keyId);
  const row = uuid
    ? await db
        .updateTable('api_key')
        .set(({ fn, val }) => ({ revoked_at: fn.coalesce('revoked_at', val(clock.now())) }))
        .where('platform_id', '=', platformId)
        .where('api_key_id', '=', uuid)
        .returning('api_key_id')
        .executeTakeFirst()
    : undefined;
  if (!row) throw new AppError(apiKeyNotFound, { apiKey: keyId });
  authenticator.forget(keyId);
}
