import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { isReadOnly, isTransient, isUnavailable, messageWithoutValues } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { busy, databaseUnavailable, outcomeUnknown } from '../ledger/index.ts';
import { unsupported } from './body-parsers.ts';
import {
  bodyTooLarge,
  internalError,
  invalidRequest,
  methodNotAllowed,
  routeNotFound,
} from './errors.ts';
import { LIMITS } from './limits.ts';
import { languageOf, PROBLEM_JSON, retryAfterOf, toJson, toProblem } from './problem.ts';

/** Turns whatever was thrown, Fastify's own errors too, into one problem+json answer. */
export function answerErrors(log: Logger) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = asAppError(thrown, request);
    const { kind, code } = error.definition;
    const line = {
      requestId: request.id,
      platformId: request.platformId,
      keyId: request.keyId,
      code,
    };
    if (kind === 'internal') log.error({ ...line, err: thrown }, 'a request failed');
    else if (kind === 'unavailable' || kind === 'unknown')
      log.warn({ ...line, cause: messageOf(error.cause) }, 'a request was not served');
    return sendProblem(error, request, reply);
  };
}

/** Writes an error as problem+json, in the language that is asked for. */
export function sendProblem(
  error: AppError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const language = languageOf(request.headers['accept-language']);
  const problem = toProblem(error, { language, requestId: request.id });
  const retryAfter = retryAfterOf(error, LIMITS.retryAfterSeconds);
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(problem.status)
    .header('content-type', PROBLEM_JSON)
    .header('content-language', language)
    .send(toJson(problem));
}

function asAppError(thrown: unknown, request: FastifyRequest): AppError {
  if (isAppError(thrown)) return thrown;
  if (isUnavailable(thrown)) {
    const facts = { retryAfterSeconds: LIMITS.retryAfterSeconds };
    // The ledger says itself when nothing was done. Anything else that writes may have been done before the
    // connection was lost, or read back after it was; but not what was refused as a write.
    const didNothing = request.method === 'GET' || isReadOnly(thrown);
    const definition = didNothing ? databaseUnavailable : outcomeUnknown;
    return new AppError(definition, facts, { cause: thrown });
  }
  // Locks that were not to be had in time: the same request may pass a moment later.
  if (isTransient(thrown)) {
    const facts = { retryAfterSeconds: LIMITS.retryAfterSeconds };
    return new AppError(busy, facts, { cause: thrown });
  }
  return fastifyError(thrown, request) ?? new AppError(internalError, {}, { cause: thrown });
}

/** Facts are read as unknowns, whatever the definition says they are. */
function isAppError(thrown: unknown): thrown is AppError {
  return thrown instanceof AppError;
}

/** Fastify's own complaints about a request. */
function fastifyError(thrown: unknown, request: FastifyRequest): AppError | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  switch (thrown.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new AppError(bodyTooLarge, { limitBytes: request.routeOptions.bodyLimit });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return unsupported(request);
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new AppError(routeNotFound, { method: request.method, path: pathOf(request) });
    default:
      return statusOf(thrown) < 500
        ? new AppError(invalidRequest, { errors: [{ pointer: '', detail: thrown.message }] })
        : undefined;
  }
}

/**
 * Answers what no route took: 405 with the methods of that address, or 404. `routes` are the addresses as
 * they were registered, `/v1/members/:id`.
 */
export function answerUnknownRoutes(routes: ReadonlyMap<string, ReadonlySet<string>>) {
  const patterns = Array.from(routes, ([url, methods]) => ({ pattern: patternOf(url), methods }));
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { method } = request;
    const path = pathOf(request);
    const allowed = patterns
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ methods }) => [...methods]);
    if (allowed.length === 0)
      return sendProblem(new AppError(routeNotFound, { method, path }), request, reply);
    reply.header('allow', allowed.join(', '));
    return sendProblem(new AppError(methodNotAllowed, { method, allowed }), request, reply);
  };
}

function patternOf(url: string): RegExp {
  const literal = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replace(/:[A-Za-z]+/g, '[^/]+')}$`);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function statusOf(error: Error): number {
  const status: unknown = Reflect.get(error, 'statusCode');
  return typeof status === 'number' ? status : 500;
}

function messageOf(cause: unknown): string | undefined {
  return cause instanceof Error ? messageWithoutValues(cause) : undefined;
}
