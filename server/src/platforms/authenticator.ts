import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { keyTextId, parseKeyText, secretMatches } from './key-text.ts';
import { type Scope, scopesOf } from './scope.ts';

/** Who asks: the owner of a good API key. */
export interface Session {
  readonly platformId: bigint;
  /** `key_…` */
  readonly keyId: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** Finds out whose an API key is. */
export interface Authenticator {
  /** The owner, when the key was looked up less than two seconds ago: no waiting. */
  recent(key: string): Session | undefined;
  /** The owner by the database; undefined for a key that is unknown, wrong or revoked. */
  authenticate(key: string): Promise<Session | undefined>;
  /** Looks this key up again from now on: it was revoked. */
  forget(keyId: string): void;
}

/** So long may another process's revocation go unnoticed here. */
const REMEMBERED_MS = 2_000;
/** Keys remembered at once; beyond it the oldest is looked up again. */
const MAX_REMEMBERED = 10_000;

interface Remembered {
  readonly session: Session;
  readonly until: number;
}

/**
 * Remembers good keys for a moment, by their whole text: finding one compares hashes that are seeded per
 * process, and says nothing about how close a wrong key was.
 */
export function openAuthenticator({ db, clock }: { db: Db; clock: Clock }): Authenticator {
  const remembered = new Map<string, Remembered>();
  const underWay = new Map<string, Promise<Session | undefined>>();
  let revocations = 0;

  const lookUp = async (key: string): Promise<Session | undefined> => {
    const before = revocations;
    const until = clock.now().getTime() + REMEMBERED_MS;
    const session = await readSession(db, key);
    // A key that was revoked while it was being read must not be remembered as good.
    if (session && revocations === before) remember(remembered, key, { session, until });
    return session;
  };
  return {
    recent: (key) => {
      const found = remembered.get(key);
      return found && found.until > clock.now().getTime() ? found.session : undefined;
    },
    authenticate: (key) => {
      const running = underWay.get(key);
      if (running) return running;
      const started = lookUp(key).finally(() => {
        if (underWay.get(key) === started) underWay.delete(key);
      });
      underWay.set(key, started);
      return started;
    },
    forget: (keyId) => {
      revocations += 1;
      underWay.clear();
      for (const [key, { session }] of remembered) {
        if (session.keyId === keyId) remembered.delete(key);
      }
    },
  };
}

function remember(all: Map<string, Remembered>, key: string, found: Remembered): void {
  all.delete(key);
  if (all.size >= MAX_REMEMBERED) {
    for (const oldest of all.keys()) {
      all.delete(oldest);
      break;
    }
  }
  all.set(key, found);
}

async function readSession(db: Db, key: string): Promise<Session | undefined> {
  const parts = parseKeyText(key);
  if (!parts) return undefined;
  const row = await db
    .selectFrom('api_key')
    .select(['digest', 'scopes'])
    .where('platform_id', '=', parts.platformId)
    .where('api_key_id', '=', parts.keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (!row || !secretMatches(parts.secret, row.digest)) return undefined;
  return {
    platformId: parts.platformId,
    keyId: keyTextId(parts.keyId),
    scopes: new Set(scopesOf(row.scopes)),
  };
}
