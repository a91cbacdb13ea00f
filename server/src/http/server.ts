import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import type { Logger } from 'pino';
import { AppError, type ErrorDefinition } from '../kernel/error.ts';
import type { Random } from '../kernel/random.ts';
import type { Authenticator } from '../platforms/index.ts';
import { authenticate } from './authenticate.ts';
import { addBodyParsers, allowNoBody } from './body-parsers.ts';
import { answerClientError } from './client-error.ts';
import { bindCursors } from './cursor.ts';
import { internalError } from './errors.ts';
import { answerHalfClosed } from './half-closed.ts';
import { healthRoutes } from './health.ts';
import { LIMITS } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { answerErrors, answerUnknownRoutes } from './on-error.ts';
import { addOpenApi } from './openapi.ts';
import { problemRoutes } from './problem-pages.ts';
import { rootRoute } from './root-page.ts';
import { refuseUndeclared } from './undeclared.ts';
import { hangUpOnUnreadBodies } from './unread-body.ts';
import { compileValidator } from './validator.ts';

/** The server, as modules add their routes to it. */
export type Server = FastifyInstance;

/** What the server is made of. */
export interface ServerDeps {
  readonly log: Logger;
  readonly random: Random;
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  /** Every error that the product can give, for the pages that explain them. */
  readonly catalogue: readonly ErrorDefinition[];
  /** True when the database answers and is migrated. Throws or says false otherwise. */
  readonly isReady: () => Promise<boolean>;
  /** Adds the routes of the modules. */
  readonly addRoutes: (server: Server) => void;
}

/**
 * Builds the HTTP server: routes of modules, error answers, API document, health and metrics. It does not
 * listen yet. Throws when a route under /v1 names no scope.
 */
export async function buildServer(deps: ServerDeps): Promise<Server> {
  const { log, metrics, catalogue, isReady, addRoutes } = deps;
  const answer = answerErrors(log);
  const server = Fastify({
    ...connectionOptions(),
    bodyLimit: LIMITS.jsonBodyBytes,
    routerOptions: { maxParamLength: LIMITS.pathSegmentCharacters },
    genReqId: requestIds(deps.random),
    requestIdHeader: false,
    // What arrives while stopping was sent before the client could know: it is answered, and hangs up.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    // Addresses that the router cannot read.
    frameworkErrors: (error, request, reply) => void answer(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  server.server.maxConnections = LIMITS.connections;
  answerHalfClosed(server.server);

  server.decorateRequest('platformId', 0n);
  server.decorateRequest('keyId', '');
  server.decorateRequest('scopes', null);
  server.decorateRequest('arrivedAt', 0);
  server.setValidatorCompiler(compileValidator);
  server.setErrorHandler(answer);
  addBodyParsers(server);
  hangUpOnUnreadBodies(server);
  const routes = new Map<string, Set<string>>();
  const stopping = hangUpWhenStopping(server);
  server.addHook('onRoute', (route) => {
    guard(route, deps);
    refuseUndeclared(route);
    bindCursors(route);
    allowNoBody(route);
    observe(route, deps, stopping);
    remember(route, routes);
  });

  await addOpenApi(server);
  await server.register(healthRoutes, { isReady, metrics });
  await server.register(problemRoutes, { catalogue });
  await server.register(rootRoute);
  addRoutes(server);
  await server.after();
  const answerUnknown = answerUnknownRoutes(routes);
  // Before the body is read: what goes nowhere is not waited for.
  server.addHook('onRequest', (request, reply, done) => {
    if (request.is404) answerUnknown(request, reply);
    else done();
  });
  server.setNotFoundHandler(answerUnknown);
  await server.ready();
  return server;
}

function connectionOptions() {
  return {
    http: {
      maxHeaderSize: LIMITS.headerBytes,
      headersTimeout: LIMITS.headersTimeoutMs,
      connectionsCheckingInterval: LIMITS.timeoutCheckMs,
    },
    requestTimeout: LIMITS.requestTimeoutMs,
    keepAliveTimeout: LIMITS.keepAliveTimeoutMs,
    maxRequestsPerSocket: 0,
  };
}

/**
 * Says when the server began to stop. From then on every answer closes its connection, and connections that
 * never asked for anything are closed at once: Node waits for those.
 */
function hangUpWhenStopping(server: Server): { readonly now: boolean } {
  const stopping = { now: false };
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.addHook('preClose', (done) => {
    stopping.now = true;
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    done();
  });
  return stopping;
}

/** Names requests uniquely across restarts, without asking for randomness each time. */
function requestIds(random: Random): () => string {
  const start = Buffer.from(random.bytes(6)).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return `req_${start}_${count.toString(36)}`;
  };
}

/** Puts the check of the API key before everything else of a route under /v1. */
function guard(route: RouteOptions, { authenticator }: ServerDeps): void {
  if (!route.url.startsWith('/v1/')) return;
  const scope = route.config?.scope;
  if (!scope) throw new AppError(internalError, { route: route.url, missing: 'config.scope' });
  const others = route.onRequest === undefined ? [] : [route.onRequest].flat();
  route.onRequest = [authenticate(authenticator, scope), ...others];
}

/** Times a route. Requests that pass are not logged, one by one: they are in the metrics. */
function observe(
  route: RouteOptions,
  { log, metrics }: ServerDeps,
  stopping: { readonly now: boolean },
): void {
  const method = [route.method].flat().join(',');
  const times = metrics.route({ method, url: route.url });
  route.onRequest = [
    (request, _reply, done) => {
      request.arrivedAt = performance.now();
      done();
    },
    ...[route.onRequest ?? []].flat(),
  ];
  route.onSend = [
    (request, reply, payload, done) => {
      const elapsedMs = performance.now() - request.arrivedAt;
      const status = reply.statusCode;
      times.add({ status, seconds: elapsedMs / 1000 });
      if (elapsedMs > LIMITS.slowRequestMs) {
        const { id: requestId, platformId } = request;
        log.warn(
          { requestId, platformId, method, route: route.url, status, elapsedMs },
          'slow request',
        );
      }
      if (stopping.now) reply.header('connection', 'close');
      done(null, payload);
    },
    ...[route.onSend ?? []].flat(),
  ];
}

function remember(route: RouteOptions, routes: Map<string, Set<string>>): void {
  const methods = routes.get(route.url) ?? new Set();
  for (const method of [route.method].flat()) methods.add(method);
  routes.set(route.url, methods);
}
