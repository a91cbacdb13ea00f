import { amount as toAmount } from '../kernel/amount.ts';
import { AppError } from '../kernel/error.ts';
import { moveIdOf, textMoveId } from '../kernel/id.ts';
import {
  type Answer,
  type CaptureMove,
  documentOf,
  type Move,
  type ReleaseMove,
} from '../ledger/index.ts';
import { accountsById, accountsByNumber } from '../virtual-accounts/index.ts';
import {
  freezeInsufficient,
  freezeNotFound,
  freezePayeeDiffers,
  freezePayeeRequired,
} from './errors.ts';
import { type FreezeState, type FreezeStepView, type StepKind, stepView } from './freeze.ts';
import { type StepRecord, stepOf, stepWriter } from './freeze-document.ts';
import { selectFreezes } from './freeze-store.ts';
import { CODES, captureMove, FREEZE_OWNER } from './moves.ts';
import {
  accepted,
  type Mode,
  markRepeated,
  type Submitted,
  submitMoves,
  type TransferDeps,
} from './submit.ts';
import { accountsOf } from './transfer.ts';

/** What an unfreeze is asked with: all that remains unless an amount is given. Minor units. */
export interface UnfreezeInput {
  /** `frz_…` */
  readonly freeze: string;
  readonly amount?: number | bigint | undefined;
  readonly reason?: string | undefined;
}

/** What an unfreeze-pay is asked with. */
export interface UnfreezePayInput extends UnfreezeInput {
  /** Who gets it: required of a freeze; of a pay-freeze it is the payee, and may be left out. */
  readonly creditAccount?: string | undefined;
}

/**
 * Ends a freeze in favour of the payer (解冻), in part or whole: of a freeze the money becomes available again; of
 * a pay-freeze it goes back from the payee.
 *
 * Throws AppError: `freeze_not_found`, `freeze_insufficient`, `request_id_reused`; of a pay-freeze also the
 * ledger's refusals of a payment back (`account_stopped` at the payee, `account_closed` of the payer, …).
 */
export async function unfreeze(
  deps: TransferDeps,
  platformId: bigint,
  input: UnfreezeInput,
  mode: Mode,
): Promise<Submitted<FreezeStepView>> {
  const frozen = await findFreeze(deps, platformId, input.freeze);
  const move =
    frozen.kind === 'freeze'
      ? release(frozen, input)
      : ({
          ...taken(frozen, input),
          kind: 'capture',
          credit: frozen.payer,
          code: CODES.unfreeze,
        } as const);
  return step(deps, platformId, { input, kind: 'unfreeze', move, named: undefined, mode });
}

/**
 * Ends a freeze in favour of whom it is for (解冻支付), in part or whole: of a freeze the money is paid to the
 * account that is named; of a pay-freeze it becomes available to the payee, who has it.
 *
 * Throws AppError: `freeze_not_found`, `freeze_payee_required` (of a freeze), `freeze_payee_differs` (of a
 * pay-freeze), `account_not_found`, `public_account_refused`, `freeze_insufficient`, the ledger's refusals of a
 * payment, `request_id_reused`.
 */
export async function unfreezePay(
  deps: TransferDeps,
  platformId: bigint,
  input: UnfreezePayInput,
  mode: Mode,
): Promise<Submitted<FreezeStepView>> {
  const frozen = await findFreeze(deps, platformId, input.freeze);
  const { creditAccount } = input;
  const kind = 'unfreezePay';
  if (frozen.kind === 'payFreeze') {
    await refuseOtherPayee(deps, platformId, { frozen, creditAccount });
    const move = release(frozen, input);
    return step(deps, platformId, { input, kind, move, named: undefined, mode });
  }
  if (creditAccount === undefined) {
    throw new AppError(freezePayeeRequired, { freeze: input.freeze, field: '/creditAccount' });
  }
  const accounts = await accountsByNumber(deps.db, platformId, [creditAccount]);
  const { amount } = input;
  const payment = { hold: textMoveId('hld', frozen.freezeId), creditAccount, amount };
  const paid = captureMove(payment, { accounts, at: '' });
  const move = { ...paid, owner: FREEZE_OWNER, code: CODES.unfreezePay };
  return step(deps, platformId, { input, kind, move, named: move, mode });
}

async function findFreeze(
  { db }: Pick<TransferDeps, 'db'>,
  platformId: bigint,
  id: string,
): Promise<FreezeState> {
  const freezeId = moveIdOf('frz', id);
  const [found] =
    freezeId === undefined ? [] : await selectFreezes(db, platformId, { freezeId, limit: 1 });
  if (!found) throw new AppError(freezeNotFound, { freeze: id });
  return found;
}

const taken = ({ freezeId }: FreezeState, { amount }: UnfreezeInput) => ({
  hold: freezeId,
  amount: amount === undefined ? undefined : toAmount(amount),
  owner: FREEZE_OWNER,
});

const release = (frozen: FreezeState, input: UnfreezeInput): ReleaseMove => ({
  kind: 'release',
  ...taken(frozen, input),
});

async function refuseOtherPayee(
  { db }: Pick<TransferDeps, 'db'>,
  platformId: bigint,
  { frozen, creditAccount }: { frozen: FreezeState; creditAccount: string | undefined },
): Promise<void> {
  if (creditAccount === undefined || frozen.payee === null) return;
  const accounts = await accountsById(db, platformId, [frozen.payee]);
  const payee = accounts.get(frozen.payee)?.number;
  if (payee === creditAccount) return;
  const freeze = textMoveId('frz', frozen.freezeId);
  throw new AppError(freezePayeeDiffers, { freeze, payee: payee ?? '', field: '/creditAccount' });
}

async function step(
  deps: TransferDeps,
  platformId: bigint,
  {
    input,
    kind,
    move,
    named,
    mode,
  }: {
    input: UnfreezeInput;
    kind: StepKind;
    move: ReleaseMove | CaptureMove;
    /** The move, where the body names an account of it. */
    named: Move | undefined;
    mode: Mode;
  },
): Promise<Submitted<FreezeStepView>> {
  const record: StepRecord = { freezeId: move.hold, kind, reason: input.reason ?? null };
  const document = documentOf(stepWriter, record);
  const context = JSON.stringify([kind, record.reason]);
  const submitted = await submitMoves(deps, platformId, [move], { mode, context, document });
  refuseInsufficient(submitted, input);
  const answer = await accepted(deps, platformId, submitted, named);
  const accounts = await accountsById(deps.db, platformId, accountsOf(answer));
  const dryRun = mode.dryRun ?? false;
  return {
    repeated: answer.repeated,
    result: stepView(stepOf(record, answer), (id) => accounts.get(id), { dryRun }),
  };
}

/** What the hold lacks is told of the freeze, which is what the caller knows. */
function refuseInsufficient(answer: Answer, { freeze, amount }: UnfreezeInput): void {
  if (answer.accepted || answer.refusal.code !== 'hold_insufficient') return;
  const { remaining } = answer.refusal;
  const field = amount === undefined ? {} : { field: '/amount' };
  const error = new AppError(freezeInsufficient, { freeze, remaining, ...field });
  throw markRepeated(error, answer.repeated);
}
