import { hash } from 'node:crypto';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { AppError } from '../kernel/error.ts';
import { invalidRequest } from './errors.ts';
import { isRecord, recordOf } from './record.ts';

/** The opaque text of a position in a list: base64url of the fields that the next page starts after. */
export function encodeCursor(fields: readonly string[]): string {
  return Buffer.from(JSON.stringify(fields), 'utf8').toString('base64url');
}

/**
 * Where a page begins, by a cursor that `encodeCursor` wrote; undefined for the first page, which has none.
 * `parse` turns its fields into a position, or into undefined when they are none; then, and for any other text,
 * it throws a 400 that names the cursor.
 */
export function positionOf<T>(
  cursor: string | undefined,
  parse: (fields: readonly string[]) => T | undefined,
): T | undefined {
  if (cursor === undefined) return undefined;
  const fields = fieldsOf(cursor);
  const position = fields && parse(fields);
  if (position !== undefined) return position;
  throw notOfThisList();
}

/** `nextCursor` of a page: where the next one begins, or null when this was the last. */
export function nextCursorOf(next: bigint | string | undefined): string | null {
  return next === undefined ? null : encodeCursor([`${next}`]);
}

/** A position that is the number of something. */
export const numberAt = ([position]: readonly string[]): bigint | undefined =>
  position !== undefined && /^\d{1,18}$/.test(position) ? BigInt(position) : undefined;

/**
 * Binds the cursors of a route that is a list to its platform, address and filters: `nextCursor` leaves with
 * their digest, and a `cursor` that comes back is taken with the same ones only. Modules see neither.
 */
export function bindCursors(route: RouteOptions): void {
  const { querystring } = recordOf(route.schema);
  if (!isRecord(recordOf(recordOf(querystring)['properties'])['cursor'])) return;
  route.preHandler = [
    ...[route.preHandler ?? []].flat(),
    (request, _reply, done) => {
      const query = recordOf(request.query);
      const { cursor } = query;
      if (typeof cursor !== 'string') return done();
      const binding = bindingOf(request);
      if (!cursor.endsWith(binding)) return done(notOfThisList());
      Object.assign(query, { cursor: cursor.slice(0, -binding.length) });
      done();
    },
  ];
  route.preSerialization = [
    ...[route.preSerialization ?? []].flat(),
    (request, _reply, payload, done) => {
      const next = recordOf(payload)['nextCursor'];
      if (typeof next !== 'string') return done(null, payload);
      done(null, { ...recordOf(payload), nextCursor: `${next}${bindingOf(request)}` });
    },
  ];
}

/** Enough that two lists are never taken for one by mistake: it protects nothing else. */
const BINDING_CHARACTERS = 10;

function bindingOf(request: FastifyRequest): string {
  const { platformId, params, query, routeOptions } = request;
  const filters = Object.entries(recordOf(query))
    .filter(([name]) => name !== 'cursor' && name !== 'limit')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const list = JSON.stringify([`${platformId}`, routeOptions.url, params, filters]);
  return `.${hash('sha256', list, 'base64url').slice(0, BINDING_CHARACTERS)}`;
}

function notOfThisList(): AppError {
  const detail = 'must be a nextCursor that this list has given, with the same filters';
  return new AppError(invalidRequest, { errors: [{ pointer: 'query/cursor', detail }] });
}

function fieldsOf(cursor: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const texts = Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
    return Array.isArray(value) && texts.length === value.length ? texts : undefined;
  } catch {
    return undefined;
  }
}
