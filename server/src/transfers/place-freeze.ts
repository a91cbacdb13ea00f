import { documentOf, type Move } from '../ledger/index.ts';
import { accountsById, accountsByNumber } from '../virtual-accounts/index.ts';
import { type FreezeView, freezeView } from './freeze.ts';
import { type FreezeRecord, freezeOf, freezeWriter } from './freeze-document.ts';
import { CODES, FREEZE_OWNER, holdMove, type TransferInput, transferMove } from './moves.ts';
import { accepted, type Mode, type Submitted, submitMoves, type TransferDeps } from './submit.ts';
import { accountsOf } from './transfer.ts';

/** What a freeze is asked with. Minor units; the account by number. */
export interface FreezeInput {
  readonly account: string;
  readonly amount: number | bigint;
  readonly reason: string;
}

/** What a pay-freeze is asked with: a transfer, and why it is put aside. */
export interface PayFreezeInput extends TransferInput {
  readonly reason: string;
}

/**
 * Puts part of an account's own available money aside (冻结), as a document with a number of its own. It has no
 * deadline: it stays until it is unfrozen or paid.
 *
 * Throws AppError: `account_not_found`, `public_account_refused` (suspense), `account_closed`, `account_stopped`,
 * `insufficient_funds`, `request_id_reused`.
 */
export async function freeze(
  deps: TransferDeps,
  platformId: bigint,
  { account, amount, reason }: FreezeInput,
  mode: Mode,
): Promise<Submitted<FreezeView>> {
  const accounts = await accountsByNumber(deps.db, platformId, [account]);
  const held = holdMove({ account, amount, reason }, { accounts, at: '' });
  const move = { ...held, owner: FREEZE_OWNER };
  const record: FreezeRecord = {
    ...{ kind: 'freeze', payer: move.account, payee: null },
    ...{ reason, reference: null, memo: null },
  };
  return place(deps, platformId, { moves: [move], record, mode });
}

/**
 * Pays, and puts the money aside at the payee (支付冻结), in one group: both or neither. The payee has it and
 * cannot spend it, until it goes back (`unfreeze`) or is theirs (`unfreezePay`). It has no deadline: money that
 * must move by itself is for an escrow order.
 *
 * Throws AppError: as `transfer` does; what is refused of the hold is told of the payee.
 */
export async function payFreeze(
  deps: TransferDeps,
  platformId: bigint,
  input: PayFreezeInput,
  mode: Mode,
): Promise<Submitted<FreezeView>> {
  const { debitAccount, creditAccount, amount, reason, reference = null, memo = null } = input;
  const accounts = await accountsByNumber(deps.db, platformId, [debitAccount, creditAccount]);
  const payment = { ...transferMove(input, { accounts, at: '' }), code: CODES.payFreeze };
  const held = holdMove({ account: creditAccount, amount, reason }, { accounts, at: '' });
  const record: FreezeRecord = {
    ...{ kind: 'payFreeze', payer: payment.debit, payee: payment.credit },
    ...{ reason, reference, memo },
  };
  const hold = { ...held, owner: FREEZE_OWNER };
  return place(deps, platformId, { moves: [payment, hold], record, mode });
}

async function place(
  deps: TransferDeps,
  platformId: bigint,
  { moves, record, mode }: { moves: readonly [Move, ...Move[]]; record: FreezeRecord; mode: Mode },
): Promise<Submitted<FreezeView>> {
  const document = documentOf(freezeWriter, record);
  const how = { mode, context: record.kind, document };
  const submitted = await submitMoves(deps, platformId, moves, how);
  // The first move names both accounts of a pay-freeze, so it is what a refusal of either move is told by.
  const answer = await accepted(deps, platformId, submitted, moves[0]);
  const accounts = await accountsById(deps.db, platformId, accountsOf(answer));
  const state = { ...freezeOf(record, answer), unfrozen: 0n, paid: 0n };
  const dryRun = mode.dryRun ?? false;
  return {
    repeated: answer.repeated,
    result: freezeView(state, (id) => accounts.get(id), { dryRun }),
  };
}
