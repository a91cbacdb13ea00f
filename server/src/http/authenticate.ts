import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { isUnavailable } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { databaseUnavailable } from '../ledger/index.ts';
import type { Authenticator, Scope, Session } from '../platforms/index.ts';
import { scopeMissing, unauthenticated } from './errors.ts';
import { LIMITS } from './limits.ts';

const SCHEME = 'Bearer ';
/** A key is about 90 characters; longer text is not even looked up. */
const MAX_KEY_CHARACTERS = 128;

/**
 * A hook that lets a request pass when its API key is good and has the scope, and writes the
 * platform on the request. A key seen a moment ago passes without waiting: this is on every request's path.
 */
export function authenticate(authenticator: Authenticator, scope: Scope): onRequestHookHandler {
  return (request, _reply, done) => {
    const key = keyIn(request.headers.authorization);
    if (!key) return done(new AppError(unauthenticated, {}));
    const recent = authenticator.recent(key);
    if (recent) return done(admit(request, recent, scope));
    authenticator.authenticate(key).then(
      (session) =>
        done(session ? admit(request, session, scope) : new AppError(unauthenticated, {})),
      (error: unknown) => done(unavailable(error)),
    );
  };
}

function keyIn(authorization: string | undefined): string | undefined {
  if (authorization?.slice(0, SCHEME.length).toLowerCase() !== SCHEME.toLowerCase())
    return undefined;
  const key = authorization.slice(SCHEME.length);
  return key.length <= MAX_KEY_CHARACTERS ? key : undefined;
}

function admit(
  request: Pick<FastifyRequest, 'platformId' | 'keyId' | 'scopes'>,
  session: Session,
  scope: Scope,
): AppError | undefined {
  request.platformId = session.platformId;
  request.keyId = session.keyId;
  request.scopes = session.scopes;
  return session.scopes.has(scope) ? undefined : new AppError(scopeMissing, { scope });
}

function unavailable(error: unknown): Error {
  if (isUnavailable(error)) {
    const facts = { retryAfterSeconds: LIMITS.retryAfterSeconds };
    return new AppError(databaseUnavailable, facts, { cause: error });
  }
  return error instanceof Error ? error : new Error('authentication failed', { cause: error });
}
