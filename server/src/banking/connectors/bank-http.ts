import type { Doubt, Unknown } from '../connector.ts';
import { shorten } from '../errors.ts';

/** The largest answer that is read. */
const MAX_ANSWER_BYTES = 4 * 1_048_576;
const MAX_DETAIL = 200;

/** An answer of a bank: its status and its body, a JSON value that nobody has checked. */
export interface BankAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly body: unknown;
}

/** What to send. `body` becomes JSON. */
export interface BankRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export function unknown(doubt: Doubt, detail: string): Unknown {
  return { kind: 'unknown', doubt, detail: shorten(detail).slice(0, MAX_DETAIL) };
}

/** Asks a bank by HTTP and JSON. Whatever goes wrong on the way is `unknown`; nothing is thrown. */
export async function askBank(request: BankRequest): Promise<BankAnswer | Unknown> {
  const { method, url, body, timeoutMs } = request;
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = request.signal ? AbortSignal.any([limit, request.signal]) : limit;
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  try {
    const answer = await fetch(url, { method, headers, ...sent, signal, redirect: 'error' });
    const text = await readLimited(answer);
    if (answer.status >= 500) return unknown('unavailable', `HTTP ${answer.status}`);
    if (text === undefined) return unknown('unreadable', 'the answer is too large');
    return { kind: 'answer', status: answer.status, body: JSON.parse(text) };
  } catch (error) {
    if (request.signal?.aborted) return unknown('timeout', 'the caller waits no longer');
    if (signal.aborted) return unknown('timeout', `no answer within ${timeoutMs} ms`);
    if (error instanceof SyntaxError) return unknown('unreadable', 'the answer is no JSON');
    return unknown('unreachable', causeOf(error));
  }
}

/** The text of an answer; undefined when it is longer than we read. */
async function readLimited(answer: Response): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> = answer.body ?? ReadableStream.from([]);
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_ANSWER_BYTES) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** `fetch failed` says nothing: its cause does. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
