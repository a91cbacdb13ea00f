import type { Answer, Posting, Refusal, Side } from '../../../src/ledger/index.ts';
import type { Expected, ModelMove } from './ledger-model.ts';

/** What an accepted answer says, in the words of the model; one line a move. */
export function postingText({ transfer, holdEvent }: Posting): string {
  const parts: string[] = [];
  if (transfer) {
    const { code, debit, credit, amount, reference, reverses } = transfer;
    parts.push(
      `transfer ${code} ${sideText(debit)} -> ${sideText(credit)} ${amount} ref ${reference ?? '-'} reverses ${reverses ?? '-'}`,
    );
  }
  if (holdEvent) {
    const { kind, account, amount, remaining, after } = holdEvent;
    parts.push(
      `hold ${kind} ${account} ${amount} remaining ${remaining}(${after.balance},${after.held})`,
    );
  }
  return parts.join(' | ');
}

function sideText({ account, after }: Side): string {
  return after ? `${account}(${after.balance},${after.held})` : `${account}`;
}

/** A refusal as one line, with its facts in the order of their names. */
export function refusalText(moveIndex: number, refusal: Refusal | Record<string, unknown>): string {
  const facts = Object.entries(refusal)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${String(value)}`);
  return `refused move ${moveIndex}: ${facts.join(' ')}`;
}

/** The whole answer; equal texts are equal answers. `repeated` is left out: it is what may differ. */
export function answerText(answer: Answer): string {
  if (!answer.accepted) return refusalText(answer.moveIndex, answer.refusal);
  const { businessDate, bookedAt, postings } = answer;
  const moves = postings.map((posting) => `${posting.moveId} ${postingText(posting)}`);
  return [`accepted ${businessDate} ${bookedAt.toISOString()}`, ...moves].join('\n');
}

/** What the model expects, in the same words. */
export function expectedText(expected: Expected): string {
  if (expected.accepted) return expected.done.map(({ text }) => text).join('\n');
  return refusalText(expected.moveIndex, expected.refusal());
}

/** What was asked, for the story of a violation. */
export function movesText(moves: readonly ModelMove[]): string {
  return JSON.stringify(moves, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
}
