import { CompiledQuery } from 'kysely';
import type { ApprovalUse } from '../approvals/index.ts';
import type { Originated } from '../audit/index.ts';
import { brokenUnique, type Db, isDocumentConflict } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import {
  accountId,
  documentOf,
  type Ledger,
  type RefusedAnswer,
  refusalError,
  refusalErrors,
} from '../ledger/index.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import { type ChargeFacts, chargeNumber, chargeTextId } from './charge.ts';
import { selectCharges, selectReturn } from './charge-store.ts';
import { feeChanged, feeChargeNotFound, feeNothingToWaive } from './errors.ts';
import {
  type ReturnRecord,
  type ReturnSums,
  refundMoves,
  returnable,
  returnStatement,
  returnWriter,
} from './return-document.ts';

/** What the use cases that take and return fees need. */
export interface FeeMoneyDeps extends Originated {
  readonly db: Db;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/** A fee that was forgiven, or would be (`dryRun`). Minor units. */
export interface Waived extends ReturnSums {
  /** `fch_…` */
  readonly charge: string;
  readonly reason: string;
  readonly repeated: boolean;
  readonly dryRun: boolean;
}

/** What is asked: which charge, `fch_…`, and why. */
export interface WaiverInput {
  readonly charge: string;
  readonly reason: string;
}

/** A waiver that was done before, or what it would do now. */
export type PreparedWaiver =
  | { readonly waived: Waived }
  | { readonly waived?: undefined; readonly charge: ChargeFacts; readonly sums: ReturnSums };

/** One charge. Throws AppError: `fee_charge_not_found`. */
export async function findCharge(db: Db, platformId: bigint, id: string): Promise<ChargeFacts> {
  const chargeId = chargeNumber(id);
  const [charge] =
    chargeId === undefined ? [] : await selectCharges(db, platformId, { chargeId, limit: 1 });
  if (!charge) throw new AppError(feeChargeNotFound, { feeCharge: id });
  return charge;
}

/**
 * Finds out what a waiver would forgive and give back, or what the same request did before. Throws AppError:
 * `fee_charge_not_found`, `request_id_reused`, `fee_nothing_to_waive`.
 */
export async function prepareWaiver(
  { db }: Pick<FeeMoneyDeps, 'db'>,
  platformId: bigint,
  { charge: id, reason, requestId }: WaiverInput & { requestId: string | undefined },
): Promise<PreparedWaiver> {
  const charge = await findCharge(db, platformId, id);
  const done = requestId === undefined ? undefined : await selectReturn(db, platformId, requestId);
  if (done) {
    const isSame = done.chargeId === charge.chargeId && done.reason === reason;
    if (!isSame) throw new AppError(refusalErrors.request_id_reused, {});
    const { waived, refunded } = done;
    return { waived: { charge: id, reason, waived, refunded, repeated: true, dryRun: false } };
  }
  const sums = returnable(charge);
  if (sums.waived + sums.refunded === 0n) throw new AppError(feeNothingToWaive, { feeCharge: id });
  return { charge, sums };
}

/** Says what a waiver would do. Throws what the ledger refuses. */
export async function foretellWaiver(
  deps: FeeMoneyDeps,
  platformId: bigint,
  { charge, sums, reason }: { charge: ChargeFacts; sums: ReturnSums; reason: string },
): Promise<Waived> {
  const moves = refundMoves(charge, sums);
  const answer = moves.length > 0 ? await deps.ledger.preview({ platformId, moves }) : undefined;
  if (answer && !answer.accepted) throw await refused(deps, platformId, answer);
  return { charge: chargeTextId(charge.chargeId), reason, ...sums, repeated: false, dryRun: true };
}

/**
 * Forgives what is owed of a charge and gives back what was taken, in one commit with the approval that allows it.
 * Throws AppError: `fee_changed` when something was taken or returned meanwhile; what the ledger refuses.
 */
export async function waive(
  deps: FeeMoneyDeps,
  platformId: bigint,
  asked: {
    readonly charge: ChargeFacts;
    readonly sums: ReturnSums;
    readonly reason: string;
    readonly requestId: string;
    readonly use?: ApprovalUse | undefined;
  },
): Promise<Waived> {
  const { charge, sums, reason, requestId, use } = asked;
  const { chargeId } = charge;
  const id = chargeTextId(chargeId);
  const kind = 'waiver' as const;
  const row = { ...sums, chargeId, requestId, kind, reason, origin: deps.origin, use };
  try {
    await write(deps, platformId, { charge, row });
  } catch (error) {
    if (!isDocumentConflict(error) && brokenUnique(error) === undefined) throw error;
    // The same request at the same time may have been faster.
    const now = await prepareWaiver(deps, platformId, { charge: id, reason, requestId });
    if (now.waived) return now.waived;
    throw new AppError(feeChanged, { feeCharge: id });
  }
  return { charge: id, reason, ...sums, repeated: false, dryRun: false };
}

async function write(
  deps: FeeMoneyDeps,
  platformId: bigint,
  { charge, row }: { charge: ChargeFacts; row: ReturnRecord },
): Promise<void> {
  const { db, ledger, clock } = deps;
  const moves = refundMoves(charge, row);
  if (moves.length === 0) {
    const written = { row, at: clock.now(), transferId: null };
    const { text, values } = returnStatement(platformId, [written]);
    await db.executeQuery(CompiledQuery.raw(text, [...values]));
    return;
  }
  const { requestId } = row;
  const document = documentOf(returnWriter, row);
  const context = `fee-waiver/${charge.chargeId}`;
  const answer = await ledger.submit({ platformId, requestId, moves, context, document });
  if (!answer.accepted) throw await refused(deps, platformId, answer);
}

async function refused(
  { db }: Pick<FeeMoneyDeps, 'db'>,
  platformId: bigint,
  { refusal }: RefusedAnswer,
): Promise<AppError> {
  const ids = Object.values(refusal as object)
    .filter((value): value is bigint => typeof value === 'bigint')
    .map(accountId);
  const accounts = await accountsById(db, platformId, ids);
  return refusalError(refusal, (id) => accounts.get(accountId(id))?.number);
}
