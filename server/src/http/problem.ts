import type { AppError, ErrorKind, Facts } from '../kernel/error.ts';

/** The HTTP status of each kind of error. */
export const STATUS_OF: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timed_out: 408,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  refused: 422,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
  unknown: 503,
};

/** The media type of RFC 9457, section 3. */
export const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

/** The languages that people read errors in. */
export type Language = 'en' | 'zh';

/**
 * The language to answer in: of ours the one that Accept-Language weighs most (RFC 9110, section 12.5.4), the
 * first of two that weigh the same, English when it names neither.
 */
export function languageOf(acceptLanguage = ''): Language {
  let best: { language: Language; weight: number } = { language: 'en', weight: 0 };
  for (const range of acceptLanguage.split(',')) {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const language = (['en', 'zh'] as const).find((each) => tag.split('-', 1)[0] === each);
    const weight = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1);
    if (language && weight > best.weight) best = { language, weight };
  }
  return best.language;
}

/** RFC 9457 problem details. Facts of the error are extension members; they cannot replace the others. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly titles: { readonly en: string; readonly zh: string };
  readonly [fact: string]: unknown;
}

/** The problem details of an error. */
export function toProblem(
  { definition, facts }: AppError,
  { language, requestId }: { language: Language; requestId: string },
): Problem {
  const members = {
    type: `/problems/${definition.code}`,
    title: definition.title[language],
    status: STATUS_OF[definition.kind],
    code: definition.code,
    requestId,
    titles: definition.title,
  };
  // First for readers, and again last, so that no fact takes the place of a member.
  return { ...members, ...factsOf(facts), ...members };
}

/** The seconds that a problem asks the client to wait; undefined for one that waiting does not help. */
export function retryAfterOf(
  { definition, facts }: AppError,
  otherwise: number,
): number | undefined {
  if (definition.kind !== 'unavailable' && definition.kind !== 'unknown') return undefined;
  const seconds = facts['retryAfterSeconds'];
  return typeof seconds === 'number' ? seconds : otherwise;
}

declare global {
  interface JSON {
    /** Text that is put into JSON as it is (ECMAScript 2026; Node has it, the types do not yet). */
    rawJSON(text: string): unknown;
  }
}

/** JSON that has bigints: they are written as integers, digit by digit. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint' ? JSON.rawJSON(each.toString()) : each,
  );
}

function factsOf(facts: Facts): Record<string, unknown> {
  const { retryAfterSeconds: _, ...told } = facts;
  return told;
}
