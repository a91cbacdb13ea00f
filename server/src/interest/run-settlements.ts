import { addDays, type BusinessDate } from '../kernel/business-date.ts';
import { AppError, type ErrorKind } from '../kernel/error.ts';
import { openBusinessDate } from '../ledger/index.ts';
import { type FoundMemberAccount, listMemberAccounts } from '../virtual-accounts/index.ts';
import { selectOwedShares } from './allocation-store.ts';
import { interestSettled } from './errors.ts';
import type { InterestDeps } from './put-rate.ts';
import { selectRatesFor } from './rate-store.ts';
import { advanceRun, beginRun, finishRun, type Run } from './run-store.ts';
import { lastScheduled, readInterestSchedule } from './schedule.ts';
import { pay } from './settle.ts';
import { ensureState, selectStates, updateProblem } from './settlement-store.ts';
import { firstDay, ratesOf, workOut } from './work-out.ts';

/** Accounts that one sweep looks at; the next one goes on behind them. */
export const INTEREST_PER_SWEEP = 200;

/** After these the same settlement may go through later: the sweep is begun again. */
const PASSES: readonly ErrorKind[] = ['unavailable', 'unknown', 'internal', 'timed_out'];

/**
 * Settles the interest of members' accounts up to the last day of the schedule, a page of them at a time, and says how
 * many it looked at. An account that cannot be settled is noted with the reason and tried again on the next business
 * date; one that is owed a share of what the bank has paid is left to that. Servers that do so at once settle each account once: every settlement counts its account on.
 */
export async function runInterest(deps: InterestDeps, platformId: bigint): Promise<number> {
  const { db, clock } = deps;
  const date = await openBusinessDate(db, platformId);
  const to = lastScheduled(await readInterestSchedule({ db }, platformId), date);
  if (to === undefined) return 0;
  const run = { to, date };
  const after = await beginRun(db, platformId, run);
  if (after === undefined) return 0;
  const accounts = await listMemberAccounts(db, platformId, { after, limit: INTEREST_PER_SWEEP });
  await settlePage(deps, platformId, { accounts, run });
  const last = accounts.at(-1);
  if (last) await advanceRun(db, platformId, { ...run, lookedTo: last.accountId });
  if (accounts.length < INTEREST_PER_SWEEP) {
    await finishRun(db, platformId, { ...run, at: clock.now() });
  }
  return accounts.length;
}

async function settlePage(
  deps: InterestDeps,
  platformId: bigint,
  { accounts, run }: { accounts: readonly FoundMemberAccount[]; run: Run },
): Promise<void> {
  const { db } = deps;
  const { to, date } = run;
  const ids = accounts.map(({ accountId }) => accountId);
  const rates = await selectRatesFor(db, platformId, ids);
  const states = await selectStates(db, platformId, ids);
  const shares = await selectOwedShares(db, platformId, ids);
  const due = accounts.flatMap((account) => {
    if (shares.has(account.accountId)) return [];
    const { settledTo } = states.get(account.accountId);
    const from = settledTo === null ? firstDay(ratesOf(account, rates)) : addDays(settledTo, 1);
    return from !== undefined && from <= to ? [{ account, from }] : [];
  });
  const failures: unknown[] = [];
  for (const [from, group] of Map.groupBy(due, (each) => each.from)) {
    const days: { from: BusinessDate; to: BusinessDate } = { from, to };
    const worked = await workOut(db, platformId, {
      ...days,
      accounts: group.map((g) => g.account),
    });
    await Promise.all(
      worked.map(async (earned) => {
        const { accountId } = earned.account;
        const { sequence } = states.get(accountId);
        const requestId = `interest/${accountId}/${sequence}/${date}`;
        const paid = pay(deps, platformId, { earned, sequence, requestId });
        await paid.catch((error: unknown) =>
          note(deps, platformId, { accountId, error }).catch((each: unknown) =>
            failures.push(each),
          ),
        );
      }),
    );
  }
  if (failures.length > 0) throw new AggregateError(failures, 'for some accounts');
}

/** Notes why an account was not settled; throws what may pass. */
async function note(
  { db }: Pick<InterestDeps, 'db'>,
  platformId: bigint,
  { accountId, error }: { accountId: FoundMemberAccount['accountId']; error: unknown },
): Promise<void> {
  if (!(error instanceof AppError) || PASSES.includes(error.definition.kind)) throw error;
  // Another server, or somebody by hand, was faster.
  if (error.definition.code === interestSettled.code) return;
  await ensureState(db, platformId, accountId);
  await updateProblem(db, platformId, { account: accountId, problem: error.definition.code });
}
