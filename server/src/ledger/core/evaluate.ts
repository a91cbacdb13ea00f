import type { BusinessDate } from '../../kernel/business-date.ts';
import { instantOfMove } from '../../kernel/id.ts';
import { evaluateMove } from './evaluate-move.ts';
import type { Move } from './move.ts';
import type { Answer, Posting } from './outcome.ts';
import type { WorkingSet } from './working-set.ts';

/** What is asked of the ledger at once: its moves are done together or not at all. */
export interface Submission {
  /** What makes a repeat a repeat; unique within the platform, for ever. */
  readonly requestId: string;
  readonly moves: readonly Move[];
}

/** A submission with the digest of its content, by which a repeat is told from a mistake. */
export interface Fingerprinted extends Submission {
  readonly fingerprint: Uint8Array;
}

/** A request that was answered before. */
export interface KnownRequest {
  readonly fingerprint: Uint8Array;
  readonly answer: Answer;
}

/** When and under which numbers a batch is booked. */
export interface BatchBooking {
  readonly instant: Date;
  readonly businessDate: BusinessDate;
  readonly firstMoveId: bigint;
}

/**
 * Decides a batch: each submission in turn, on what the ones before it have left. Answers stand in the order
 * of the submissions; the working set then holds what is to be written. Pure: no clock, no I/O, no luck.
 *
 * A request that is known, or that came earlier in the same batch, gets the same answer again; with other
 * content it gets `request_id_reused`, and the answer that is kept stays the first one. In a submission of
 * several moves the first refusal is the answer for all, and none is done.
 */
export function evaluateBatch(
  set: WorkingSet,
  submissions: readonly Fingerprinted[],
  { known, booking }: { known: ReadonlyMap<string, KnownRequest>; booking: BatchBooking },
): Answer[] {
  const answered = new Map<string, KnownRequest>(known);
  let nextMoveId = booking.firstMoveId;
  return submissions.map((submission) => {
    const { requestId, fingerprint } = submission;
    const before = answered.get(requestId);
    if (before) return repeat(before, fingerprint);
    const answer = evaluateSubmission(set, submission, { ...booking, firstMoveId: nextMoveId });
    if (answer.accepted) nextMoveId += BigInt(answer.postings.length);
    answered.set(requestId, { fingerprint, answer });
    return answer;
  });
}

function repeat(before: KnownRequest, fingerprint: Uint8Array): Answer {
  if (Buffer.compare(before.fingerprint, fingerprint) === 0) {
    return { ...before.answer, repeated: true };
  }
  return {
    accepted: false,
    repeated: false,
    refusal: { code: 'request_id_reused' },
    moveIndex: 0,
  };
}

function evaluateSubmission(
  set: WorkingSet,
  { moves }: Submission,
  { instant, businessDate, firstMoveId }: BatchBooking,
): Answer {
  set.mark();
  const postings: Posting[] = [];
  for (const [moveIndex, move] of moves.entries()) {
    const moveId = firstMoveId + BigInt(moveIndex);
    const outcome = evaluateMove(set, move, { moveId, instant });
    if (outcome.refusal) {
      set.rollback();
      return { accepted: false, repeated: false, refusal: outcome.refusal, moveIndex };
    }
    postings.push(outcome.posting);
  }
  const bookedAt = instantOfMove(firstMoveId);
  return { accepted: true, repeated: false, businessDate, bookedAt, postings };
}
