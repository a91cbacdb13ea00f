import type { Originated } from '../audit/index.ts';
import { planReturn } from '../fees/index.ts';
import { AppError } from '../kernel/error.ts';
import { moveIdOf } from '../kernel/id.ts';
import { readTransfer as readStored, refusalErrors } from '../ledger/index.ts';
import { transferNotReversible } from './errors.ts';
import { CODES } from './moves.ts';
import type { Mode, Submitted, TransferDeps } from './submit.ts';
import { answerTransfer } from './transfer.ts';
import type { TransferView } from './view.ts';

/** A reversal, and what it gave back of the fee: `waived` was not taken yet, `refunded` was. Minor units. */
export interface ReversalView extends TransferView {
  readonly feeReturned?: {
    /** `fch_…` */
    readonly charge: string;
    readonly waived: bigint;
    readonly refunded: bigint;
  };
}

const REVERSIBLE: readonly string[] = [CODES.transfer, CODES.capture];

/**
 * Undoes a transfer by its opposite (冲正), in whole and once, if the payee still has the money. The fee that was charged
 * for it goes back in the same group where its rule says so.
 *
 * Throws AppError: `transfer_not_found`, `transfer_not_reversible` (deposits, claims and reversals have their
 * own ways), then the ledger's refusals: `already_reversed`, and those of a payment back.
 */
export async function reverseTransfer(
  deps: TransferDeps & Originated,
  platformId: bigint,
  id: string,
  { memo, mode }: { memo?: string | undefined; mode: Mode },
): Promise<Submitted<ReversalView>> {
  const transferId = moveIdOf('trf', id);
  const original =
    transferId === undefined ? undefined : await readStored(deps.db, platformId, transferId);
  if (!original) throw new AppError(refusalErrors.transfer_not_found, { transfer: id });
  if (!REVERSIBLE.includes(original.code)) {
    throw new AppError(transferNotReversible, { transfer: id, transferCode: original.code });
  }
  const move = {
    kind: 'reversal',
    code: CODES.reversal,
    transfer: original.transferId,
    memo,
  } as const;
  const requestId = mode.dryRun ? undefined : mode.requestId;
  const asked = { transferId: original.transferId, requestId };
  const back = await planReturn(deps, platformId, asked);
  const { moves: first, document } = { moves: [], document: undefined, ...back };
  const { repeated, result } = await answerTransfer(deps, platformId, {
    ...{ move, first, document, mode },
  });
  if (!back) return { repeated, result };
  const { charge, waived, refunded } = back;
  return { repeated, result: { ...result, feeReturned: { charge, waived, refunded } } };
}
