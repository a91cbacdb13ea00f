import { AppError, type ErrorDefinition } from '../../kernel/error.ts';
import type { Answer } from '../core/outcome.ts';
import type { Work } from './evaluate-batch.ts';

const RETRY_AFTER_SECONDS = 1;

/** Submissions in the queue that are decided one behind the other, and who waits for their answers. */
export interface Waiting {
  readonly works: readonly Work[];
  /** Of all of them together. */
  readonly moves: number;
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The error for who is to come again in a moment. */
export const comeAgain = (definition: ComeAgain, cause?: unknown): AppError =>
  new AppError(definition, { retryAfterSeconds: RETRY_AFTER_SECONDS }, { cause });

type ComeAgain = ErrorDefinition<string, { retryAfterSeconds: number }>;

/** What waits, one behind the other. */
export const worksOf = (batch: readonly Waiting[]): Work[] => batch.flatMap(({ works }) => works);

/** Gives each its answers, in their order. */
export function deliver(batch: readonly Waiting[], answers: readonly Answer[]): void {
  let from = 0;
  for (const { works, resolve, reject } of batch) {
    const own = answers.slice(from, from + works.length);
    from += works.length;
    if (own.length === works.length) resolve(own);
    else reject(new Error('a batch answers each of its submissions'));
  }
}

/** Tells everybody to come again. */
export function rejectAll(batch: readonly Waiting[], definition: ComeAgain, cause: unknown): void {
  for (const { reject } of batch) {
    reject(comeAgain(definition, cause));
  }
}
