import { type Db, isDocumentConflict } from '../db/database.ts';
import { amount } from '../kernel/amount.ts';
import { AppError } from '../kernel/error.ts';
import {
  type AccountId,
  type Answer,
  accountId,
  busy,
  documentOf,
  type LedgerRequest,
  type Refusal,
  type RefusedAnswer,
  refusalError,
} from '../ledger/index.ts';
import { accountsById, findAccount, publicAccountRefused } from '../virtual-accounts/index.ts';
import { type BankEntryState, entryTextId, entryUuid } from './bank-entry.ts';
import { claimWriter } from './claim-document.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { type ClaimedFacts, selectForClaim } from './entry-store.ts';
import { bankEntryNotFound, entryNotInSuspense } from './errors.ts';

/** The answer to a claim or its reversal: the same for every repeat, whatever has happened since. */
export interface ClaimAnswer {
  /** `ben_…` */
  readonly bankEntry: string;
  readonly state: Extract<BankEntryState, 'claimed' | 'suspended'>;
  /** The number of the account that got the money, or gave it back. */
  readonly account: string;
  readonly amount: bigint;
  readonly currency: string;
  /** The number of the transfer between suspense and the account; null on a dry run. */
  readonly transferId: bigint | null;
  readonly businessDate: string;
  readonly bookedAt: Date;
}

/** A claim's answer, and whether it was given before. */
export interface Claimed {
  readonly claim: ClaimAnswer;
  readonly repeated: boolean;
}

/** What is asked. `requestId` is undefined on a dry run. */
export interface ClaimInput {
  /** `ben_…` */
  readonly bankEntry: string;
  /** The number of the account that the money is for. */
  readonly account: string;
  readonly requestId: string | undefined;
}

/**
 * Gives a deposit that waits in suspense to whom it belongs (调账入款), in whole. Of two claims at once one wins.
 * Without a request id it is a dry run: decided the same way, and nothing changes.
 *
 * Throws AppError: `bank_entry_not_found`, `account_not_found`, `public_account_refused` (suspense),
 * `entry_not_in_suspense`, and what the ledger refuses (`request_id_reused`, `account_closed`, …).
 */
export async function claimEntry(
  deps: DepositDeps,
  platformId: bigint,
  { bankEntry, account: number, requestId }: ClaimInput,
): Promise<Claimed> {
  const entry = await readForClaim(deps, platformId, bankEntry);
  const account = await readClaimant(deps, platformId, number);
  const move = {
    kind: 'transfer' as const,
    code: 'claim',
    debit: entry.suspense,
    credit: account,
    amount: amount(entry.amount),
    reference: bankEntry,
  };
  const request = { platformId, moves: [move], context: `claim/${entry.entryId}` };
  const facts = { state: 'claimed' as const, account: number, fieldOf: fieldFor(account) };
  if (requestId === undefined) {
    refuseUnlessSuspended(entry);
    const answer = await deps.ledger.preview(request);
    return toClaimed(deps, platformId, entry, { ...facts, answer, dryRun: true });
  }
  const audited = { origin: deps.origin, number, amount: entry.amount };
  const document = documentOf(claimWriter, { entryId: entry.entryId, account, audited });
  const answer = await submitOnce(
    deps,
    { ...request, requestId, document },
    {
      refuseState: () => refuseUnlessSuspended(entry),
      refuseConflict: async () =>
        refuseUnlessSuspended(await readForClaim(deps, platformId, bankEntry)),
    },
  );
  if (isSpent(answer, entry)) throw repeatable(notSuspended(entry, 'claimed'), answer);
  return toClaimed(deps, platformId, entry, { ...facts, answer, dryRun: false });
}

/**
 * Submits what changes a document, after a look at whether it was answered before: a repeat is not held against
 * what the first one has changed. When the document is not as it must be, says so instead.
 */
export async function submitOnce(
  { ledger }: Pick<DepositDeps, 'ledger'>,
  request: LedgerRequest,
  { refuseState, refuseConflict }: { refuseState: () => void; refuseConflict: () => Promise<void> },
): Promise<Answer> {
  const before = await ledger.answered(request);
  if (before) return before;
  refuseState();
  try {
    return await ledger.submit(request);
  } catch (error) {
    if (!isDocumentConflict(error)) throw error;
    // The same request at the same time may be what was faster.
    const meanwhile = await ledger.answered(request);
    if (meanwhile) return meanwhile;
    await refuseConflict();
    // It changed there and back: nothing was done, and the next try finds it as it is.
    throw new AppError(busy, { retryAfterSeconds: 1 }, { cause: error });
  }
}

