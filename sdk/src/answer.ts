import { OutcomeUnknownError, problemIn } from './problem.ts';
import { type RepeatDeps, sendRepeatedly } from './repeat.ts';

/** With which key each answer was asked for: whoever doubts it needs the key to ask again. */
const keys = new WeakMap<Response, string>();

const SERVER_FAILED = 500;

/**
 * What a call of the client is answered, or an error that says why it is not:
 *
 *     const transfer = await answerOf(guanjia.POST('/v1/transfers', { body }));
 *
 * Throws ProblemError when the server said no, OutcomeUnknownError when it is not known whether it was done.
 */
export async function answerOf<T>(
  call: Promise<
    | { readonly data: T; readonly error?: never; readonly response: Response }
    | { readonly data?: never; readonly error: unknown; readonly response: Response }
  >,
): Promise<T> {
  const answer = await call;
  const { response } = answer;
  if (response.ok && 'data' in answer) return answer.data;
  const problem = problemIn(answer.error);
  const idempotencyKey = keys.get(response);
  const cause = problem ?? new Error(`the server answered ${response.status} without a problem`);
  const isDoubtful = problem ? problem.is('outcome_unknown') : response.status >= SERVER_FAILED;
  if (isDoubtful) throw new OutcomeUnknownError({ idempotencyKey, cause });
  throw cause;
}

/** Sends a request as often as it needs. Throws OutcomeUnknownError when what may have changed something has no answer. */
export async function send(deps: RepeatDeps, request: Request): Promise<Response> {
  const key = request.headers.get('idempotency-key');
  const { method, signal } = request;
  try {
    const response = await sendRepeatedly(deps, request);
    if (key !== null) keys.set(response, key);
    return response;
  } catch (cause) {
    if (method === 'GET' || signal.aborted) throw cause;
    throw new OutcomeUnknownError({ idempotencyKey: key ?? undefined, cause });
  }
}
