import type { FastifyPluginAsync } from 'fastify';
import { sendPage } from './problem-pages.ts';

/** What there is to see without a key. */
const LINKS = [
  { name: 'docs', path: '/docs/', en: 'The API, to read and to try', zh: 'API 文档' },
  { name: 'openapi', path: '/openapi.json', en: 'The same as OpenAPI 3.1', zh: 'OpenAPI 3.1 文件' },
  { name: 'problems', path: '/problems', en: 'Every error and what to do', zh: '错误说明' },
  { name: 'ready', path: '/health/ready', en: 'Is it ready?', zh: '就绪检查' },
] as const;

/** GET /: says what this is and where to go on; a page for people, JSON for whoever asks for no HTML. */
export const rootRoute: FastifyPluginAsync = async (app) => {
  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    reply.header('vary', 'accept');
    if (request.headers.accept?.includes('text/html')) {
      return sendPage(reply, { title: 'Guanjia 管家', body: page() });
    }
    const links = Object.fromEntries(LINKS.map(({ name, path }) => [name, path]));
    return { name: 'guanjia', links };
  });
};

function page(): string {
  const rows = LINKS.map(
    ({ path, en, zh }) =>
      `<tr><td><a href="${path}"><code>${path}</code></a></td><td>${zh}</td><td lang="en">${en}</td></tr>`,
  );
  return `<h1>Guanjia 管家</h1><table>${rows.join('')}</table>`;
}
