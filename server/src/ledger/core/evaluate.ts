import type { BusinessDate } from '../../kernel/business-date.ts';
import { instantOfMove } from '../../kernel/id.ts';
import { evaluateMove } from './evaluate-move.ts';
import type { Move } from './move.ts';
import type { AcceptedAnswer, Answer, Posting, Refusal, RefusedAnswer } from './outcome.ts';
import type { WorkingSet } from './working-set.ts';

/** What is asked of the ledger at once: its moves are done together or not at all. */
export interface Submission {
  /** What makes a repeat a repeat; unique within the platform, for ever. */
  readonly requestId: string;
  readonly moves: readonly Move[];
  /**
   * It belongs to the series that the last submission without this began. That one stands for the series: when
   * its request id was used for something else, none of the series is done.
   */
  readonly follows?: boolean | undefined;
  /** Of the rules under which it was looked at: when others hold by now, the answer is `rules_changed`. */
  readonly rulesVersion?: bigint | undefined;
  /** What rules above the ledger say against it: a refusal that is kept like the ledger's own. */
  readonly barred?: Pick<RefusedAnswer, 'refusal' | 'moveIndex'> | undefined;
}

/** A submission with the digest of its content, by which a repeat is told from a mistake. */
export interface Fingerprinted extends Submission {
  /** In hexadecimal: see `fingerprintOf`. */
  readonly fingerprint: string;
}

/** A request that was answered before. */
export interface KnownRequest {
  readonly fingerprint: string;
  readonly answer: Answer;
}

/** When and under which numbers a batch is booked. */
export interface BatchBooking {
  readonly instant: Date;
  readonly businessDate: BusinessDate;
  readonly firstMoveId: bigint;
  readonly rulesVersion: bigint;
}

/**
 * Decides the submissions of a batch, each in turn, on what the ones before it have left; the working set then
 * holds what is to be written. Pure: no clock, no I/O, no luck.
 *
 * A request that is known, or that came earlier in the same batch, gets the same answer again; with other
 * content it gets `request_id_reused`, and the answer that is kept stays the first one. In a submission of
 * several moves the first refusal is the answer for all, and none is done.
 */
export class BatchEvaluation {
  readonly #set: WorkingSet;
  readonly #answered: Map<string, KnownRequest>;
  readonly #booking: BatchBooking;
  #nextMoveId: bigint;
  #bookedAt: Date;
  /** The series under way began with a request id that was used for something else. */
  #spoiled = false;

  constructor(
    set: WorkingSet,
    { known, booking }: { known: ReadonlyMap<string, KnownRequest>; booking: BatchBooking },
  ) {
    this.#set = set;
    this.#answered = new Map(known);
    this.#booking = booking;
    this.#nextMoveId = booking.firstMoveId;
    this.#bookedAt = instantOfMove(booking.firstMoveId);
  }

  /** The answers of these submissions, in their order. */
  decide(submissions: readonly Fingerprinted[]): Answer[] {
    return submissions.map((submission) => this.#decideOne(submission));
  }

  #decideOne(submission: Fingerprinted): Answer {
    const { requestId, fingerprint, follows } = submission;
    if (follows && this.#spoiled) return REUSED;
    const before = this.#answered.get(requestId);
    const repeat = before && repeatAnswer(before, fingerprint);
    if (!follows) this.#spoiled = repeat === REUSED;
    if (repeat) return repeat;
    const { rulesVersion = this.#booking.rulesVersion } = submission;
    if (rulesVersion !== this.#booking.rulesVersion) return RULES_CHANGED;
    const answer = this.#evaluate(submission);
    if (answer.accepted) this.#nextMoveId += BigInt(answer.postings.length);
    this.#answered.set(requestId, { fingerprint, answer });
    return answer;
  }

  #evaluate({ moves, barred }: Submission): Answer {
    if (barred) return refusedAt(barred.moveIndex, barred.refusal);
    const { instant } = this.#booking;
    const firstMoveId = this.#nextMoveId;
    const [only] = moves;
    if (only && moves.length === 1) {
      const outcome = evaluateMove(this.#set, only, { moveId: firstMoveId, instant });
      return outcome.refusal ? refusedAt(0, outcome.refusal) : this.#accept([outcome.posting]);
    }
    const postings: Posting[] = [];
    this.#set.mark();
    for (const [moveIndex, move] of moves.entries()) {
      const moveId = firstMoveId + BigInt(moveIndex);
      const outcome = evaluateMove(this.#set, move, { moveId, instant });
      if (outcome.refusal) {
        this.#set.rollback();
        return refusedAt(moveIndex, withoutUndone(outcome.refusal, firstMoveId));
      }
      postings.push(outcome.posting);
    }
    this.#set.keep();
    return this.#accept(postings);
  }

  /** Submissions that are booked within one millisecond share the date: thousands of answers wait for a commit. */
  #accept(postings: readonly Posting[]): AcceptedAnswer {
    const { businessDate } = this.#booking;
    const bookedAt = instantOfMove(this.#nextMoveId);
    if (bookedAt.getTime() !== this.#bookedAt.getTime()) this.#bookedAt = bookedAt;
    return { accepted: true, repeated: false, businessDate, bookedAt: this.#bookedAt, postings };
  }
}

const refusedAt = (moveIndex: number, refusal: Refusal): RefusedAnswer => ({
  accepted: false,
  repeated: false,
  refusal,
  moveIndex,
});

/** Moves of the submission itself are undone with it: a refusal does not name what will never be there. */
function withoutUndone(refusal: Refusal, firstMoveId: bigint): Refusal {
  if (refusal.code !== 'already_reversed' || refusal.reversedBy === undefined) return refusal;
  if (refusal.reversedBy < firstMoveId) return refusal;
  return { code: refusal.code, transfer: refusal.transfer };
}

/** The stored answer again, or `request_id_reused` when the content is another. */
export function repeatAnswer(before: KnownRequest, fingerprint: string): Answer {
  if (before.fingerprint === fingerprint) {
    return { ...before.answer, repeated: true };
  }
  return REUSED;
}

const REUSED = refusedAt(0, { code: 'request_id_reused' });
const RULES_CHANGED = refusedAt(0, { code: 'rules_changed' });
