import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import Fastify, { type FastifyPluginAsync } from 'fastify';

/** Nothing is fetched from anybody else: no font, no analytics, no script of a CDN. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
].join('; ');
const SCRIPT = '/docs/js/scalar.js';

interface Docs {
  readonly page: string;
  readonly script: Buffer;
  readonly zipped: Buffer;
  readonly etag: string;
}

/**
 * /docs: the API reference, to read and to try. Its page and script come from the installed package, which
 * is read at the first visit only: it is 4 MB, and takes a third of a second to load.
 */
export const docsRoutes: FastifyPluginAsync = async (app) => {
  let loading: Promise<Docs> | undefined;
  const docs = () => {
    loading ??= load();
    return loading;
  };
  app.get('/docs', { schema: { hide: true } }, async (_request, reply) =>
    reply.redirect('/docs/', 301),
  );

  app.get('/docs/', { schema: { hide: true } }, async (_request, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .send((await docs()).page),
  );

  app.get(SCRIPT, { schema: { hide: true } }, async (request, reply) => {
    const { script, zipped, etag } = await docs();
    reply
      .header('etag', etag)
      .header('cache-control', 'no-cache')
      .header('x-content-type-options', 'nosniff')
      .header('vary', 'accept-encoding');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    reply.header('content-type', 'text/javascript; charset=utf-8');
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(script);
    return reply.header('content-encoding', 'gzip').send(zipped);
  });
};

/** Asks the package for its page and script, in a server of its own that never listens. */
async function load(): Promise<Docs> {
  const { default: reference } = await import('@scalar/fastify-api-reference');
  const inner = Fastify();
  try {
    await inner.register(reference, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'Guanjia 管家 API',
        withDefaultFonts: false,
        telemetry: false,
        hideClientButton: true,
        showDeveloperTools: 'never',
        agent: { disabled: true },
        mcp: { disabled: true },
      },
    });
    const page = await inner.inject('/docs/');
    const script = await inner.inject(SCRIPT);
    if (page.statusCode !== 200 || script.statusCode !== 200)
      throw new Error('the package of the API reference has no page or script');
    const bytes = script.rawPayload;
    return {
      page: page.body,
      script: bytes,
      zipped: await promisify(gzip)(bytes),
      etag: `"${createHash('sha256').update(bytes).digest('base64url')}"`,
    };
  } finally {
    await inner.close();
  }
}
