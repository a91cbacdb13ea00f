/** Sends of one request at most, the first included. */
const MAX_ATTEMPTS = 5;
/** What is waited when the answer does not say, doubled each time. */
const FIRST_WAIT_MS = 500;
/** Nothing was done, or it is not known whether; or a proxy before the server got no answer in time. */
const REPEATED_STATUSES = [502, 503, 504];
/** Longest wait between two sends, whatever the answer asks for. */
const MAX_WAIT_MS = 30_000;

/** What repeating needs of the world. */
export interface RepeatDeps {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Comes back after so many milliseconds; rejects when the signal is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Sends a request, and again while the answer is 502, 503 or 504, or does not come as a whole: after the time in
 * `Retry-After`, with the same Idempotency-Key, so that money moves once. Only what is safe to repeat is repeated:
 * reads, and requests with such a key.
 *
 * Gives the last answer; throws what the last send threw.
 */
export async function sendRepeatedly(
  { fetch, wait }: RepeatDeps,
  request: Request,
): Promise<Response> {
  if (!isRepeatable(request)) return fetch(request);
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt === MAX_ATTEMPTS;
    // The body is read by sending, so each attempt has its own copy.
    const answer = await attemptOnce(fetch, isLast ? request : request.clone());
    const isFinal =
      answer.response !== undefined && !REPEATED_STATUSES.includes(answer.response.status);
    if (isLast || isFinal || request.signal.aborted) {
      if (answer.response) return answer.response;
      throw answer.error;
    }
    await answer.response?.body?.cancel();
    await wait(waitMs(answer.response, attempt), request.signal);
  }
}

/** True for a request that may be sent again without doing anything twice. */
function isRepeatable(request: Request): boolean {
  return request.method === 'GET' || request.headers.has('idempotency-key');
}

type Attempt =
  | { readonly response: Response; readonly error?: undefined }
  | { readonly response?: undefined; readonly error: unknown };

async function attemptOnce(fetch: RepeatDeps['fetch'], request: Request): Promise<Attempt> {
  try {
    const response = await fetch(request);
    // An answer whose body is cut off is none: it is asked for again, which cannot be done once somebody reads it.
    await response.clone().arrayBuffer();
    return { response };
  } catch (error) {
    return { error };
  }
}

function waitMs(response: Response | undefined, attempt: number): number {
  const asked = response?.headers.get('retry-after') ?? '';
  const ms = /^\d{1,6}$/.test(asked) ? Number(asked) * 1000 : FIRST_WAIT_MS * 2 ** (attempt - 1);
  return Math.min(ms, MAX_WAIT_MS);
}
