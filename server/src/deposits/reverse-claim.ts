import type { ApprovalUse } from '../approvals/index.ts';
import { amount } from '../kernel/amount.ts';
import { AppError } from '../kernel/error.ts';
import { type Answer, documentOf } from '../ledger/index.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import { entryTextId } from './bank-entry.ts';
import { type Claimed, readForClaim, submitOnce, toClaimed } from './claim.ts';
import { claimReversalWriter } from './claim-document.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { type ClaimedFacts, type ClaimRow, selectClaims } from './entry-store.ts';
import { entryNotClaimed } from './errors.ts';

/** Claims of an entry that a repeat is looked for among: it may be of one long before the last. */
const MAX_CLAIMS_LOOKED_AT = 100;

/**
 * Takes a claim back (错账调回): the whole amount goes from the member to suspense, if it is still there.
 * Without a request id it is a dry run.
 *
 * Throws AppError: `bank_entry_not_found`, `entry_not_claimed`, and what the ledger refuses
 * (`request_id_reused`, `insufficient_funds`, …).
 */
export async function reverseClaim(
  deps: DepositDeps,
  platformId: bigint,
  { bankEntry, requestId }: { bankEntry: string; requestId: string | undefined },
): Promise<Claimed> {
  if (requestId === undefined) {
    const entry = await readForClaim(deps, platformId, bankEntry);
    const { entryId } = entry;
    const [latest] = await selectClaims(deps.db, platformId, { entryId, limit: 1 });
    const claim = claimToReverse(entry, latest);
    const answer = await deps.ledger.preview(requestOf(platformId, entry, claim));
    return answered(deps, platformId, entry, { claim, answer, dryRun: true });
  }
  const prepared = await prepareReversal(deps, platformId, { bankEntry, requestId });
  return prepared.answered ?? submitReversal(deps, platformId, { ...prepared, requestId });
}

/** A reversal that has its answer already, or what it would take back. */
export type PreparedReversal =
  | { readonly answered: Claimed }
  | { readonly answered?: undefined; readonly entry: ClaimedFacts; readonly claim: ClaimRow };

/** Finds out what is to be taken back. Throws as `reverseClaim` does, what the ledger refused before too. */
export async function prepareReversal(
  deps: DepositDeps,
  platformId: bigint,
  { bankEntry, requestId }: { bankEntry: string; requestId: string },
): Promise<PreparedReversal> {
  const entry = await readForClaim(deps, platformId, bankEntry);
  const { entryId } = entry;
  const claims = await selectClaims(deps.db, platformId, { entryId, limit: MAX_CLAIMS_LOOKED_AT });
  const before = await answeredBefore(deps, platformId, { entry, claims, requestId });
  if (before) {
    return { answered: await answered(deps, platformId, entry, { ...before, dryRun: false }) };
  }
  return { entry, claim: claimToReverse(entry, claims[0]) };
}

/** Takes back what was prepared, and uses the approval for it up, if it needs one. */
export async function submitReversal(
  deps: DepositDeps,
  platformId: bigint,
  {
    entry,
    claim,
    requestId,
    use,
  }: { entry: ClaimedFacts; claim: ClaimRow; requestId: string; use?: ApprovalUse },
): Promise<Claimed> {
  const { entryId, suspense } = entry;
  const number = await numberOf(deps, platformId, claim);
  const audited = { origin: deps.origin, number, amount: entry.amount };
  const record = { entryId, claimNumber: claim.claimNumber, suspense, audited, use };
  const document = documentOf(claimReversalWriter, record);
  const request = { ...requestOf(platformId, entry, claim), requestId, document };
  const answer = await submitOnce(deps, request, {
    refuseState: () => {},
    refuseConflict: async () => {
      const now = await readForClaim(deps, platformId, entryTextId(entryId));
      if (now.state !== 'claimed') throw notClaimed(now);
    },
  });
  return answered(deps, platformId, entry, { claim, answer, dryRun: false });
}

function requestOf(platformId: bigint, entry: ClaimedFacts, claim: ClaimRow) {
  const move = {
    kind: 'transfer' as const,
    code: 'claim_reversal',
    debit: claim.account,
    credit: entry.suspense,
    amount: amount(entry.amount),
    reference: entryTextId(entry.entryId),
  };
  const context = `claim-reversal/${entry.entryId}/${claim.claimNumber}`;
  return { platformId, moves: [move], context };
}

/**
 * The answer that the request got when an earlier claim of the entry was the latest: the entry may have been
 * claimed again since, by somebody else. Undefined for a new request; `request_id_reused` for one that asked
 * for something else.
 */
async function answeredBefore(
  { ledger }: Pick<DepositDeps, 'ledger'>,
  platformId: bigint,
  {
    entry,
    claims,
    requestId,
  }: { entry: ClaimedFacts; claims: readonly ClaimRow[]; requestId: string },
): Promise<{ claim: ClaimRow; answer: Answer } | undefined> {
  let reused: { claim: ClaimRow; answer: Answer } | undefined;
  for (const claim of claims) {
    const answer = await ledger.answered({ ...requestOf(platformId, entry, claim), requestId });
    if (!answer) return undefined;
    if (answer.accepted || answer.refusal.code !== 'request_id_reused') return { claim, answer };
    reused = { claim, answer };
  }
  return reused;
}

function claimToReverse(entry: ClaimedFacts, latest: ClaimRow | undefined): ClaimRow {
  if (entry.state !== 'claimed' || !latest || latest.reversalTransferId !== null) {
    throw notClaimed(entry);
  }
  return latest;
}

/** The error of an entry that has no claim to take back. */
export const notClaimed = ({ entryId, state }: ClaimedFacts) =>
  new AppError(entryNotClaimed, { bankEntry: entryTextId(entryId), state });

async function answered(
  deps: DepositDeps,
  platformId: bigint,
  entry: ClaimedFacts,
  { claim, answer, dryRun }: { claim: ClaimRow; answer: Answer; dryRun: boolean },
): Promise<Claimed> {
  const account = await numberOf(deps, platformId, claim);
  return toClaimed(deps, platformId, entry, { state: 'suspended', account, answer, dryRun });
}

async function numberOf(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  { account }: ClaimRow,
): Promise<string> {
  const accounts = await accountsById(db, platformId, [account]);
  return accounts.get(account)?.number ?? '';
}
