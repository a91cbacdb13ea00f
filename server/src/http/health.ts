import type { FastifyPluginAsync } from 'fastify';
import { inTime } from '../kernel/in-time.ts';
import type { Metrics } from './metrics.ts';

/** Anything that takes longer is not ready. */
const READY_TIMEOUT_MS = 2_000;

/**
 * /health/live: the process answers. /health/ready: the database answers and is migrated, and the server is
 * not stopping; 503 otherwise. /metrics: for Prometheus. None asks for a key: keep them inside your network.
 */
export const healthRoutes: FastifyPluginAsync<{
  isReady: () => Promise<boolean>;
  metrics: Metrics;
}> = async (app, { isReady, metrics }) => {
  app.get('/health/live', { schema: { hide: true } }, async () => ({ status: 'live' }));

  app.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    if (await isReadyInTime(isReady)) return { status: 'ready' };
    return reply.code(503).header('retry-after', 1).send({ status: 'not_ready' });
  });

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );
};

/** A database that is away, or answers late, is not ready: nothing is wrong with the request. */
async function isReadyInTime(isReady: () => Promise<boolean>): Promise<boolean> {
  try {
    return await inTime(isReady(), READY_TIMEOUT_MS, () => false);
  } catch {
    return false;
  }
}
