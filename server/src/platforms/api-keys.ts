import { type Originated, recordChange } from '../audit/index.ts';
import { type Db, inTransaction } from '../db/database.ts';
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
export interface KeyDeps extends Originated {
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
  { db, clock, random, newUuid, origin }: Omit<KeyDeps, 'authenticator'>,
  input: { platformId: bigint; name: string; scopes: readonly Scope[] },
): Promise<ApiKey & { secret: string }> {
  const { platformId, name } = input;
  const keyId = newUuid();
  const secret = newSecret(random);
  const createdAt = clock.now();
  const scopes = [...new Set(input.scopes)];
  await inTransaction(db, async (tx) => {
    await tx
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
    await recordChange(tx, platformId, {
      ...{ origin, at: createdAt, action: 'api_key.created', before: null },
      object: { type: 'api_key', id: keyTextId(keyId) },
      after: { name, scopes },
    });
  });
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
  { db, clock, authenticator, origin }: Omit<KeyDeps, 'random' | 'newUuid'>,
  { platformId, keyId }: { platformId: bigint; keyId: string },
): Promise<void> {
  const uuid = keyUuidOf(keyId);
  const at = clock.now();
  const isKnown =
    uuid !== undefined &&
    (await inTransaction(db, async (tx) => {
      const key = await lockKey(tx, platformId, uuid);
      if (!key || key.revoked_at) return key !== undefined;
      await tx
        .updateTable('api_key')
        .set({ revoked_at: at })
        .where('platform_id', '=', platformId)
        .where('api_key_id', '=', uuid)
        .execute();
      await recordChange(tx, platformId, {
        ...{ origin, at, action: 'api_key.revoked' },
        object: { type: 'api_key', id: keyId },
        before: { name: key.name, revoked: false },
        after: { name: key.name, revoked: true },
      });
      return true;
    }));
  if (!isKnown) throw new AppError(apiKeyNotFound, { apiKey: keyId });
  authenticator.forget(keyId);
}

function lockKey(tx: Db, platformId: bigint, uuid: string) {
  return tx
    .selectFrom('api_key')
    .select(['name', 'revoked_at'])
    .where('platform_id', '=', platformId)
    .where('api_key_id', '=', uuid)
    .forUpdate()
    .executeTakeFirst();
}
