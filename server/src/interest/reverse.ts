import { CompiledQuery } from 'kysely';
import { brokenUnique, type Db, isDocumentConflict } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { documentOf, refusalErrors } from '../ledger/index.ts';
import { interestNotReversible, interestSettlementNotFound } from './errors.ts';
import type { InterestDeps } from './put-rate.ts';
import { INTEREST_CODES, refused, type Settled } from './settle.ts';
import { type ReversalRecord, reversalStatement, reversalWriter } from './settlement-document.ts';
import {
  type Settlement,
  selectReversed,
  selectSettlements,
  selectStates,
  settlementTextId,
  settlementUuid,
} from './settlement-store.ts';

/** One settlement by `int_…`. Throws AppError: `interest_settlement_not_found`. */
export async function readSettlement(
  { db }: { readonly db: Db },
  platformId: bigint,
  id: string,
): Promise<Settlement> {
  const settlementId = settlementUuid(id);
  const [found] =
    settlementId === undefined
      ? []
      : await selectSettlements(db, platformId, { settlementId, limit: 1 });
  if (!found) throw new AppError(interestSettlementNotFound, { settlement: id });
  return found;
}

/**
 * Takes a settlement back (冲正): its money goes from the account to that for interest and fees, if it is still there,
 * and its days are to be settled again. Only the last one of an account that is not reversed. Without a request id it is
 * a dry run.
 *
 * Throws AppError: `interest_settlement_not_found`, `interest_not_reversible`, `request_id_reused`, and what the ledger
 * refuses of the payment back.
 */
export async function reverseSettlement(
  deps: InterestDeps,
  platformId: bigint,
  {
    settlement: id,
    reason,
    requestId,
  }: { settlement: string; reason: string; requestId: string | undefined },
): Promise<Settled> {
  const { db, ledger, origin } = deps;
  const settlement = await readSettlement(deps, platformId, id);
  const done =
    requestId === undefined ? undefined : await selectReversed(db, platformId, requestId);
  if (done !== undefined) {
    const isSame = done === settlement.settlementId && settlement.reversal?.reason === reason;
    if (!isSame) throw new AppError(refusalErrors.request_id_reused, {});
    return { settlement, repeated: true, dryRun: false };
  }
  await refuseState(db, platformId, settlement);
  const { settlementId, transferId, interest } = settlement;
  const code = INTEREST_CODES.reversal;
  const moves =
    transferId === null
      ? []
      : [{ kind: 'reversal' as const, code, transfer: transferId, reference: id }];
  if (requestId === undefined) {
    const answer = moves.length > 0 ? await ledger.preview({ platformId, moves }) : undefined;
    if (answer && !answer.accepted) throw await refused(db, platformId, answer);
    return { settlement, repeated: false, dryRun: true };
  }
  const row: ReversalRecord = { settlementId, requestId, reason, interest, origin };
  try {
    if (moves.length === 0) await writeUnpaid(deps, platformId, row);
    else {
      const document = documentOf(reversalWriter, row);
      const answer = await ledger.submit({ platformId, requestId, moves, document });
      if (!answer.accepted) throw await refused(db, platformId, answer);
    }
  } catch (error) {
    if (!isDocumentConflict(error) && brokenUnique(error) === undefined) throw error;
    const now = await readSettlement(deps, platformId, id);
    if ((await selectReversed(db, platformId, requestId)) !== settlementId) {
      await refuseState(db, platformId, now);
      throw error;
    }
  }
  return { settlement: await readSettlement(deps, platformId, id), repeated: false, dryRun: false };
}

async function refuseState(
  db: Db,
  platformId: bigint,
  { settlementId, account, to, reversal }: Settlement,
): Promise<void> {
  const settlement = settlementTextId(settlementId);
  if (reversal) throw new AppError(interestNotReversible, { settlement, problem: 'reversed' });
  const { settledTo } = (await selectStates(db, platformId, [account])).get(account);
  if (settledTo === to) return;
  throw new AppError(interestNotReversible, { settlement, problem: 'not_the_last' });
}

async function writeUnpaid(
  { db, clock }: InterestDeps,
  platformId: bigint,
  row: ReversalRecord,
): Promise<void> {
  const written = { row, transferId: null, at: clock.now() };
  const { text, values } = reversalStatement(platformId, [written]);
  await db.executeQuery(CompiledQuery.raw(text, [...values]));
}
