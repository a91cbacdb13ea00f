import { instantOfMove, textMoveId } from '../kernel/id.ts';
import type { AccountId } from '../ledger/index.ts';
import type { AccountLookup } from './view.ts';

/** freeze (冻结): the payer's own money. payFreeze (支付冻结): money that was paid, put aside at the payee. */
export type FreezeKind = 'freeze' | 'payFreeze';
/** unfreeze (解冻): back to the payer. unfreezePay (解冻支付): to whom it is for. */
export type StepKind = 'unfreeze' | 'unfreezePay';

/** What never changes about a freeze. Minor units. */
export interface FreezeFacts {
  /** The number of its hold. */
  readonly freezeId: bigint;
  readonly kind: FreezeKind;
  readonly payer: AccountId;
  /** Of a pay-freeze: who was paid, and has the money. */
  readonly payee: AccountId | null;
  /** Of a pay-freeze: the payment. */
  readonly transferId: bigint | null;
  readonly amount: bigint;
  readonly reason: string;
  readonly reference: string | null;
  readonly memo: string | null;
  readonly businessDate: string;
}

/** A freeze as it stands. amount = remaining + unfrozen + paid. */
export interface FreezeState extends FreezeFacts {
  readonly unfrozen: bigint;
  readonly paid: bigint;
}

/** What was taken from a freeze, with what remained after it. */
export interface FreezeStep {
  readonly stepId: bigint;
  readonly freezeId: bigint;
  readonly kind: StepKind;
  readonly amount: bigint;
  readonly remaining: bigint;
  readonly credit: AccountId | null;
  readonly reason: string | null;
  readonly businessDate: string;
}

/** frozen: something remains. closed: nothing does. */
export type FreezeStatus = 'frozen' | 'closed';

/** A freeze or pay-freeze (冻结, 支付冻结). Minor units; amount = remaining + unfrozen + paid. */
export interface FreezeView {
  /** `frz_…`; null on a dry run. */
  readonly id: string | null;
  readonly kind: FreezeKind;
  readonly status: FreezeStatus;
  /** Whose money it was. */
  readonly debitAccount: string | null;
  /** Of a pay-freeze: who was paid, and has the money aside. */
  readonly creditAccount: string | null;
  readonly currency: string;
  readonly amount: bigint;
  readonly remaining: bigint;
  readonly unfrozen: bigint;
  readonly paid: bigint;
  readonly reason: string;
  readonly reference: string | null;
  readonly memo: string | null;
  /** `hld_…` of the money that is aside; null on a dry run. */
  readonly hold: string | null;
  /** `trf_…` of the payment of a pay-freeze. */
  readonly transferId: string | null;
  readonly businessDate: string;
  readonly bookedAt: Date;
  readonly dryRun?: true;
}

/** A step on a freeze (解冻, 解冻支付), and how it left the freeze. */
export interface FreezeStepView {
  /** `ufz_…`; null on a dry run. */
  readonly id: string | null;
  /** `frz_…` */
  readonly freeze: string;
  readonly kind: StepKind;
  readonly amount: bigint;
  readonly remaining: bigint;
  readonly status: FreezeStatus;
  /** Who got it by a transfer; null where it became available to the account that had it. */
  readonly creditAccount: string | null;
  /** `trf_…` of that transfer. */
  readonly transferId: string | null;
  readonly reason: string | null;
  readonly businessDate: string;
  readonly bookedAt: Date;
  readonly dryRun?: true;
}

const statusOf = (remaining: bigint): FreezeStatus => (remaining > 0n ? 'frozen' : 'closed');

/** A freeze as people and programs see it. */
export function freezeView(
  state: FreezeState,
  accounts: AccountLookup,
  { dryRun = false }: { dryRun?: boolean } = {},
): FreezeView {
  const { freezeId, payer, payee, transferId, amount, unfrozen, paid } = state;
  const { kind, reason, reference, memo, businessDate } = state;
  const remaining = amount - unfrozen - paid;
  const known = !dryRun;
  return {
    id: known ? textMoveId('frz', freezeId) : null,
    kind,
    status: statusOf(remaining),
    debitAccount: accounts(payer)?.number ?? null,
    creditAccount: payee === null ? null : (accounts(payee)?.number ?? null),
    currency: accounts(payer)?.currency ?? '',
    ...{ amount, remaining, unfrozen, paid, reason, reference, memo },
    hold: known ? textMoveId('hld', freezeId) : null,
    transferId: known && transferId !== null ? textMoveId('trf', transferId) : null,
    businessDate,
    bookedAt: instantOfMove(freezeId),
    ...(dryRun ? { dryRun: true } : {}),
  };
}

/** A step as people and programs see it. */
export function stepView(
  { stepId, freezeId, kind, amount, remaining, credit, reason, businessDate }: FreezeStep,
  accounts: AccountLookup,
  { dryRun = false }: { dryRun?: boolean } = {},
): FreezeStepView {
  return {
    id: dryRun ? null : textMoveId('ufz', stepId),
    freeze: textMoveId('frz', freezeId),
    ...{ kind, amount, remaining },
    status: statusOf(remaining),
    creditAccount: credit === null ? null : (accounts(credit)?.number ?? null),
    transferId: dryRun || credit === null ? null : textMoveId('trf', stepId),
    reason,
    businessDate,
    bookedAt: instantOfMove(stepId),
    ...(dryRun ? { dryRun: true } : {}),
  };
}
