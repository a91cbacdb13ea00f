import { amount as toAmount } from '../kernel/amount.ts';
import { AppError } from '../kernel/error.ts';
import { moveIdOf } from '../kernel/id.ts';
import {
  type CaptureMove,
  type HoldMove,
  type ReleaseMove,
  refusalErrors,
  type TransferMove,
} from '../ledger/index.ts';
import {
  accountNotFound,
  type NumberedFacts,
  publicAccountRefused,
} from '../virtual-accounts/index.ts';
import { holdOwnerReserved } from './errors.ts';

/**
 * Codes of the transfers made here: a plain one, a payment from a hold, the undoing of either; and those of
 * freezes, which have their own ways back.
 */
export const CODES = {
  ...{ transfer: 'transfer', capture: 'payment', reversal: 'reversal' },
  ...{ payFreeze: 'pay_freeze', unfreeze: 'unfreeze', unfreezePay: 'unfreeze_pay' },
} as const;

/** Owners of holds that flows of the server place begin so: nobody else may name one. */
const RESERVED_OWNER = 'guanjia:';
/** The owner of the holds of freezes: their documents count them down, so they are touched as freezes only. */
export const FREEZE_OWNER = `${RESERVED_OWNER}freeze`;

/** What a transfer is asked with. Amounts in minor units; accounts by number. */
export interface TransferInput {
  readonly debitAccount: string;
  readonly creditAccount: string;
  readonly amount: number | bigint;
  /** When given, it must be the accounts' own. */
  readonly currency?: string | undefined;
  readonly reference?: string | undefined;
  readonly memo?: string | undefined;
}

/** What a hold is placed with. */
export interface HoldInput {
  readonly account: string;
  readonly amount: number | bigint;
  readonly reason: string;
  readonly owner?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

/** What a hold is released with: all that remains unless an amount is given. */
export interface ReleaseInput {
  /** `hld_…` */
  readonly hold: string;
  readonly amount?: number | bigint | undefined;
  readonly owner?: string | undefined;
}

/** What a hold is captured with: all that remains unless an amount is given. */
export interface CaptureInput extends ReleaseInput {
  readonly creditAccount: string;
  readonly reference?: string | undefined;
  readonly memo?: string | undefined;
}

/** Where to look accounts up, and where in the body the fields stand that errors name. */
export interface MoveContext {
  readonly accounts: { get(number: string): NumberedFacts | undefined };
  /** '' for the body itself, `/items/3` for an item of a batch. */
  readonly at: string;
}

/**
 * The ledger's move for a transfer. Throws AppError, in this order: `account_not_found` (debit, then credit),
 * `same_account`, `public_account_refused` (suspense), `currencies_differ` (with the currency that was given).
 * All of it is decided on facts that never change, so a repeat gets past it as the first request did.
 */
export function transferMove(input: TransferInput, context: MoveContext): TransferMove {
  const debit = account(input.debitAccount, context, 'debitAccount');
  const credit = account(input.creditAccount, context, 'creditAccount');
  if (debit === credit || debit.accountId === credit.accountId) {
    const field = `${context.at}/creditAccount`;
    throw new AppError(refusalErrors.same_account, { account: debit.number, field });
  }
  refuseSuspense(debit, context, 'debitAccount');
  refuseSuspense(credit, context, 'creditAccount');
  const { currency, reference, memo } = input;
  if (currency !== undefined && currency !== debit.currency) {
    const facts = { debit: debit.currency, credit: currency, field: `${context.at}/currency` };
    throw new AppError(refusalErrors.currencies_differ, facts);
  }
  return {
    kind: 'transfer',
    code: CODES.transfer,
    debit: debit.accountId,
    credit: credit.accountId,
    amount: toAmount(input.amount),
    reference,
    memo,
  };
}

/**
 * The ledger's move for a hold. Throws AppError: `hold_owner_reserved`, `account_not_found`,
 * `public_account_refused`.
 */
export function holdMove(input: HoldInput, context: MoveContext): HoldMove {
  refuseReserved(input, context);
  const held = account(input.account, context, 'account');
  refuseSuspense(held, context, 'account');
  const { reason, owner, expiresAt } = input;
  return {
    kind: 'hold',
    account: held.accountId,
    amount: toAmount(input.amount),
    reason,
    owner,
    expiresAt,
  };
}

/** The ledger's move for a release. Throws AppError: `hold_owner_reserved`, `hold_not_found` (it is no hold's id). */
export function releaseMove(input: ReleaseInput, { at }: Pick<MoveContext, 'at'>): ReleaseMove {
  refuseReserved(input, { at });
  const { hold, amount, owner } = input;
  return { kind: 'release', hold: holdId(hold), amount: optionalAmount(amount), owner };
}

/**
 * The ledger's move for a capture. Throws AppError: `hold_owner_reserved`, `hold_not_found`, `account_not_found`,
 * `public_account_refused`.
 */
export function captureMove(input: CaptureInput, context: MoveContext): CaptureMove {
  refuseReserved(input, context);
  const hold = holdId(input.hold);
  const credit = account(input.creditAccount, context, 'creditAccount');
  refuseSuspense(credit, context, 'creditAccount');
  const { owner, reference, memo } = input;
  return {
    kind: 'capture',
    code: CODES.capture,
    hold,
    credit: credit.accountId,
    amount: optionalAmount(input.amount),
    owner,
    reference,
    memo,
  };
}

function account(number: string, { accounts, at }: MoveContext, field: string): NumberedFacts {
  const found = accounts.get(number);
  if (found) return found;
  throw accountNotFound(number, `${at}/${field}`);
}

function refuseReserved({ owner }: { owner?: string | undefined }, { at }: { at: string }): void {
  if (!owner?.startsWith(RESERVED_OWNER)) return;
  throw new AppError(holdOwnerReserved, { owner, field: `${at}/owner` });
}

/** Money leaves suspense by claims only, and comes there by deposits only: each has its bank entry. */
function refuseSuspense(facts: NumberedFacts, { at }: MoveContext, field: string): void {
  if (facts.kind !== 'suspense') return;
  throw new AppError(publicAccountRefused, {
    account: facts.number,
    accountKind: facts.kind,
    field: `${at}/${field}`,
  });
}

/** The number behind `hld_…`. Throws AppError: `hold_not_found`. */
export function holdId(text: string): bigint {
  const id = moveIdOf('hld', text);
  if (id !== undefined) return id;
  throw new AppError(refusalErrors.hold_not_found, { hold: text });
}

const optionalAmount = (value: number | bigint | undefined) =>
  value === undefined ? undefined : toAmount(value);
