import { AppError, type ErrorDefinition } from '../../kernel/error.ts';
import type { Answer } from '../core/outcome.ts';
import type { Work } from './evaluate-batch.ts';

const RETRY_AFTER_SECONDS = 1;

/** A submission in the queue, and who waits for its answer. */
export interface Waiting {
  readonly work: Work;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** The error for who is to come again in a moment. */
export const comeAgain = (definition: ComeAgain, cause?: unknown): AppError =>
  new AppError(definition, { retryAfterSeconds: RETRY_AFTER_SECONDS }, { cause });

type ComeAgain = ErrorDefinition<string, { retryAfterSeconds: number }>;

/** Gives each its answer, in their order. */
export function deliver(batch: readonly Waiting[], answers: readonly Answer[]): void {
  for (const [i, { resolve, reject }] of batch.entries()) {
    const answer = answers[i];
    if (answer) resolve(answer);
    else reject(new Error('a batch answers each of its submissions'));
  }
}

/** Tells everybody to come again. */
export function rejectAll(batch: readonly Waiting[], definition: ComeAgain, cause: unknown): void {
  for (const { reject } of batch) {
    reject(comeAgain(definition, cause));
  }
}
