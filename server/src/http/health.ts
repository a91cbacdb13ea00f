import type { FastifyPluginAsync } from 'fastify';
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
    const ready = await within(READY_TIMEOUT_MS, isReady);
    if (ready) return { status: 'ready' };
    return reply.code(503).header('retry-after', 1).send({ status: 'not_ready' });
  });

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );
};

async function within(timeoutMs: number, isReady: () => Promise<boolean>): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), timeoutMs);
  try {
    return await Promise.race([isReady(), timeout.promise]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
