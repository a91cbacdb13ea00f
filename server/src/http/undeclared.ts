import type { FastifySchema, RouteOptions } from 'fastify';
import { CLOSED, Type } from './schemas.ts';

/** The schema of what takes no field at all. */
const NOTHING = Type.Object({}, CLOSED);

/** Methods whose requests have a body. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Makes a route under /v1 refuse the query and the body that it does not declare: whoever asks to close an account
 * with `?dryRun=true` must not have it closed. Routes beside /v1 let them pass: probes and browsers add their own.
 */
export function refuseUndeclared(route: RouteOptions): void {
  if (!route.url.startsWith('/v1/')) return;
  const { schema = {}, config } = route;
  const takesBody =
    config?.streamedBody === undefined &&
    [route.method].flat().some((method) => WITH_BODY.has(method));
  route.schema = {
    ...schema,
    querystring: schema.querystring ?? NOTHING,
    ...(takesBody ? { body: schema.body ?? NOTHING } : {}),
  };
}

/** A route's schema as it was declared, for the API document. */
export function declared(schema: FastifySchema): FastifySchema {
  const { querystring, body, ...rest } = schema;
  return {
    ...rest,
    ...(querystring === undefined || querystring === NOTHING ? {} : { querystring }),
    ...(body === undefined || body === NOTHING ? {} : { body }),
  };
}
