import type { Clock } from '../../kernel/clock.ts';
import { moveIdAt } from '../../kernel/id.ts';
import type { Random } from '../../kernel/random.ts';
import type { Account } from '../core/account.ts';
import { BatchEvaluation, type Fingerprinted } from '../core/evaluate.ts';
import type { AcceptedAnswer, Answer, Refusal } from '../core/outcome.ts';
import { WorkingSet } from '../core/working-set.ts';
import type { Statement } from './connection.ts';
import { type Document, documentStatements } from './document.ts';
import { DayClosed } from './failure.ts';
import type { OpenDay } from './memory.ts';
import { mergeStatements } from './merge-statements.ts';
import type { BatchState } from './read-state.ts';
import { type Decided, writeStatements } from './write-state.ts';

/** A submission with the document that it justifies, if any. */
export interface Work extends Fingerprinted {
  readonly document?: Document | readonly Document[] | undefined;
}

/** What came of the pure part of a batch. */
export interface Evaluated {
  readonly answers: readonly Answer[];
  readonly decided: readonly DecidedWork[];
  readonly set: WorkingSet;
  readonly before: OpenDay;
  readonly after: OpenDay;
}

/** A submission that was decided now, with what else is known of it. */
export type DecidedWork = Decided & { readonly submission: Work };

/** Decides a batch, and changes nothing. Throws DayClosed when there is no open day to book under. */
export function evaluateBatch(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  work: readonly Work[],
  { known, state }: { known: readonly Account[]; state: BatchState },
): Evaluated {
  const { day } = state;
  if (!day) throw new DayClosed('the open business day closed while the batch waited for it');
  const set = new WorkingSet({ ...state, accounts: [...known, ...state.accounts] });
  const firstMoveId = firstNumber(clock, day);
  const booking = {
    instant: clock.now(),
    businessDate: day.date,
    firstMoveId,
    rulesVersion: day.rulesVersion,
  };
  const evaluation = new BatchEvaluation(set, { known: state.known, booking });
  const answers = evaluation.decide(work);
  const decided = decidedNow(work, answers);
  const moves = decided.reduce(
    (sum, { answer }) => sum + (answer.accepted ? answer.postings.length : 0),
    0,
  );
  const lastMoveId = moves > 0 ? firstMoveId + BigInt(moves - 1) : day.lastMoveId;
  const after = {
    date: day.date,
    lastMoveId,
    version: newVersion(random),
    rulesVersion: day.rulesVersion,
  };
  return { answers, decided, set, before: day, after };
}

/** The statements that make it so, in their order. */
export function writesOf(
  platformId: bigint,
  { decided, set, before, after }: Evaluated,
): Statement[] {
  return [
    mergeStatements(writeStatements(platformId, set, { decided, before, after })),
    ...documentStatements(platformId, documented(decided)),
  ];
}

/**
 * A number that the day never had: one that was lost with a failed batch must not come back by chance when
 * somebody else counts on. 62 bits, so that counting on cannot overflow.
 */
function newVersion(random: Random): bigint {
  return BigInt.asUintN(62, Buffer.from(random.bytes(8)).readBigUInt64BE());
}

/** The batch's first number: the time, or the number after the platform's last one when that is later. */
function firstNumber(clock: Clock, { lastMoveId }: OpenDay): bigint {
  const now = moveIdAt(clock.now());
  return now > lastMoveId ? now : lastMoveId + 1n;
}

/** Refusals that say nothing for ever: the same request may be done later, or was another. */
const NOT_KEPT: readonly Refusal['code'][] = ['request_id_reused', 'rules_changed'];

/** Of two submissions under one request id only the first is written. */
function decidedNow(work: readonly Work[], answers: readonly Answer[]): DecidedWork[] {
  return work.flatMap((submission, i) => {
    const answer = answers[i];
    const isKept = answer?.accepted || !NOT_KEPT.some((code) => answer?.refusal.code === code);
    return answer && !answer.repeated && isKept ? [{ submission, answer }] : [];
  });
}

function documented(
  decided: readonly DecidedWork[],
): { document: Document; answer: AcceptedAnswer }[] {
  return decided.flatMap(({ submission: { document }, answer }) =>
    answer.accepted ? [document ?? []].flat().map((each) => ({ document: each, answer })) : [],
  );
}
