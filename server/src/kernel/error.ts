/**
 * What sort of failure it is, as far as an edge must know. One table maps each to an HTTP status:
 * see `http/problem.ts`.
 */
export type ErrorKind =
  | 'invalid' // the request is malformed
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict' // something else is there already
  | 'refused' // well-formed, and a rule says no
  | 'method_not_allowed'
  | 'timed_out' // the request did not arrive in time
  | 'too_large'
  | 'headers_too_large'
  | 'unsupported' // a media type that is not spoken here
  | 'internal' // a fault of ours, with no doubt about money
  | 'unavailable' // nothing was done; try again later
  | 'unknown'; // whether it was done is not known; repeat with the same request id

/** A title in the two languages that people read. */
export interface Title {
  readonly en: string;
  readonly zh: string;
}

/** What a program may want to know about a failure, beside its code. Money is in minor units. */
export type Facts = Readonly<Record<string, unknown>>;

/** A kind of error that the product can give: its code is stable, its title is for people. */
export interface ErrorDefinition<Code extends string = string, F extends Facts = Facts> {
  readonly code: Code;
  readonly kind: ErrorKind;
  readonly title: Title;
  /** What the caller can do about it, in the same two languages. */
  readonly remedy: Title;
  /** Never set: carries the type of the facts. */
  readonly facts?: F;
}

/**
 * The members that a problem has of itself, and that RFC 9457 (section 3.1) names: an edge writes them over a fact of
 * the same name, which would be lost.
 */
export const PROBLEM_MEMBERS = [
  ...(['type', 'title', 'status', 'detail', 'instance'] as const),
  ...(['code', 'requestId', 'titles'] as const),
] as const;

/** Facts whose names are none of those: an error with others does not compile. */
export type OwnFacts = Facts & { readonly [Member in (typeof PROBLEM_MEMBERS)[number]]?: never };

/** Defines an error: `defineError<{ shortfall: bigint }>()({ code: 'insufficient_funds', … })`. */
export function defineError<F extends OwnFacts = Record<never, never>>() {
  return <const Code extends string>(
    definition: Omit<ErrorDefinition<Code, F>, 'facts'>,
  ): ErrorDefinition<Code, F> => definition;
}

/** An error of the product on its way to the edge that answers it. */
export class AppError<F extends Facts = Facts> extends Error {
  readonly definition: ErrorDefinition<string, F>;
  readonly facts: F;

  constructor(definition: ErrorDefinition<string, F>, facts: F, options?: ErrorOptions) {
    super(`${definition.code}: ${definition.title.en}`, options);
    this.name = 'AppError';
    this.definition = definition;
    this.facts = facts;
  }
}

/** One thing that is wrong with a request: where (JSON pointer, header, or line), and what is allowed. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}
