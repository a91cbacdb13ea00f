import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Bank } from './bank.ts';
import type { Operation } from './faults.ts';
import { Refusal } from './refusal.ts';
import { type Answer, findRoute, json, type Route } from './routing.ts';

const MAX_BODY_BYTES = 65_536;
/** So long a caller who gets no answer is kept; they give up earlier. */
const SILENCE_MS = 120_000;
/** Pages of other sites reach us through a browser under another name (DNS rebinding): those are turned away. */
const HOSTS = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** The server over the routes. It does what is due first, then acts, then spoils what faults say. */
export function createListener(bank: Bank, routes: readonly Route[]): Server {
  const server = createServer((request, response) => {
    void answer(bank, routes, request).then(
      (made) => respond(response, made),
      (error: unknown) => respond(response, failure(error)),
    );
  });
  server.headersTimeout = SILENCE_MS;
  return server;
}

type Made = { readonly answer: Answer; readonly afterMs: number } | 'silence';

async function answer(
  bank: Bank,
  routes: readonly Route[],
  request: IncomingMessage,
): Promise<Made> {
  if (!HOSTS.test(request.headers.host ?? '')) {
    throw new Refusal(421, 'wrong_host', 'This bank is for programs of this machine.');
  }
  const url = new URL(request.url ?? '/', 'http://bank.invalid');
  const found = findRoute(routes, { method: request.method ?? '', path: url.pathname });
  if (!found) throw new Refusal(404, 'not_found', 'There is nothing at this address.');
  const body = await readBody(request);
  const { route, params } = found;
  const { operation } = route;
  bank.catchUp();
  if (operation && bank.faults.take('down', operation)) {
    throw new Refusal(503, 'down', 'The bank is down.');
  }
  if (operation && bank.faults.take('silent', operation)) return 'silence';
  const acted = act(bank, route, { params, query: url.searchParams, body });
  void bank.notifications.send();
  return operation ? spoil(bank, operation, acted) : { answer: acted, afterMs: 0 };
}

/** One transaction: what is refused was not done. */
function act({ store }: Bank, route: Route, request: Parameters<Route['act']>[0]): Answer {
  try {
    return store.transaction(() => route.act(request));
  } catch (error) {
    if (error instanceof Refusal) return refused(error);
    throw error;
  }
}

function spoil({ faults }: Bank, operation: Operation, acted: Answer): Made {
  if (faults.take('timeout_after_acting', operation)) return 'silence';
  return { answer: acted, afterMs: faults.take('delay', operation)?.value ?? 0 };
}

/** JSON only: a form of another site cannot send that without being asked. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  if (request.method === 'GET' || request.method === 'DELETE') return undefined;
  if (request.headers['content-type']?.split(';')[0] !== 'application/json') {
    throw new Refusal(415, 'json_only', 'Send the body as application/json.');
  }
  if (!(Number(request.headers['content-length']) <= MAX_BODY_BYTES)) {
    throw new Refusal(413, 'too_large', `A body has a length, of at most ${MAX_BODY_BYTES} bytes.`);
  }
  try {
    return JSON.parse(await text(request));
  } catch {
    throw new Refusal(400, 'invalid', 'The body is no JSON.');
  }
}

function refused({ status, code, message }: Refusal): Answer {
  return json({ code, message }, status);
}

function failure(error: unknown): Made {
  if (error instanceof Refusal) return { answer: refused(error), afterMs: 0 };
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return { answer: json({ code: 'failed', message: 'The bank failed.' }, 500), afterMs: 0 };
}

function respond(response: ServerResponse, made: Made): void {
  if (made === 'silence') {
    const end = setTimeout(() => response.destroy(), SILENCE_MS);
    end.unref();
    response.once('close', () => clearTimeout(end));
    return;
  }
  const { answer: told, afterMs } = made;
  const write = () => {
    response.writeHead(told.status, {
      'content-type': `${told.type}; charset=utf-8`,
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    });
    response.end(told.body);
  };
  if (afterMs > 0) setTimeout(write, afterMs).unref();
  else write();
}
