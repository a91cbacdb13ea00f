import type { Client } from 'openapi-fetch';
import { answerOf } from './answer.ts';
import type { paths } from './api.ts';

/** What a list answers: its items under `data`, or the lines of a statement. */
type PageOf<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;
type ItemsOf<Body> = Body extends { nextCursor: string | null }
  ? Body extends { data: readonly (infer Item)[] }
    ? Item
    : Body extends { lines: readonly (infer Line)[] }
      ? Line
      : never
  : never;

/** The paths of lists that come page by page. */
export type ListPath = {
  [Path in keyof paths]: [ItemsOf<PageOf<Path>>] extends [never] ? never : Path;
}[keyof paths];

/** An item of a list. */
export type Item<Path extends ListPath> = ItemsOf<PageOf<Path>>;

type ParametersOf<Path extends ListPath> = paths[Path] extends { get: { parameters: infer All } }
  ? All
  : never;
type QueryOf<Path extends ListPath> =
  ParametersOf<Path> extends { query?: infer Query } ? Omit<NonNullable<Query>, 'cursor'> : never;
type PathOf<Path extends ListPath> =
  ParametersOf<Path> extends { path: infer Parts extends object }
    ? { readonly path: Parts }
    : { readonly path?: never };

/** Which items of a list; `limit` is the size of a page. */
export type EachOptions<Path extends ListPath> = PathOf<Path> & {
  readonly query?: QueryOf<Path>;
  readonly signal?: AbortSignal;
};

/** Lists as this file sees them: whatever is asked, a page comes. */
export type AnyList = Record<
  string,
  {
    get: {
      parameters: { query?: Record<string, unknown>; path?: Record<string, unknown> };
      responses: { 200: { content: { 'application/json': AnyPage } } };
    };
  }
>;
interface AnyPage {
  readonly data?: unknown[];
  readonly lines?: unknown[];
  readonly nextCursor: string | null;
}

interface AnyOptions {
  readonly query?: object | undefined;
  readonly path?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Every item of a list, page after page, each page asked for when it is needed. Throws what `answerOf` throws, and
 * Error when a cursor leads back to itself.
 */
export async function* eachOf<Path extends ListPath>(
  client: Pick<Client<AnyList>, 'GET'>,
  path: Path,
  { query, path: parts, signal }: AnyOptions = {},
): AsyncGenerator<Item<Path>, void, undefined> {
  let cursor: string | null = null;
  do {
    const asked: { query: Record<string, unknown>; path?: Record<string, unknown> } = {
      query: { ...query, ...(cursor === null ? {} : { cursor }) },
      ...(parts ? { path: { ...parts } } : {}),
    };
    const page: AnyPage = await answerOf(
      client.GET(path, { params: asked, ...(signal ? { signal } : {}) }),
    );
    // The server and these types are made from the same schemas.
    yield* (page.data ?? page.lines ?? []) as readonly Item<Path>[];
    if (page.nextCursor === cursor && cursor !== null) throw new Error('a cursor leads to itself');
    cursor = page.nextCursor;
  } while (cursor !== null);
}
