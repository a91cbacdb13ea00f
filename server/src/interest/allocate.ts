import { hash } from 'node:crypto';
import { brokenUnique } from '../db/database.ts';
import { addDays, type BusinessDate } from '../kernel/business-date.ts';
import { AppError } from '../kernel/error.ts';
import { readAccounts, refusalErrors } from '../ledger/index.ts';
import { mainAccountNotFound } from '../virtual-accounts/errors.ts';
import {
  type FoundMemberAccount,
  listMemberAccounts,
  type MainAccountRecord,
  readMainAccountRecord,
  readMainAccountRecords,
} from '../virtual-accounts/index.ts';
import { allocate } from './accrue.ts';
import {
  type Allocation,
  type AllocationPart,
  allocationUuid,
  insertAllocation,
  selectAllocation,
  selectPaid,
  selectParts,
} from './allocation-store.ts';
import { interestAllocationNotFound, interestNotDivisible, interestSettled } from './errors.ts';
import { payParts } from './pay-parts.ts';
import type { InterestDeps } from './put-rate.ts';
import { selectRatesFor } from './rate-store.ts';
import { selectStates } from './settlement-store.ts';
import { type Earned, firstDay, lastDay, ratesOf, refusePeriod, workOut } from './work-out.ts';

/** Interest of the bank that is to be divided. Minor units; the main account by its number at the bank. */
export interface AllocationInput {
  readonly mainAccount: string;
  readonly amount: bigint;
  readonly from: BusinessDate;
  readonly to: BusinessDate;
  readonly reference?: string | undefined;
}

/** An allocation with what was paid of it. */
export interface Allocated {
  readonly allocation: Allocation;
  readonly mainAccount: string;
  /** The first of them. */
  readonly parts: readonly AllocationPart[];
  readonly accounts: number;
  readonly paid: bigint;
  readonly repeated: boolean;
  readonly dryRun: boolean;
}

/** Accounts of a main account that one allocation is divided among, at most. */
const MAX_ACCOUNTS = 10_000;
/** Accounts whose balances are read by one statement. */
const ACCOUNTS_AT_ONCE = 500;
/** Parts that an answer has. */
const MAX_PARTS_SHOWN = 1000;

/**
 * Divides what the bank has really paid on a main account among its members' accounts by their products (积数分摊), so
 * that the shares add up to it, and pays each as the settlement of its days. What the platform's own rates would have
 * given is worked out beside it, so that the difference has a name. Without a request id it is a dry run.
 *
 * Once it is written down each share is owed: what cannot be paid now is named, and tried again every business date.
 *
 * Throws AppError: `request_id_reused`, `main_account_not_found`, `interest_period_invalid`, `interest_settled`,
 * `interest_not_divisible`, `insufficient_funds` of the account for interest and fees.
 */
export async function allocateInterest(
  deps: InterestDeps,
  platformId: bigint,
  { requestId, ...input }: AllocationInput & { requestId: string | undefined },
): Promise<Allocated> {
  const { db, clock, newUuid, origin } = deps;
  const main = await readMainAccountRecord(db, platformId, input.mainAccount);
  if (!main) throw new AppError(mainAccountNotFound, { mainAccount: input.mainAccount });
  const content = digestOf(input);
  const before =
    requestId === undefined ? undefined : await madeBy(deps, platformId, { requestId, content });
  if (before) return goOn(deps, platformId, { allocation: before, main });
  const earned = await earnedBy(deps, platformId, { main, from: input.from, to: input.to });
  const weights = earned.map(({ accrued }) => accrued.product);
  const product = weights.reduce((sum, each) => sum + each, 0n);
  if (product === 0n) throw new AppError(interestNotDivisible, { problem: 'no_product' });
  await refuseUnfunded(deps, platformId, { main, amount: input.amount });
  const shares = allocate(input.amount, weights);
  const parts = earned.map(({ account, accrued }, i) => ({
    ...{ account: account.accountId, product: accrued.product, share: shares[i] ?? 0n },
    ...{ done: false, problem: null },
  }));
  const allocation: Allocation = {
    ...{
      allocationId: newUuid(),
      content,
      mainAccountId: main.mainAccountId,
      amount: input.amount,
    },
    ...{ from: input.from, to: input.to, product, reference: input.reference ?? null },
    computed: earned.reduce((sum, { accrued }) => sum + accrued.interest, 0n),
    createdAt: clock.now(),
  };
  if (requestId === undefined) {
    const shown = parts.slice(0, MAX_PARTS_SHOWN);
    const about = { mainAccount: main.number, parts: shown, accounts: parts.length, paid: 0n };
    return { allocation, ...about, repeated: false, dryRun: true };
  }
  try {
    await insertAllocation(db, platformId, { ...allocation, requestId, parts, origin });
  } catch (error) {
    const made =
      brokenUnique(error) === undefined
        ? undefined
        : await madeBy(deps, platformId, { requestId, content });
    if (!made) throw error;
    return goOn(deps, platformId, { allocation: made, main });
  }
  const done = await goOn(deps, platformId, { allocation, main });
  return { ...done, repeated: false };
}

