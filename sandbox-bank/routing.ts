import type { Operation } from './faults.ts';

/** A request that was read. */
export interface Request {
  /** What stood in the places of the pattern that begin with a colon. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Of JSON; undefined without one. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly type: 'application/json' | 'application/xml' | 'text/html';
  readonly body: string;
}

/** One thing that can be asked. With an `operation` it is the bank's own, and faults may spoil it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Such as /v1/accounts/:number. */
  readonly pattern: string;
  readonly operation?: Operation;
  readonly act: (request: Request) => Answer;
}

/** An answer in JSON. Whole numbers that count something become texts when they are bigint; money is yuan before. */
export function json(value: unknown, status = 200): Answer {
  const body = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? String(inner) : inner,
  );
  return { status, type: 'application/json', body };
}

/** The route that answers, and what its pattern names in the path. */
export function findRoute(
  routes: readonly Route[],
  { method, path }: { method: string; path: string },
): { readonly route: Route; readonly params: Record<string, string> } | undefined {
  for (const route of routes) {
    if (route.method !== method) continue;
    const params = matchPath(route.pattern, path);
    if (params) return { route, params };
  }
  return undefined;
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return params;
}
