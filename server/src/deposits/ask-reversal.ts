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
import { entryTextId } from './bank-entry.ts';
import type { Claimed } from './claim.ts';
import type { DepositDeps } from './deposit-deps.ts';
import type { ClaimedFacts, ClaimRow } from './entry-store.ts';
import { notClaimed, prepareReversal, reverseClaim, submitReversal } from './reverse-claim.ts';

const action = 'claim_reversal';

/** A reversal that was done (or tried, on a dry run), or the approval that it waits for. */
export type AskedReversal =
  | { readonly claimed: Claimed; readonly checkersNeeded: number }
  | { readonly claimed?: undefined; readonly approval: Approval; readonly repeated: boolean };

/**
 * Takes a claim back as `reverseClaim` does, unless the platform has a rule by which others must agree first:
 * then it waits for them, and is done when the last has approved. A repeat gets what has become of it. On a dry
 * run `checkersNeeded` says how many would have to approve.
 *
 * Throws AppError: what `reverseClaim` throws; `approval_not_granted`.
 */
export async function askToReverseClaim(
  deps: DepositDeps,
  platformId: bigint,
  { bankEntry, requestId }: { bankEntry: string; requestId: string | undefined },
): Promise<AskedReversal> {
  if (requestId === undefined) {
    const claimed = await reverseClaim(deps, platformId, { bankEntry, requestId });
    const tier = await approvalTier(deps, platformId, { action, amount: claimed.claim.amount });
    return { claimed, checkersNeeded: tier?.checkers ?? 0 };
  }
  const known = await findApproval(deps, platformId, requestId);
  if (known) return goOn(deps, platformId, { approval: known, bankEntry, requestId });
  const prepared = await prepareReversal(deps, platformId, { bankEntry, requestId });
  if (prepared.answered) return done(prepared.answered);
  const { entry, claim } = prepared;
  const tier = await approvalTier(deps, platformId, { action, amount: entry.amount });
  if (!tier) return done(await submitReversal(deps, platformId, { entry, claim, requestId }));
  const request = { ...askedFor(entry, claim), requestId, tier };
  const { approval, repeated } = await requestApproval(deps, platformId, request);
  if (repeated) return goOn(deps, platformId, { approval, bankEntry, requestId });
  return { approval, repeated };
}

/**
 * Does what was approved, once: the approval is used up in the transaction of the reversal. Throws AppError:
 * `entry_not_claimed` when the claim was taken back meanwhile, or is another by now; what the ledger refuses.
 */
export async function carryOutReversal(
  deps: DepositDeps,
  platformId: bigint,
  approval: Approval,
): Promise<Claimed> {
  const { requestId } = approval;
  const bankEntry = `${approval.content['bankEntry']}`;
  const prepared = await prepareReversal(deps, platformId, { bankEntry, requestId });
  if (prepared.answered) return prepared.answered;
  const { entry, claim } = prepared;
  if (claim.claimNumber !== approval.content['claimNumber']) throw notClaimed(entry);
  const use = useOf(approval, askedFor(entry, claim));
  return submitReversal(deps, platformId, { entry, claim, requestId, use });
}

/** What the checkers agree to: this claim of this entry, and no later one. */
function askedFor({ entryId, amount, currency }: ClaimedFacts, { claimNumber }: ClaimRow) {
  const content = { bankEntry: entryTextId(entryId), claimNumber };
  return { action, amount, currency, content } as const;
}

async function goOn(
  deps: DepositDeps,
  platformId: bigint,
  {
    approval: found,
    bankEntry,
    requestId,
  }: { approval: Approval; bankEntry: string; requestId: string },
): Promise<AskedReversal> {
  if (found.action !== action || found.content['bankEntry'] !== bankEntry) {
    throw new AppError(refusalErrors.request_id_reused, {});
  }
  if (found.state === 'approved') {
    // Approved, and the process that was to carry it out has not done so yet.
    await carryOut(deps, platformId, {
      approval: found,
      act: (_, platform, each) => carryOutReversal(deps, platform, each),
    });
  }
  const approval = await readApproval(deps, platformId, found.id);
  const { id, state, failure } = approval;
  if (state === 'pending') return { approval, repeated: true };
  if (state === 'used' || state === 'failed') {
    const prepared = await prepareReversal(deps, platformId, { bankEntry, requestId });
    if (prepared.answered) return done(prepared.answered);
  }
  const why = failure === null ? {} : { failure };
  throw new AppError(approvalNotGranted, { approval: id, state, ...why });
}

const done = (claimed: Claimed): AskedReversal => ({ claimed, checkersNeeded: 0 });
