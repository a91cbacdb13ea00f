import { CompiledQuery } from 'kysely';
import { brokenUnique, type Db, isDocumentConflict } from '../db/database.ts';
import { amount, isAmount, MAX_AMOUNT } from '../kernel/amount.ts';
import { addDays, type BusinessDate } from '../kernel/business-date.ts';
import { AppError } from '../kernel/error.ts';
import {
  accountId,
  documentOf,
  openBusinessDate,
  type RefusedAnswer,
  refusalError,
  refusalErrors,
} from '../ledger/index.ts';
import { accountsById, findAccount, findParties } from '../virtual-accounts/index.ts';
import { interestRateNotFound, interestSettled } from './errors.ts';
import type { InterestDeps } from './put-rate.ts';
import { selectRatesFor } from './rate-store.ts';
import {
  type SettlementRecord,
  settlementStatement,
  settlementWriter,
} from './settlement-document.ts';
import {
  ensureState,
  type Settlement,
  selectSettlements,
  selectStates,
} from './settlement-store.ts';
import {
  type Earned,
  type EarningAccount,
  firstDay,
  lastDay,
  ratesOf,
  workOut,
} from './work-out.ts';

/** The code of a transfer that pays interest, and of the one that takes it back. */
export const INTEREST_CODES = { interest: 'interest', reversal: 'interest_reversal' } as const;

/** A settlement that was done (or tried, on a dry run). */
export interface Settled {
  readonly settlement: Settlement;
  readonly repeated: boolean;
  readonly dryRun: boolean;
}

/** What is to be settled: an account by number, up to a day; the day before the open business date when left out. */
export interface SettleInput {
  readonly account: string;
  readonly to?: BusinessDate | undefined;
}

/**
 * Settles the interest of an account (结息): of all days since the last settlement, or since the first rate, up to
 * one that is over; paid from the account for interest and fees, with the document in one commit. Each day is settled
 * once. Without a request id it is a dry run.
 *
 * Throws AppError: `account_not_found`, `request_id_reused`, `interest_period_invalid`, `interest_rate_not_found`,
 * `interest_settled`, and what the ledger refuses: `insufficient_funds` of the account for interest and fees.
 */
export async function settleInterest(
  deps: InterestDeps,
  platformId: bigint,
  { account: number, to, requestId }: SettleInput & { requestId: string | undefined },
): Promise<Settled> {
  const { db } = deps;
  const account = await findAccount(db, platformId, number, '/account');
  const before = requestId === undefined ? undefined : await settledBy(db, platformId, requestId);
  if (before) {
    const isSame = before.account === account.accountId && (to === undefined || to === before.to);
    if (!isSame) throw new AppError(refusalErrors.request_id_reused, {});
    return { settlement: before, repeated: true, dryRun: false };
  }
  const due = await earnedSince(
    db,
    platformId,
    account,
    await lastDay(db, platformId, { to, at: '/' }),
  );
  return pay(deps, platformId, { ...due, requestId });
}

/** What an account is owed up to a day, and how often it was settled. Throws as `settleInterest` does. */
export async function earnedSince(
  db: Db,
  platformId: bigint,
  account: EarningAccount,
  to: BusinessDate,
): Promise<{ earned: Earned; sequence: number }> {
  const { accountId: id, number } = account;
  const { settledTo, sequence } = (await selectStates(db, platformId, [id])).get(id);
  const rates = ratesOf(account, await selectRatesFor(db, platformId, [id]));
  const from = settledTo === null ? firstDay(rates) : addDays(settledTo, 1);
  if (from === undefined) throw new AppError(interestRateNotFound, { account: number });
  if (from > to) {
    throw new AppError(interestSettled, { account: number, settledTo: addDays(from, -1) });
  }
  const [earned] = await workOut(db, platformId, { accounts: [account], from, to });
  if (!earned) throw new RangeError('each account has earned something or nothing');
  return { earned, sequence };
}

/** The settlement that a request has made; undefined when it is new. */
async function settledBy(db: Db, platformId: bigint, requestId: string) {
  const [found] = await selectSettlements(db, platformId, { requestId, limit: 1 });
  return found;
}