/** One allocation by `ial_…`. Throws AppError: `interest_allocation_not_found`. */
export async function readAllocation(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  id: string,
): Promise<Allocated> {
  const allocationId = allocationUuid(id);
  const allocation =
    allocationId === undefined
      ? undefined
      : await selectAllocation(db, platformId, { allocationId });
  if (!allocation) throw new AppError(interestAllocationNotFound, { allocation: id });
  const mains = await readMainAccountRecords(db, platformId);
  const main = mains.find(({ mainAccountId }) => mainAccountId === allocation.mainAccountId);
  const number = main?.number ?? '';
  return allocated({ db }, platformId, { allocation, number, repeated: false });
}

/** Pays what is owed of an allocation, and says where it stands. */
async function goOn(
  deps: InterestDeps,
  platformId: bigint,
  { allocation, main }: { allocation: Allocation; main: MainAccountRecord },
): Promise<Allocated> {
  await payParts(deps, platformId, { allocationId: allocation.allocationId });
  return allocated(deps, platformId, { allocation, number: main.number, repeated: true });
}

async function allocated(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  { allocation, number, repeated }: { allocation: Allocation; number: string; repeated: boolean },
): Promise<Allocated> {
  const { allocationId } = allocation;
  const parts = await selectParts(db, platformId, { allocationId, limit: MAX_PARTS_SHOWN });
  const sums = await selectPaid(db, platformId, allocationId);
  return { allocation, mainAccount: number, parts, ...sums, repeated, dryRun: false };
}

async function madeBy(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  { requestId, content }: { requestId: string; content: string },
): Promise<Allocation | undefined> {
  const found = await selectAllocation(db, platformId, { requestId });
  if (found && found.content !== content) throw new AppError(refusalErrors.request_id_reused, {});
  return found;
}

function digestOf({ mainAccount, amount, from, to, reference }: AllocationInput): string {
  const fields = [mainAccount, `${amount}`, from, to, reference ?? null];
  return hash('sha256', JSON.stringify(fields), 'hex');
}

/** What each account has earned; refuses a period of which an account has days already, or would miss some. */
async function earnedBy(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  { main, from, to }: { main: MainAccountRecord; from: BusinessDate; to: BusinessDate },
): Promise<readonly Earned[]> {
  await lastDay(db, platformId, { to, at: '/' });
  const { mainAccountId } = main;
  const accounts: FoundMemberAccount[] = [];
  for (;;) {
    const after = accounts.at(-1)?.accountId;
    const page = await listMemberAccounts(db, platformId, {
      mainAccountId,
      after,
      limit: ACCOUNTS_AT_ONCE,
    });
    accounts.push(...page);
    if (accounts.length > MAX_ACCOUNTS) {
      throw new AppError(interestNotDivisible, { problem: 'too_many_accounts' });
    }
    if (page.length < ACCOUNTS_AT_ONCE) break;
  }
  const earned: Earned[] = [];
  for (let i = 0; i < accounts.length; i += ACCOUNTS_AT_ONCE) {
    const some = accounts.slice(i, i + ACCOUNTS_AT_ONCE);
    const ids = some.map(({ accountId }) => accountId);
    const states = await selectStates(db, platformId, ids);
    for (const { accountId, number } of some) {
      const { settledTo } = states.get(accountId);
      if (settledTo === null) continue;
      if (settledTo >= from) throw new AppError(interestSettled, { account: number, settledTo });
      if (addDays(settledTo, 1) < from) {
        throw refusePeriod(
          '/from',
          `must be ${addDays(settledTo, 1)}, where account ${number} goes on`,
        );
      }
    }
    const never = some.filter(({ accountId }) => states.get(accountId).settledTo === null);
    await refuseLeftOut({ db }, platformId, { accounts: never, from });
    earned.push(...(await workOut(db, platformId, { accounts: some, from, to })));
  }
  return earned;
}

/** Accounts that were never settled must not have earned anything before the period. */
async function refuseLeftOut(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  { accounts, from }: { accounts: readonly FoundMemberAccount[]; from: BusinessDate },
): Promise<void> {
  const ids = accounts.map(({ accountId }) => accountId);
  const rates = await selectRatesFor(db, platformId, ids);
  const byStart = Map.groupBy(accounts, (account) => firstDay(ratesOf(account, rates)));
  for (const [start, some] of byStart) {
    if (start === undefined || start >= from) continue;
    const days = { from: start, to: addDays(from, -1) };
    for (const { account, accrued } of await workOut(db, platformId, { accounts: some, ...days })) {
      if (accrued.interest > 0n) {
        throw refusePeriod(
          '/from',
          `must be ${start}, from where account ${account.number} has earned`,
        );
      }
    }
  }
}

async function refuseUnfunded(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  { main, amount }: { main: MainAccountRecord; amount: bigint },
): Promise<void> {
  const id = main.interestAndFees;
  const account = (await readAccounts(db, platformId, [id])).get(id);
  const shortfall = amount - (account ? account.balance - account.held : 0n);
  if (shortfall > 0n) throw new AppError(refusalErrors.insufficient_funds, { shortfall });
}
