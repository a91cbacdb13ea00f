import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import {
  type AcceptedAnswer,
  type Answer,
  accountId,
  type Document,
  type Ledger,
  type Move,
  type RefusedAnswer,
  refusalError,
} from '../ledger/index.ts';
import { submitLimited } from '../limits/index.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import { actsOf } from './acts.ts';
import { fieldOf } from './field.ts';

/** What the use cases of transfers and holds need. */
export interface TransferDeps {
  readonly db: Db;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** Whether to do it, and under which request id, or to decide the same way and change nothing. */
export type Mode =
  | { readonly dryRun?: false; readonly requestId: string }
  | { readonly dryRun: true };

/** What a use case answers. `repeated`: this is the answer that the request got before. */
export interface Submitted<T> {
  readonly repeated: boolean;
  readonly result: T;
}

/**
 * Asks the ledger to do the moves, or what it would answer. `context` is part of what makes a repeat; the document
 * is written with the money. Limits and lists are looked at first.
 */
export function submitMoves(
  deps: TransferDeps,
  platformId: bigint,
  moves: readonly Move[],
  {
    mode,
    context,
    document,
  }: { mode: Mode; context?: string | undefined; document?: Document | undefined },
): Promise<Answer> {
  const { ledger } = deps;
  return submitLimited(deps, platformId, {
    acts: () => actsOf(deps.db, platformId, moves),
    submit: ({ rulesVersion, barred, document: usage }) => {
      if (mode.dryRun) return ledger.preview({ platformId, moves, context, barred });
      const documents = usage ? [usage, ...(document ? [document] : [])] : document;
      return ledger.submit({
        ...{ platformId, requestId: mode.requestId, moves, context },
        ...{ document: documents, rulesVersion, barred },
      });
    },
  });
}

/** The answer when it was done. Throws the AppError of the refusal otherwise, with fields of `move`, if it is given. */
export async function accepted(
  { db }: Pick<TransferDeps, 'db'>,
  platformId: bigint,
  answer: Answer,
  move: Move | undefined,
): Promise<AcceptedAnswer> {
  if (answer.accepted) return answer;
  throw await errorOf({ db }, platformId, answer, { at: '', move });
}

/** Refusals that were given before, by the error that says them again. */
const repeatedRefusals = new WeakSet<Error>();

/** True for a refusal that repeats the answer of an earlier request: edges mark those. */
export function isRepeatedRefusal(error: unknown): boolean {
  return error instanceof AppError && repeatedRefusals.has(error);
}

/**
 * The error of a refusal, with the numbers of its accounts: facts that never change, so it can be repeated.
 * `move` is the one that was refused, and `at` is where it stands in the body: '' for the body itself,
 * `/items/3` for an item of a batch.
 */
export async function errorOf(
  { db }: Pick<TransferDeps, 'db'>,
  platformId: bigint,
  { refusal, repeated }: Pick<RefusedAnswer, 'refusal' | 'repeated'>,
  { at, move }: { readonly at: string; readonly move: Move | undefined },
): Promise<AppError> {
  const { account, counterparty, debit, credit } = {
    account: undefined,
    counterparty: undefined,
    debit: undefined,
    credit: undefined,
    ...refusal,
  };
  const ids = [account, counterparty, debit, credit]
    .filter((each) => typeof each === 'bigint')
    .map(accountId);
  const accounts = await accountsById(db, platformId, ids);
  const error = refusalError(refusal, (id) => accounts.get(accountId(id))?.number);
  const field = move && fieldOf(refusal, move);
  return markRepeated(field === undefined ? error : withField(error, `${at}/${field}`), repeated);
}

function withField({ definition, facts }: AppError, field: string): AppError {
  return new AppError(definition, { ...facts, field });
}

/** Notes that an error repeats an earlier answer. */
export function markRepeated(error: AppError, repeated: boolean): AppError {
  if (repeated) repeatedRefusals.add(error);
  return error;
}
