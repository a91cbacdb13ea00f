import {
  type Approval,
  approvalNotGranted,
  approvalTier,
  carryOut,
  findApproval,
  readApproval,
  requestApproval,
  useOf,
} from '../approvals/index.ts';
import { AppError } from '../kernel/error.ts';
import { refusalErrors } from '../ledger/index.ts';
import { type ChargeFacts, chargeTextId } from './charge.ts';
import { feeChanged } from './errors.ts';
import type { ReturnSums } from './return-document.ts';
import {
  type FeeMoneyDeps,
  foretellWaiver,
  prepareWaiver,
  type Waived,
  type WaiverInput,
  waive,
} from './waive.ts';

const action = 'fee_waiver';

/** A waiver that was done (or tried, on a dry run), or the approval that it waits for. */
export type AskedWaiver =
  | { readonly waived: Waived; readonly checkersNeeded: number }
  | { readonly waived?: undefined; readonly approval: Approval; readonly repeated: boolean };

/**
 * Forgives a fee (减免): what is owed of it is no more, and what was taken goes back to whoever bore it. Where the
 * platform has a rule by which others must agree, it waits for them. Without a request id it is a dry run.
 *
 * Throws AppError: `fee_charge_not_found`, `request_id_reused`, `fee_nothing_to_waive`, `fee_changed`,
 * `approval_not_granted`, and what the ledger refuses of the money that goes back.
 */
export async function askToWaive(
  deps: FeeMoneyDeps,
  platformId: bigint,
  input: WaiverInput & { readonly requestId: string | undefined },
): Promise<AskedWaiver> {
  const { reason, requestId } = input;
  const known =
    requestId === undefined ? undefined : await findApproval(deps, platformId, requestId);
  if (known && requestId !== undefined) {
    return goOn(deps, platformId, { approval: known, input: { ...input, requestId } });
  }
  const prepared = await prepareWaiver(deps, platformId, input);
  if (prepared.waived) return { waived: prepared.waived, checkersNeeded: 0 };
  const { charge, sums } = prepared;
  const request = askedFor(charge, sums, reason);
  const tier = await approvalTier(deps, platformId, request);
  if (requestId === undefined) {
    const waived = await foretellWaiver(deps, platformId, { charge, sums, reason });
    return { waived, checkersNeeded: tier?.checkers ?? 0 };
  }
  if (!tier) {
    const waived = await waive(deps, platformId, { charge, sums, reason, requestId });
    return { waived, checkersNeeded: 0 };
  }
  const asked = await requestApproval(deps, platformId, { ...request, requestId, tier });
  if (!asked.repeated) return asked;
  return goOn(deps, platformId, { approval: asked.approval, input: { ...input, requestId } });
}

/**
 * Does what was approved, once: exactly the sums that were agreed to. Throws AppError: `fee_changed` when something
 * was taken or returned meanwhile.
 */
export async function carryOutWaiver(
  deps: FeeMoneyDeps,
  platformId: bigint,
  approval: Approval,
): Promise<Waived> {
  const { requestId, content } = approval;
  const [id, reason] = [`${content['feeCharge']}`, `${content['reason']}`];
  const prepared = await prepareWaiver(deps, platformId, { charge: id, reason, requestId });
  if (prepared.waived) return prepared.waived;
  const { charge, sums } = prepared;
  const { waived, refunded } = sums;
  if (`${waived}` !== content['waived'] || `${refunded}` !== content['refunded']) {
    throw new AppError(feeChanged, { feeCharge: id });
  }
  const use = useOf(approval, askedFor(charge, sums, reason));
  return waive(deps, platformId, { charge, sums, reason, requestId, use });
}

/** What the checkers agree to: this charge, with what is owed and taken of it now, for this reason. */
function askedFor(
  { chargeId, rule }: ChargeFacts,
  { waived, refunded }: ReturnSums,
  reason: string,
) {
  const content = {
    ...{ feeCharge: chargeTextId(chargeId), product: rule.product },
    ...{ waived: `${waived}`, refunded: `${refunded}`, reason },
  };
  return { action, amount: waived + refunded, currency: rule.currency, content } as const;
}

async function goOn(
  deps: FeeMoneyDeps,
  platformId: bigint,
  { approval: found, input }: { approval: Approval; input: WaiverInput & { requestId: string } },
): Promise<AskedWaiver> {
  const { content } = found;
  const isSame =
    found.action === action &&
    content['feeCharge'] === input.charge &&
    content['reason'] === input.reason;
  if (!isSame) throw new AppError(refusalErrors.request_id_reused, {});
  if (found.state === 'approved') {
    // Approved, and the process that was to carry it out has not done so yet.
    await carryOut(deps, platformId, {
      approval: found,
      act: (_, platform, each) => carryOutWaiver(deps, platform, each),
    });
  }
  const { id, state, failure, ...rest } = await readApproval(deps, platformId, found.id);
  if (state === 'pending') return { approval: { id, state, failure, ...rest }, repeated: true };
  if (state === 'used') {
    const prepared = await prepareWaiver(deps, platformId, input);
    if (prepared.waived) return { waived: prepared.waived, checkersNeeded: 0 };
  }
  const why = failure === null ? {} : { failure };
  throw new AppError(approvalNotGranted, { approval: id, state, ...why });
}
