import type { BusinessDate } from '../kernel/business-date.ts';
import { type AccountId, openBusinessDate } from '../ledger/index.ts';
import { accountsById, findAccount } from '../virtual-accounts/index.ts';
import type { InterestDeps } from './put-rate.ts';
import { earnedSince } from './settle.ts';
import {
  type AccountState,
  type Settlement,
  selectProblems,
  selectSettlements,
} from './settlement-store.ts';
import { type Earned, lastDay, workOut } from './work-out.ts';

type Deps = Pick<InterestDeps, 'db'>;

/**
 * What an account has earned in a period that is over (试算), settled or not; from the day after its last settlement,
 * or its first rate, and up to the day before the open business date when they are left out. Nothing is kept.
 *
 * Throws AppError: `account_not_found`, `interest_period_invalid`; `interest_rate_not_found`, `interest_settled` when
 * the first day is left out.
 */
export async function tryInterest(
  { db }: Deps,
  platformId: bigint,
  asked: { account: string; from?: BusinessDate | undefined; to?: BusinessDate | undefined },
): Promise<Earned> {
  const account = await findAccount(db, platformId, asked.account);
  const to = await lastDay(db, platformId, { to: asked.to, at: 'query/' });
  const { from } = asked;
  if (from === undefined) return (await earnedSince(db, platformId, account, to)).earned;
  const [earned] = await workOut(db, platformId, { accounts: [account], from, to });
  if (!earned) throw new RangeError('each account has earned something or nothing');
  return earned;
}

/** Settlements, newest first, below the UUID `before`. Throws AppError: `account_not_found`. */
export async function listSettlements(
  { db }: Deps,
  platformId: bigint,
  filter: {
    account?: string | undefined;
    allocationId?: string | undefined;
    before?: string | undefined;
    limit: number;
  },
): Promise<{ settlements: readonly Settlement[]; next: string | undefined }> {
  const { account: number, limit, ...rest } = filter;
  const account =
    number === undefined
      ? undefined
      : (await findAccount(db, platformId, number, 'query/account')).accountId;
  const found = await selectSettlements(db, platformId, { ...rest, account, limit: limit + 1 });
  const settlements = found.slice(0, limit);
  return { settlements, next: found.length > limit ? settlements.at(-1)?.settlementId : undefined };
}

/** Numbers and currencies of accounts, for answers. */
export async function namesOf(
  { db }: Deps,
  platformId: bigint,
  ids: readonly AccountId[],
): Promise<(id: AccountId) => { number: string; currency: string }> {
  const accounts = await accountsById(db, platformId, ids);
  return (id) => {
    const { number = '', currency = '' } = { ...accounts.get(id) };
    return { number, currency };
  };
}

/** Accounts whose scheduled settlement was not done, with the reason. `next`: the ledger id to go on above. */
export async function listInterestProblems(
  { db }: Deps,
  platformId: bigint,
  { after, limit }: { after?: bigint | undefined; limit: number },
): Promise<{
  problems: readonly (AccountState & { readonly number: string })[];
  next: bigint | undefined;
}> {
  const found = await selectProblems(db, platformId, { after, limit: limit + 1 });
  const shown = found.slice(0, limit);
  const nameOf = await namesOf(
    { db },
    platformId,
    shown.map(({ account }) => account),
  );
  return {
    problems: shown.map((each) => ({ ...each, number: nameOf(each.account).number })),
    next: found.length > limit ? shown.at(-1)?.account : undefined,
  };
}

/** The open business date, for a trial that is dated. */
export const dateOfTrial = ({ db }: Deps, platformId: bigint): Promise<BusinessDate> =>
  openBusinessDate(db, platformId);
