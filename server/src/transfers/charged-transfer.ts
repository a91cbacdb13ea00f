import { strict as assert } from 'node:assert';
import {
  answeredByEarlierRule,
  chargeOf,
  chargeView,
  chargeWriter,
  type FeeCharge,
  type FeeFor,
  type FeePlan,
  planFee,
  withFee,
} from '../fees/index.ts';
import { AppError } from '../kernel/error.ts';
import {
  type AcceptedAnswer,
  type Answer,
  documentOf,
  type TransferMove,
} from '../ledger/index.ts';
import { accountsById, findAccount } from '../virtual-accounts/index.ts';
import { type TransferInput, transferMove } from './moves.ts';
import { errorOf, type Mode, type Submitted, submitMoves, type TransferDeps } from './submit.ts';
import { accountsOf, onlyTransfer } from './transfer.ts';
import type { TransferView } from './view.ts';

/** A transfer with the fee that it is charged. */
export interface ChargedTransferInput extends TransferInput {
  readonly fee: {
    readonly product: string;
    /** Whose price holds, `mem_…`; the payer's member when it is left out. */
    readonly memberId?: string | undefined;
  };
}

/** A transfer, and the fee that was charged with it. */
export interface ChargedTransferView extends TransferView {
  readonly fee: FeeCharge;
}

/** The fee stands behind the transfer. */
const PLACE = { causeAt: 0, feeAt: 1 } as const;

/**
 * Moves money as `transfer` does, and charges a fee for it by the rule in force: taken in the same group, both or
 * neither, or written down with it to be taken when the month is over. A dry run says what the fee would be.
 *
 * Throws AppError: what `transfer` throws; what `planFee` throws. A repeat is answered as before, whatever has become
 * of the rule.
 */
export async function chargedTransfer(
  deps: TransferDeps,
  platformId: bigint,
  input: ChargedTransferInput,
  mode: Mode,
): Promise<Submitted<ChargedTransferView>> {
  const { db } = deps;
  const payer = await findAccount(db, platformId, input.debitAccount, '/debitAccount');
  const payee = await findAccount(db, platformId, input.creditAccount, '/creditAccount');
  const accounts = { get: (number: string) => (number === payer.number ? payer : payee) };
  const move = transferMove(input, { accounts, at: '' });
  const asked = {
    ...{ product: input.fee.product, memberId: input.fee.memberId, amount: move.amount },
    ...{ payer: move.debit, payee: move.credit },
    ...{ currency: payer.currency, mainAccountId: payer.mainAccountId },
  };
  const before = () => answeredBefore(deps, platformId, { asked, move, mode });
  const plan = await planFee(deps, platformId, asked).catch(async (error: unknown) => {
    const done = error instanceof AppError ? await before() : undefined;
    if (done) return done;
    throw error;
  });
  if ('answer' in plan) return answered(deps, platformId, { ...plan, move, mode });
  const answer = await submit(deps, platformId, { move, plan, mode });
  const isReused = !answer.accepted && answer.refusal.code === 'request_id_reused';
  const done = (isReused ? await before() : undefined) ?? { plan, answer };
  return answered(deps, platformId, { ...done, move, mode });
}

/** What the same request was answered by a version of the rule that is not in force any more. */
async function answeredBefore(
  deps: TransferDeps,
  platformId: bigint,
  { asked, move, mode }: { asked: FeeFor; move: TransferMove; mode: Mode },
): Promise<{ plan: FeePlan; answer: Answer } | undefined> {
  if (mode.dryRun) return undefined;
  const { requestId } = mode;
  return answeredByEarlierRule(deps, platformId, {
    asked,
    answered: (plan) =>
      deps.ledger.answered({
        ...{ platformId, requestId, moves: withFee([move], plan), context: plan.context },
      }),
  });
}

function submit(
  deps: TransferDeps,
  platformId: bigint,
  { move, plan, mode }: { move: TransferMove; plan: FeePlan; mode: Mode },
): Promise<Answer> {
  const document = documentOf(chargeWriter, { plan, place: PLACE });
  const { context } = plan;
  return submitMoves(deps, platformId, withFee([move], plan), { mode, context, document });
}

async function answered(
  deps: TransferDeps,
  platformId: bigint,
  done: { plan: FeePlan; answer: Answer; move: TransferMove; mode: Mode },
): Promise<Submitted<ChargedTransferView>> {
  const { plan, answer, move, mode } = done;
  if (!answer.accepted) {
    // What the fee is refused for is no field's fault when its account is not the payer's.
    const isFees = answer.moveIndex > 0 && plan.bearer !== move.debit;
    const about = { at: '', move: isFees ? undefined : move };
    throw await errorOf(deps, platformId, answer, about);
  }
  const accounts = await accountsById(deps.db, platformId, accountsOf(answer));
  const dryRun = mode.dryRun ?? false;
  const charge = chargeOf(plan, answer, PLACE);
  const bearers = await accountsById(deps.db, platformId, [charge.bearer]);
  const number = bearers.get(charge.bearer)?.number;
  const paid = firstOf(answer);
  return {
    repeated: answer.repeated,
    result: {
      ...onlyTransfer(paid, (id) => accounts.get(id), mode),
      fee: chargeView(charge, { number, dryRun }),
    },
  };
}

function firstOf(answer: AcceptedAnswer): AcceptedAnswer {
  const [first] = answer.postings;
  assert(first, 'a transfer leaves a posting behind');
  return { ...answer, postings: [first] };
}
