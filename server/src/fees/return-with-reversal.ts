import type { Originated } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import { type Document, documentOf, type Move } from '../ledger/index.ts';
import { chargeTextId } from './charge.ts';
import { selectCharges, selectReturn } from './charge-store.ts';
import { type ReturnSums, refundMoves, returnable, returnWriter } from './return-document.ts';

/**
 * What a reversal gives back of a fee: its flow does these moves before its own, so that a payee that bore the fee has
 * the money, and writes the document with them.
 */
export interface PlannedReturn extends ReturnSums {
  /** `fch_…` */
  readonly charge: string;
  readonly moves: readonly Move[];
  readonly document: Document | undefined;
}

/**
 * What goes back of the fee of a transfer when it is reversed, if its rule says so: what was not taken yet is
 * forgiven, what was taken is given back. The same for a repeat, whatever became of the charge meanwhile.
 * Undefined when nothing goes back. Without a request id it is for a dry run.
 */
export async function planReturn(
  { db, origin }: { readonly db: Db } & Originated,
  platformId: bigint,
  { transferId, requestId }: { transferId: bigint; requestId: string | undefined },
): Promise<PlannedReturn | undefined> {
  const [charge] = await selectCharges(db, platformId, { chargeId: transferId, limit: 1 });
  if (!charge || charge.rule.onReversal === 'keep') return undefined;
  const { chargeId } = charge;
  const done = requestId === undefined ? undefined : await selectReturn(db, platformId, requestId);
  const { waived, refunded } = done?.chargeId === chargeId ? done : returnable(charge);
  if (waived + refunded === 0n) return undefined;
  const sums = { waived, refunded };
  const record = {
    ...sums,
    chargeId,
    kind: 'reversal' as const,
    reason: null,
    origin,
    use: undefined,
  };
  return {
    ...sums,
    charge: chargeTextId(chargeId),
    moves: refundMoves(charge, sums),
    document:
      requestId === undefined ? undefined : documentOf(returnWriter, { ...record, requestId }),
  };
}
