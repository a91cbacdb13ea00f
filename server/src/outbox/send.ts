import { lookup as lookUp } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import { errorCode } from '../kernel/error-code.ts';
import { hostOf, isPublicAddress, urlRefusal } from './address.ts';
import { type Message, signedHeaders } from './secret.ts';

/** From the look-up of the name to the end of the answer. */
export const SEND_LIMIT_MS = 15_000;
/** Of an answer, whose text we have no use for. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** What became of one attempt. */
export interface Sent {
  /** The answer's; null when there was none. */
  readonly status: number | null;
  /** Why it counts as failed, in a word; null when it was delivered. */
  readonly error: string | null;
  readonly attemptedAt: Date;
  readonly elapsedMs: number;
}

/** How webhooks are sent. */
export interface Sender {
  readonly clock: Clock;
  /** Send to private and loopback addresses, and over plain http, too. */
  readonly toPrivate: boolean;
}

/** A name led to an address that nothing is sent to. */
class AddressRefused extends Error {
  readonly code = 'address_refused';
}

/**
 * Sends a message once, and says what became of it: delivered is an answer of 2xx. It never throws. The address is
 * checked when it is connected to, redirects are not followed, and nothing of the answer but its status is kept: so
 * an endpoint cannot be used to look into the operator's network.
 */
export async function sendMessage(
  { clock, toPrivate }: Sender,
  message: Message,
  to: { readonly url: string; readonly secrets: readonly string[] },
): Promise<Sent> {
  const attemptedAt = clock.now();
  const headers = signedHeaders(message, { secrets: to.secrets, at: attemptedAt });
  const started = performance.now();
  const done = (status: number | null, error: string | null): Sent => ({
    ...{ status, error, attemptedAt },
    elapsedMs: Math.round(performance.now() - started),
  });
  if (urlRefusal(to.url, { toPrivate }) !== undefined) return done(null, 'address_refused');
  try {
    const status = await post(new URL(to.url), { ...message, headers, toPrivate });
    return done(status, status >= 200 && status < 300 ? null : wordFor(status));
  } catch (error) {
    return done(null, failureOf(error));
  }
}

const wordFor = (status: number): string =>
  status >= 300 && status < 400 ? 'redirects_not_followed' : 'status_not_2xx';

function failureOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'timed_out';
  if (error instanceof Error && error.name === 'AbortError') return 'timed_out';
  return errorCode(error)?.toLowerCase() ?? 'connection_failed';
}

/** Posts, and gives the status when the answer has ended or is longer than we read. */
function post(
  url: URL,
  {
    body,
    headers,
    toPrivate,
  }: { body: string; headers: Record<string, string>; toPrivate: boolean },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const bytes = Buffer.from(body, 'utf8');
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send({
    ...{ method: 'POST', host: hostOf(url), port: url.port, path: `${url.pathname}${url.search}` },
    headers: {
      ...headers,
      ...{ host: url.host, 'user-agent': 'Guanjia-Webhooks/1', accept: '*/*' },
      ...{ 'content-type': 'application/json', 'content-length': bytes.length },
    },
    ...(isIP(hostOf(url)) === 0 ? { servername: hostOf(url) } : {}),
    // A connection of its own for each: none that was opened to another address is used again.
    ...{ agent: false, lookup: toPrivate ? undefined : publicOnly },
    signal: AbortSignal.timeout(SEND_LIMIT_MS),
  });
  request.on('error', reject);
  request.on('response', (response) => {
    const status = response.statusCode ?? 0;
    let read = 0;
    response.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > MAX_ANSWER_BYTES) {
        resolve(status);
        request.destroy();
      }
    });
    response.on('end', () => resolve(status));
    response.on('error', reject);
  });
  request.end(bytes);
  return promise;
}

/** Looks a name up for the connection that is about to be made, and lets public addresses through alone. */
const publicOnly: LookupFunction = (hostname, options, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const [first] = addresses;
    if (!first || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new AddressRefused(`${hostname} is not public`), []);
    }
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
