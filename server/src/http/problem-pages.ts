import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorDefinition } from '../kernel/error.ts';
import { routeNotFound } from './errors.ts';
import { sendProblem } from './on-error.ts';
import { STATUS_OF } from './problem.ts';

const STYLE = `body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;max-width:44rem;
margin:3rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}code{background:#f2f2f2;padding:.1em .3em}
h1{font-size:1.5rem}p.status{color:#666}a{color:#0a58ca}td{padding:.2rem 1rem .2rem 0;vertical-align:top}`;

/** Nothing but this page and its own style: no script, and no request to anybody. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The pages that the `type` of a problem names: what an error means and what to do, in two languages. */
export const problemRoutes: FastifyPluginAsync<{
  catalogue: readonly ErrorDefinition[];
}> = async (app, { catalogue }) => {
  const sorted = catalogue.toSorted((a, b) => (a.code < b.code ? -1 : 1));
  const byCode = new Map(sorted.map((definition) => [definition.code, definition]));

  app.get('/problems', { schema: { hide: true } }, async (request, reply) =>
    wantsJson(request)
      ? reply.send({ data: sorted.map(describe) })
      : sendPage(reply, { title: '错误 / Errors', body: listOf(sorted) }),
  );

  app.get<{ Params: { code: string } }>(
    '/problems/:code',
    { schema: { hide: true } },
    async (request, reply) => {
      const definition = byCode.get(request.params.code);
      if (!definition) {
        const facts = { method: 'GET', path: request.url };
        return sendProblem(new AppError(routeNotFound, facts), request, reply);
      }
      if (wantsJson(request)) return reply.send(describe(definition));
      return sendPage(reply, { title: definition.code, body: pageOf(definition) });
    },
  );
};

function describe({ code, kind, title, remedy }: ErrorDefinition) {
  return { code, status: STATUS_OF[kind], title, remedy };
}

function wantsJson(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? '';
  return accept.includes('json') && !accept.includes('text/html');
}

/** Writes a page that loads nothing. `title` is escaped, `body` is HTML. */
export function sendPage(reply: FastifyReply, { title, body }: { title: string; body: string }) {
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .send(
      `<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
        `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head>` +
        `<body>${body}</body></html>`,
    );
}

function listOf(definitions: readonly ErrorDefinition[]): string {
  const rows = definitions.map(
    ({ code, title, kind }) =>
      `<tr><td><a href="/problems/${code}"><code>${code}</code></a></td><td>${STATUS_OF[kind]}</td>` +
      `<td>${escapeHtml(title.zh)}<br><span lang="en">${escapeHtml(title.en)}</span></td></tr>`,
  );
  return `<h1>错误 <span lang="en">Errors</span></h1><table>${rows.join('')}</table>`;
}

function pageOf({ code, kind, title, remedy }: ErrorDefinition): string {
  return (
    `<h1>${escapeHtml(title.zh)}</h1><p>${escapeHtml(remedy.zh)}</p>` +
    `<div lang="en"><h1>${escapeHtml(title.en)}</h1><p>${escapeHtml(remedy.en)}</p></div>` +
    `<p class="status"><code>${code}</code> · HTTP ${STATUS_OF[kind]} · <a href="/problems">全部错误 / all errors</a></p>`
  );
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
