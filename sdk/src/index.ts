/** The typed client of Guanjia's API. */
import createClient, { type Client, defaultBodySerializer, type Middleware } from 'openapi-fetch';
import { send } from './answer.ts';
import { FILE_OPERATIONS, KEYED_OPERATIONS, type paths } from './api.ts';
import { refuseInexact } from './exact.ts';
import { type AnyList, type EachOptions, eachOf, type Item, type ListPath } from './pages.ts';

export { answerOf } from './answer.ts';
export type { components, operations, ProblemFacts, paths } from './api.ts';
export { InexactIntegerError } from './exact.ts';
export type { EachOptions, Item, ListPath } from './pages.ts';
export { OutcomeUnknownError, type ProblemCode, ProblemError } from './problem.ts';
export { verifyWebhook, type WebhookEvent, WebhookVerificationError } from './webhook.ts';

/** What a client is made of. */
export interface GuanjiaOptions {
  /** Where the server is, such as http://127.0.0.1:7070. */
  readonly baseUrl: string;
  /** The text of an API key, `gj_…`. */
  readonly apiKey: string;
  /** How to send a request; the runtime's own when left out. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Makes idempotency keys for calls that come without; random UUIDs when left out. */
  readonly newKey?: () => string;
  /** How to wait before a request is repeated; a timer when left out. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** A client: `GET`, `POST` and so on, by path, with the types of each operation. */
export interface Guanjia extends Client<paths> {
  /**
   * Every item of a list, page after page:
   *
   *     for await (const order of guanjia.each('/v1/escrow-orders', { query: { state: 'held' } })) …
   *
   * Throws what `answerOf` throws.
   */
  each<Path extends ListPath>(
    path: Path,
    ...options: EachArguments<Path>
  ): AsyncGenerator<Item<Path>, void, undefined>;
}
/** Options may be left out where the path has no parameters. */
type EachArguments<Path extends ListPath> =
  Record<never, never> extends EachOptions<Path>
    ? [options?: EachOptions<Path>]
    : [options: EachOptions<Path>];

/**
 * Makes a client.
 *
 *     const guanjia = createGuanjia({ baseUrl: 'http://127.0.0.1:7070', apiKey });
 *     const { data, error } = await guanjia.POST('/v1/transfers', {
 *       body: { debitAccount, creditAccount, amount: 1230 },
 *       headers: { 'Idempotency-Key': 'order-1001' },
 *     });
 *
 * A file is sent as it is, from its bytes, a Blob or its text:
 *
 *     await guanjia.POST('/v1/statement-imports', { body: await openAsBlob('camt053.xml') });
 *
 * Amounts are integers of minor units. A call that moves money and has no Idempotency-Key gets one. It protects
 * against doing it twice within this call only: name your own key, and repeat with it, to be safe across a
 * crash of yours. Reads and calls with a key are repeated while the server answers 502, 503, 504 or not at all; other
 * problems are in `error`, to be told apart by their `code`, or thrown by `answerOf`.
 *
 * Throws OutcomeUnknownError when what changes something was sent and never answered, what `fetch` threw when nothing
 * can be read, and InexactIntegerError when an answer has an integer above 2^53 − 1, which would be rounded: sums may
 * be such.
 */
export function createGuanjia(options: GuanjiaOptions): Guanjia {
  const { baseUrl, apiKey } = options;
  const { fetch = globalThis.fetch, newKey = () => crypto.randomUUID(), wait = pause } = options;
  const settings = {
    baseUrl,
    fetch: (request: Request) => send({ fetch, wait }, request),
    bodySerializer: (body: unknown) => (isFile(body) ? body : defaultBodySerializer(body)),
  };
  const client = createClient<paths>(settings);
  const lists = createClient<AnyList>(settings);
  client.use(authorize(apiKey), addKey(newKey), fileType, exact);
  lists.use(authorize(apiKey), exact);
  const each = <Path extends ListPath>(path: Path, ...[options]: EachArguments<Path>) =>
    eachOf(lists, path, options);
  return { ...client, each };
}

function authorize(apiKey: string): Middleware {
  return {
    onRequest: ({ request }) => {
      request.headers.set('Authorization', `Bearer ${apiKey}`);
      return request;
    },
  };
}

function addKey(newKey: () => string): Middleware {
  return {
    onRequest: ({ request, schemaPath }) => {
      if (request.headers.has('Idempotency-Key')) return undefined;
      if (!KEYED_OPERATIONS.includes(`${request.method} ${schemaPath}`)) return undefined;
      request.headers.set('Idempotency-Key', newKey());
      return request;
    },
  };
}

/** No operation takes JSON that is but a text: a text is that of a file. */
const isFile = (body: unknown): body is string | Blob | ArrayBuffer | ArrayBufferView =>
  typeof body === 'string' ||
  body instanceof Blob ||
  body instanceof ArrayBuffer ||
  ArrayBuffer.isView(body);

/** The caller of an operation that takes files need not say that it sends no JSON. */
const fileType: Middleware = {
  onRequest: ({ request, schemaPath }) => {
    if (!FILE_OPERATIONS.includes(`${request.method} ${schemaPath}`)) return undefined;
    if (request.headers.get('Content-Type') !== 'application/json') return undefined;
    request.headers.set('Content-Type', 'application/octet-stream');
    return request;
  },
};

const exact: Middleware = { onResponse: ({ response }) => refuseInexact(response) };

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = () => {
    clearTimeout(timer);
    reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return promise;
}