/** What an entry is, for a claim. Throws `bank_entry_not_found`. */
export async function readForClaim(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  bankEntry: string,
): Promise<ClaimedFacts> {
  const entryId = entryUuid(bankEntry);
  const entry = entryId === undefined ? undefined : await selectForClaim(db, platformId, entryId);
  if (!entry) throw new AppError(bankEntryNotFound, { bankEntry });
  return entry;
}

async function readClaimant(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  number: string,
): Promise<AccountId> {
  const facts = await findAccount(db, platformId, number, '/account');
  if (facts.kind === 'suspense') {
    throw new AppError(publicAccountRefused, {
      ...{ account: number, accountKind: facts.kind, field: '/account' },
    });
  }
  return facts.accountId;
}

function refuseUnlessSuspended(entry: ClaimedFacts): void {
  if (entry.state !== 'suspended') throw notSuspended(entry, entry.state);
}

const notSuspended = ({ entryId }: ClaimedFacts, state: BankEntryState) =>
  new AppError(entryNotInSuspense, { bankEntry: entryTextId(entryId), state });

/** The field of the request that a refusal is about, if it is about one. */
type FieldOf = (refusal: Refusal) => string | undefined;

/** A claim names one account: what is refused because of it, or of its main account, is said of that field. */
const fieldFor =
  (claimant: AccountId): FieldOf =>
  (refusal) => {
    const isIts =
      ('account' in refusal && refusal.account === claimant) ||
      refusal.code === 'different_main_accounts';
    return isIts ? '/account' : undefined;
  };

/** Suspense has what its entries add up to: when it has too little for one, that one was just claimed. */
function isSpent(answer: Answer, { suspense }: ClaimedFacts): boolean {
  if (answer.accepted || answer.refusal.code !== 'insufficient_funds') return false;
  return answer.refusal.account === suspense;
}

/** Refusals that were given before, by the error that says them again. */
const repeatedRefusals = new WeakSet<Error>();

/** True for a refusal that repeats the answer of an earlier request: edges mark those. */
export function isRepeatedClaimRefusal(error: unknown): boolean {
  return error instanceof AppError && repeatedRefusals.has(error);
}

/** Turns the ledger's answer into ours. Throws what it refused. */
export async function toClaimed(
  { db }: Pick<DepositDeps, 'db'>,
  platformId: bigint,
  entry: ClaimedFacts,
  {
    answer,
    dryRun,
    fieldOf = () => undefined,
    ...facts
  }: Pick<ClaimAnswer, 'state' | 'account'> & {
    answer: Answer;
    dryRun: boolean;
    fieldOf?: FieldOf;
  },
): Promise<Claimed> {
  if (!answer.accepted) throw await refusalOf(db, platformId, answer, fieldOf);
  const { businessDate, bookedAt, postings, repeated } = answer;
  return {
    repeated,
    claim: {
      bankEntry: entryTextId(entry.entryId),
      ...facts,
      amount: entry.amount,
      currency: entry.currency,
      transferId: dryRun ? null : (postings[0]?.moveId ?? null),
      businessDate,
      bookedAt,
    },
  };
}

async function refusalOf(
  db: Db,
  platformId: bigint,
  { refusal, repeated }: RefusedAnswer,
  fieldOf: FieldOf,
): Promise<AppError> {
  const values: unknown[] = Object.values(refusal);
  const ids = values.filter((value) => typeof value === 'bigint').map(accountId);
  const accounts = await accountsById(db, platformId, ids);
  const error = refusalError(refusal, (id) => accounts.get(accountId(id))?.number);
  const field = fieldOf(refusal);
  const named =
    field === undefined ? error : new AppError(error.definition, { ...error.facts, field });
  return repeatable(named, { repeated });
}

function repeatable(error: AppError, { repeated }: Pick<Answer, 'repeated'>): AppError {
  if (repeated) repeatedRefusals.add(error);
  return error;
}
