import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { AppError } from '../kernel/error.ts';
import { Deadlines } from './deadlines.ts';
import { bodyTooLarge, mediaTypeUnsupported, requestTimedOut } from './errors.ts';
import { LIMITS } from './limits.ts';
import { readJson } from './read-json.ts';
import { recordOf } from './record.ts';

/** What a file may come as. Which of them says nothing: the file itself tells its format. */
export const STREAMED_TYPES: readonly string[] = [
  'application/xml',
  'text/xml',
  'text/plain',
  'text/csv',
  'application/octet-stream',
];

/**
 * JSON is read whole, except where a route asks for a stream (`config.streamedBody`): there everything else is, and
 * its body is an async iterable of bytes that throws `body_too_large` when it is longer than that route takes.
 */
export function addBodyParsers(
  app: FastifyInstance,
  { jsonBodyMs = LIMITS.jsonBodyMs }: { readonly jsonBodyMs?: number } = {},
): void {
  const deadlines = new Deadlines(jsonBodyMs);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const limits = { limitBytes: request.routeOptions.bodyLimit, deadlines };
    const refusal =
      misplaced(request) ?? unreadable(request) ?? tooLong(request, limits.limitBytes);
    if (refusal) return done(refusal, undefined);
    readWhole(payload, limits, (body) => {
      if (body instanceof AppError) return done(body, undefined);
      if (body.length === 0 && isBodyOptional(request.routeOptions.schema?.body)) {
        return done(null, {});
      }
      const read = readJson(body);
      if (read instanceof AppError) done(read, undefined);
      else done(null, read.value);
    });
  });
  app.addContentTypeParser([...STREAMED_TYPES], (request, payload, done) => {
    const limit = request.routeOptions.config.streamedBody;
    if (!limit) return done(unsupported(request), undefined);
    const refusal = packed(request) ?? tooLong(request, limit.limitBytes);
    if (refusal) return done(refusal, undefined);
    done(null, limited(payload, limit.limitBytes));
  });
}

/** True for the schema of an object in which nothing is required: no body at all says the same as `{}`. */
export function isBodyOptional(schema: unknown): boolean {
  const { type, required = [] } = recordOf(schema);
  return type === 'object' && Array.isArray(required) && required.length === 0;
}

/** A request may come without a body where its route requires nothing of it. */
export function allowNoBody(route: RouteOptions): void {
  if (!isBodyOptional(recordOf(route.schema)['body'])) return;
  route.preValidation = [
    (request, _reply, done) => {
      if (request.body === undefined) request.body = {};
      done();
    },
    ...[route.preValidation ?? []].flat(),
  ];
}

/** The error for a body in a format that the route does not read. */
export function unsupported(request: FastifyRequest): AppError {
  const streamed = request.routeOptions.config?.streamedBody !== undefined;
  return new AppError(mediaTypeUnsupported, {
    received: request.headers['content-type'] ?? '',
    allowed: streamed ? STREAMED_TYPES : ['application/json'],
  });
}

/** Where a file is asked for, JSON is none: whoever sends it has wrapped the file in something, or has none. */
function misplaced(request: FastifyRequest): AppError | undefined {
  return request.routeOptions.config.streamedBody && unsupported(request);
}

/** No body is unpacked: a small one could become a very large one. */
function packed({ headers }: FastifyRequest): AppError | undefined {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.trim().toLowerCase() === 'identity') return undefined;
  return new AppError(mediaTypeUnsupported, {
    received: `content-encoding: ${encoding}`,
    allowed: ['content-encoding: identity'],
  });
}

/** JSON is UTF-8 (RFC 8259, section 8.1). */
function unreadable(request: FastifyRequest): AppError | undefined {
  const refusal = packed(request);
  if (refusal) return refusal;
  const received = request.headers['content-type'] ?? '';
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(received)?.[1] ?? 'utf-8';
  if (/^utf-?8$/i.test(charset)) return undefined;
  const allowed = ['application/json; charset=utf-8'];
  return new AppError(mediaTypeUnsupported, { received, allowed });
}

function tooLong(request: FastifyRequest, limitBytes: number): AppError | undefined {
  const announced = Number(request.headers['content-length'] ?? 0);
  return announced > limitBytes ? new AppError(bodyTooLarge, { limitBytes }) : undefined;
}

/**
 * Reads a body to its end and says it once: the bytes, `body_too_large`, or `request_timed_out` when it takes
 * longer than the deadlines allow or the client goes before it has sent all.
 */
function readWhole(
  payload: Readable,
  { limitBytes, deadlines }: { readonly limitBytes: number; readonly deadlines: Deadlines },
  say: (body: Buffer | AppError) => void,
): void {
  const chunks: Buffer[] = [];
  let received = 0;
  const end = (body: Buffer | AppError) => {
    deadlines.remove(gone);
    payload.off('data', take).off('end', finish).off('close', gone);
    say(body);
  };
  const take = (chunk: Buffer) => {
    received += chunk.length;
    if (received > limitBytes) end(new AppError(bodyTooLarge, { limitBytes }));
    else chunks.push(chunk);
  };
  // Most bodies come in one piece, which need not be copied.
  const whole = () =>
    (chunks.length === 1 ? chunks[0] : undefined) ?? Buffer.concat(chunks, received);
  const finish = () => end(whole());
  const gone = () => end(new AppError(requestTimedOut, {}));
  deadlines.add(gone);
  payload.on('error', ignore);
  payload.on('data', take).on('end', finish).on('close', gone);
}

/** An error is followed by the close, also after we have stopped listening. */
const ignore = () => {};

async function* limited(payload: Readable, limitBytes: number): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    // A request that is destroyed takes its connection along, and the answer could not be sent.
    const chunks: AsyncIterable<Uint8Array> = payload.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      received += chunk.length;
      if (received > limitBytes) throw new AppError(bodyTooLarge, { limitBytes });
      yield chunk;
    }
  } catch (error) {
    // The client is gone. Its lost connection must not pass for one to the database, which leaves doubt.
    throw error instanceof AppError ? error : new AppError(requestTimedOut, {}, { cause: error });
  }
}
