import type { ProblemFacts } from './api.ts';

/** The code of a problem: decide by it. What each means: docs/reference/errors.md. */
export type ProblemCode = keyof ProblemFacts;

/**
 * The server said no, and did nothing (RFC 9457). A server that is newer than this client may have codes and facts that
 * are not in the types.
 */
export class ProblemError<Code extends ProblemCode = ProblemCode> extends Error {
  readonly code: Code;
  readonly status: number;
  /** What the problem says beside its code, such as `shortfall` of `insufficient_funds`. Minor units. */
  readonly facts: ProblemFacts[Code];
  /** For people, in the two languages that the server has. */
  readonly titles: { readonly en: string; readonly zh: string };
  /** Names the request in the log of the server. */
  readonly requestId: string;

  constructor(problem: Problem<Code>) {
    super(`${problem.code}: ${problem.title}`);
    this.name = 'ProblemError';
    this.code = problem.code;
    this.status = problem.status;
    this.facts = problem.facts;
    this.titles = problem.titles;
    this.requestId = problem.requestId;
  }

  /** Tells one problem from others, and knows its facts then: `error.is('insufficient_funds')`. */
  is<Wanted extends ProblemCode>(code: Wanted): this is ProblemError<Wanted> {
    const own: string = this.code;
    return own === code;
  }
}

/**
 * Nobody knows whether it was done: the server says so (`outcome_unknown`), or no answer came, however often it was
 * asked. Repeat it with the same key, however late: it is done once, and answered as it was then. Never repeat it with
 * another key.
 */
export class OutcomeUnknownError extends Error {
  /** What to repeat it with; undefined for a call that takes no key: then look whether it was done. */
  readonly idempotencyKey: string | undefined;

  constructor({ idempotencyKey, cause }: { idempotencyKey: string | undefined; cause: unknown }) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`it is not known whether it was done: ${why}`, { cause });
    this.name = 'OutcomeUnknownError';
    this.idempotencyKey = idempotencyKey;
  }
}

/** What a problem document says. */
interface Problem<Code extends ProblemCode> {
  readonly code: Code;
  readonly title: string;
  readonly status: number;
  readonly titles: { readonly en: string; readonly zh: string };
  readonly requestId: string;
  readonly facts: ProblemFacts[Code];
}

/** The problem in the body of an answer; undefined when it has none. */
export function problemIn(body: unknown): ProblemError | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, title, status, titles, requestId, type: _type, ...facts } = body as WireProblem;
  if (code === undefined || titles === undefined) return undefined;
  return new ProblemError({
    ...{ code, titles, title: title ?? code, status: status ?? 0, requestId: requestId ?? '' },
    facts,
  });
}

/** Any of it may be missing: something else than our server may have answered. */
type WireProblem = { readonly type?: string } & Partial<Omit<Problem<ProblemCode>, 'facts'>> &
  ProblemFacts[ProblemCode];
