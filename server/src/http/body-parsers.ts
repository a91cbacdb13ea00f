import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../kernel/error.ts';
import { bodyTooLarge, malformedJson, mediaTypeUnsupported } from './errors.ts';

const STREAMED_TYPES = [
  'application/xml',
  'text/xml',
  'text/plain',
  'text/csv',
  'application/octet-stream',
];

/** More digits around a point than a number carries: 0.1 + 2^53 would arrive as 2^53, and pass for an amount. */
const MANY_DIGITS = /\d\.\d{15}|\d{15}\.\d/;
const TOO_PRECISE = 'a number has more digits than can be read exactly';

/**
 * JSON is read whole; everything else only where a route asks for a stream (`config.streamedBody`), and then
 * its body is an async iterable of bytes that throws `body_too_large` when it is longer than that route takes.
 */
export function addBodyParsers(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      if (!isUtf8(body)) return done(notJson('it is not UTF-8'), undefined);
      const text = body.toString('utf8');
      // Fastify's own reader refuses names such as __proto__, which would be taken for something else.
      void parse(request, text, (error, value: unknown) => {
        if (error) done(describeJson(text), undefined);
        else if (MANY_DIGITS.test(text) && losesDigits(text)) done(notJson(TOO_PRECISE), undefined);
        else done(null, value);
      });
    },
  );
  app.addContentTypeParser(STREAMED_TYPES, (request, payload, done) => {
    const limit = request.routeOptions.config.streamedBody;
    if (!limit) return done(unsupported(request), undefined);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > limit.limitBytes) return done(new AppError(bodyTooLarge, limit), undefined);
    done(null, limited(payload, limit.limitBytes));
  });
}

/** The error for a body in a format that the route does not read. */
export function unsupported(request: FastifyRequest): AppError {
  const streamed = request.routeOptions.config?.streamedBody !== undefined;
  return new AppError(mediaTypeUnsupported, {
    received: request.headers['content-type'] ?? '',
    allowed: streamed ? STREAMED_TYPES : ['application/json'],
  });
}

async function* limited(payload: Readable, limitBytes: number): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of payload as AsyncIterable<Uint8Array>) {
    received += chunk.length;
    if (received > limitBytes) throw new AppError(bodyTooLarge, { limitBytes });
    yield chunk;
  }
}

function notJson(reason: string, position?: number): AppError {
  return new AppError(malformedJson, position === undefined ? { reason } : { reason, position });
}

/** True when a number with a fraction would be read as a whole one. */
function losesDigits(text: string): boolean {
  let loses = false;
  JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    loses ||= Number.isInteger(value) && /^-?\d+\.\d*[1-9]\d*$/.test(context?.source ?? '');
    return value;
  });
  return loses;
}

/** Says where the text stops being JSON, by reading it again. */
function describeJson(text: string): AppError {
  if (text.trim() === '') return notJson('it is empty');
  try {
    JSON.parse(text);
  } catch (error) {
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    if (position !== undefined) return notJson('it is broken', Number(position));
    return notJson('it is cut off', text.length);
  }
  return notJson('it has a field named __proto__ or constructor.prototype');
}
