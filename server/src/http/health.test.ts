import fastify from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { healthRoutes } from './health.ts';
import { openMetrics } from './metrics.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const never = () => Promise.withResolvers<boolean>().promise;

test.each<[name: string, isReady: () => Promise<boolean>, status: number]>([
  ['answers', () => Promise.resolve(true), 200],
  ['says no', () => Promise.resolve(false), 503],
  ['fails', () => Promise.reject(new Error('away')), 503],
  ['is silent', never, 503],
])(
  'what asks whether all is ready is answered in time: the database %s',
  async (_, ask, status) => {
    const asked = Promise.withResolvers<void>();
    const isReady = () => {
      asked.resolve();
      return ask();
    };
    const app = fastify();
    await app.register(healthRoutes, { isReady, metrics: openMetrics() });
    const answer = app.inject('/health/ready').then(({ statusCode }) => statusCode);
    await asked.promise;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await answer).toBe(status);
    await app.close();
  },
);
