import { AppError } from '../kernel/error.ts';
import { moveIdOf } from '../kernel/id.ts';
import { readTransfer as readStored, refusalErrors } from '../ledger/index.ts';
import { transferNotReversible } from './errors.ts';
import { CODES } from './moves.ts';
import type { Mode, Submitted, TransferDeps } from './submit.ts';
import { answerTransfer } from './transfer.ts';
import type { TransferView } from './view.ts';

const REVERSIBLE: readonly string[] = [CODES.transfer, CODES.capture];

/**
 * Undoes a transfer by its opposite (冲正), in whole and once, if the payee still has the money.
 *
 * Throws AppError: `transfer_not_found`, `transfer_not_reversible` (deposits, claims and reversals have their
 * own ways), then the ledger's refusals: `already_reversed`, and those of a payment back.
 */
export async function reverseTransfer(
  deps: TransferDeps,
  platformId: bigint,
  id: string,
  { memo, mode }: { memo?: string | undefined; mode: Mode },
): Promise<Submitted<TransferView>> {
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
  return answerTransfer(deps, platformId, { move, mode });
}