/** What is paid for days that are worked out. */
export interface Payment {
  readonly earned: Earned;
  readonly sequence: number;
  readonly requestId: string | undefined;
  /** The share of what the bank has paid, instead of what the rates give. */
  readonly shared?: { readonly allocationId: string; readonly interest: bigint } | undefined;
}

/**
 * Pays what was worked out, and counts the account on, in one commit; where it is nothing, without money. Throws
 * AppError: `interest_settled` when somebody else was faster, what the ledger refuses.
 */
export async function pay(
  deps: InterestDeps,
  platformId: bigint,
  payment: Payment,
): Promise<Settled> {
  const { db, ledger, newUuid, origin } = deps;
  const { earned, sequence, requestId, shared } = payment;
  const { account, accrued, from, to } = earned;
  const interest = shared?.interest ?? accrued.interest;
  const parties = await findParties(db, platformId, account);
  if (!parties) throw new AppError(refusalErrors.account_not_found, { account: account.number });
  if (interest > MAX_AMOUNT) {
    const facts = { account: account.number, limit: MAX_AMOUNT };
    throw new AppError(refusalErrors.balance_limit_exceeded, facts);
  }
  const row: SettlementRecord = {
    ...{
      settlementId: newUuid(),
      requestId: requestId ?? '',
      account: account.accountId,
      from,
      to,
    },
    ...{ product: accrued.product, exact: accrued.exact, computed: accrued.interest, interest },
    ...{ segments: accrued.segments, allocationId: shared?.allocationId ?? null },
    ...{ number: account.number, sequence, origin },
  };
  const moves = isAmount(interest)
    ? [
        {
          kind: 'transfer' as const,
          code: INTEREST_CODES.interest,
          ...{
            debit: parties.interestAndFees,
            credit: account.accountId,
            amount: amount(interest),
          },
          reference: `${from}/${to}`,
        },
      ]
    : [];
  if (requestId === undefined) return foretold(deps, platformId, { row, moves });
  await ensureState(db, platformId, account.accountId);
  try {
    if (moves.length === 0) await writeUnpaid(deps, platformId, row);
    else {
      const document = documentOf(settlementWriter, row);
      const context = `interest/${account.accountId}/${from}/${to}`;
      const answer = await ledger.submit({ platformId, requestId, moves, context, document });
      if (!answer.accepted) throw await refused(db, platformId, answer);
    }
  } catch (error) {
    if (!isDocumentConflict(error) && brokenUnique(error) === undefined) throw error;
  }
  const settlement = await settledBy(db, platformId, requestId);
  if (settlement?.account === account.accountId && settlement.to === to) {
    return { settlement, repeated: settlement.settlementId !== row.settlementId, dryRun: false };
  }
  throw new AppError(interestSettled, { account: account.number, settledTo: to });
}

async function foretold(
  { db, ledger, clock }: InterestDeps,
  platformId: bigint,
  { row, moves }: { row: SettlementRecord; moves: Parameters<typeof ledger.preview>[0]['moves'] },
): Promise<Settled> {
  const answer = moves.length > 0 ? await ledger.preview({ platformId, moves }) : undefined;
  if (answer && !answer.accepted) throw await refused(db, platformId, answer);
  const businessDate = await openBusinessDate(db, platformId);
  const settlement = { ...row, transferId: null, businessDate, at: clock.now(), reversal: null };
  return { settlement, repeated: false, dryRun: true };
}

async function writeUnpaid(
  { db, clock }: InterestDeps,
  platformId: bigint,
  row: SettlementRecord,
): Promise<void> {
  const businessDate = await openBusinessDate(db, platformId);
  const written = { row, transferId: null, businessDate, at: clock.now() };
  const { text, values } = settlementStatement(platformId, [written]);
  await db.executeQuery(CompiledQuery.raw(text, [...values]));
}

/** The error of what the ledger refused, with the numbers of accounts. */
export async function refused(
  db: Db,
  platformId: bigint,
  { refusal }: RefusedAnswer,
): Promise<AppError> {
  const ids = Object.values(refusal as object)
    .filter((value): value is bigint => typeof value === 'bigint')
    .map(accountId);
  const accounts = await accountsById(db, platformId, ids);
  return refusalError(refusal, (id) => accounts.get(accountId(id))?.number);
}
