import { strict as assert } from 'node:assert';
import type { AcceptedAnswer, Move } from '../ledger/index.ts';
import { accountsById, accountsByNumber } from '../virtual-accounts/index.ts';
import { type HoldAnswer, HoldRun } from './hold-view.ts';
import {
  type CaptureInput,
  captureMove,
  type HoldInput,
  holdMove,
  type ReleaseInput,
  releaseMove,
} from './moves.ts';
import { type HoldState, selectHoldStates } from './store.ts';
import { accepted, type Mode, type Submitted, submitMoves, type TransferDeps } from './submit.ts';
import { accountsOf } from './transfer.ts';
import { postedView, type TransferView } from './view.ts';

/**
 * Puts part of an account's available money aside (冻结). Throws AppError: `hold_owner_reserved`,
 * `account_not_found`, `public_account_refused` (suspense), `account_closed`, `account_stopped`, `insufficient_funds`.
 */
export async function placeHold(
  deps: TransferDeps,
  platformId: bigint,
  input: HoldInput,
  mode: Mode,
): Promise<Submitted<HoldAnswer>> {
  const accounts = await accountsByNumber(deps.db, platformId, [input.account]);
  const { repeated, hold } = await answerHold(deps, platformId, {
    move: holdMove(input, { accounts, at: '' }),
    mode,
  });
  return { repeated, result: hold };
}

/**
 * Gives held money back (解冻): all that remains, or a part. Throws AppError: `hold_not_found`,
 * `hold_owner_differs`, `hold_insufficient`.
 */
export async function releaseHold(
  deps: TransferDeps,
  platformId: bigint,
  input: ReleaseInput,
  mode: Mode,
): Promise<Submitted<HoldAnswer>> {
  const { repeated, hold } = await answerHold(deps, platformId, {
    move: releaseMove(input, { at: '' }),
    mode,
  });
  return { repeated, result: hold };
}

/** What a capture answers: the payment, and what is left of the hold. */
export interface Captured {
  readonly transfer: TransferView;
  readonly hold: HoldAnswer;
  readonly dryRun?: true;
}

/**
 * Pays from held money (扣划): all that remains, or a part; as often as something remains. Throws AppError:
 * `hold_not_found`, `account_not_found`, `public_account_refused` (suspense), then the ledger's refusals:
 * `hold_owner_differs`, `hold_insufficient`, `hold_expired`, and those of a payment.
 */
export async function captureHold(
  deps: TransferDeps,
  platformId: bigint,
  input: CaptureInput,
  mode: Mode,
): Promise<Submitted<Captured>> {
  const accounts = await accountsByNumber(deps.db, platformId, [input.creditAccount]);
  const { repeated, hold, transfer } = await answerHold(deps, platformId, {
    move: captureMove(input, { accounts, at: '' }),
    mode,
  });
  assert(transfer, 'a capture leaves a transfer behind');
  return { repeated, result: { transfer, hold, ...(mode.dryRun ? { dryRun: true } : {}) } };
}

async function answerHold(
  deps: TransferDeps,
  platformId: bigint,
  { move, mode }: { move: Move; mode: Mode },
): Promise<{ repeated: boolean; hold: HoldAnswer; transfer: TransferView | undefined }> {
  const submitted = await submitMoves(deps, platformId, [move], { mode });
  const answer = await accepted(deps, platformId, submitted, move);
  const [facts, before] = await Promise.all([
    accountsById(deps.db, platformId, accountsOf(answer)),
    holdStates(deps, platformId, [answer]),
  ]);
  const accounts = facts.get.bind(facts);
  const [posting] = answer.postings;
  assert(posting, 'an accepted move leaves a posting behind');
  const dryRun = mode.dryRun ?? false;
  const { moveId, transfer } = posting;
  const { businessDate } = answer;
  return {
    repeated: answer.repeated,
    hold: new HoldRun(before).answer(move, posting, { accounts, answer, dryRun }),
    transfer: transfer && postedView({ moveId, transfer }, accounts, { businessDate, dryRun }),
  };
}

/**
 * How the holds that answers speak of stood before each of their moves, by the number of the move; moves that
 * placed a hold are left out.
 */
export async function holdStates(
  { db }: Pick<TransferDeps, 'db'>,
  platformId: bigint,
  answers: readonly AcceptedAnswer[],
): Promise<ReadonlyMap<bigint, HoldState>> {
  const asked = answers.flatMap(({ postings }) =>
    postings.flatMap(({ moveId, holdEvent }) =>
      holdEvent && holdEvent.kind !== 'placed'
        ? [{ holdId: holdEvent.holdId, before: moveId }]
        : [],
    ),
  );
  const states = await selectHoldStates(db, platformId, asked);
  return new Map(
    asked.flatMap(({ before }, i) => {
      const state = states[i];
      return state ? [[before, state]] : [];
    }),
  );
}
