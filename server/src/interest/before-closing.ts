import { AppError } from '../kernel/error.ts';
import { findAccount, interestDue } from '../virtual-accounts/index.ts';
import { interestRateNotFound, interestSettled } from './errors.ts';
import type { InterestDeps } from './put-rate.ts';
import { earnedSince } from './settle.ts';
import { lastDay } from './work-out.ts';

/**
 * Refuses to let an account be closed while it has earned interest that is not settled: a closed account could never
 * be paid. Less than half a minor unit is nothing. Throws AppError: `interest_due`.
 */
export async function refuseInterestDue(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  number: string,
): Promise<void> {
  const account = await findAccount(db, platformId, number);
  const yesterday = await lastDay(db, platformId, { to: undefined, at: '/' });
  const due = await earnedSince(db, platformId, account, yesterday).catch((error: unknown) => {
    const codes: string[] = [interestRateNotFound.code, interestSettled.code];
    if (error instanceof AppError && codes.includes(error.definition.code)) return undefined;
    throw error;
  });
  if (!due || due.earned.accrued.interest === 0n) return;
  const { accrued, from, to } = due.earned;
  throw new AppError(interestDue, { account: number, interest: accrued.interest, from, to });
}
