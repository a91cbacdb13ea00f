import { addDays } from '../kernel/business-date.ts';
import { AppError, type ErrorKind } from '../kernel/error.ts';
import { openBusinessDate } from '../ledger/index.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import { type OpenPart, selectOpenParts, updatePartProblem } from './allocation-store.ts';
import { interestSettled } from './errors.ts';
import type { InterestDeps } from './put-rate.ts';
import { pay } from './settle.ts';
import { selectStates } from './settlement-store.ts';
import { workOut } from './work-out.ts';

/** Parts of allocations that one sweep pays. */
export const PARTS_PER_SWEEP = 200;
/** Rounds of those that one request pays by itself: the rest is for the sweep. */
const MAX_ROUNDS = 50;

/** After these the same payment may go through later today. */
const PASSES: readonly ErrorKind[] = ['unavailable', 'unknown', 'internal', 'timed_out'];

/** Pays the parts of one allocation. */
export async function payParts(
  deps: InterestDeps,
  platformId: bigint,
  { allocationId }: { allocationId: string },
): Promise<void> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const paid = await payRound(deps, platformId, { allocationId });
    if (paid < PARTS_PER_SWEEP) return;
  }
}

/** Pays parts of allocations that are still owed, as after a crash, and says how many it tried. */
export function sweepAllocations(deps: InterestDeps, platformId: bigint): Promise<number> {
  return payRound(deps, platformId, {});
}

async function payRound(
  deps: InterestDeps,
  platformId: bigint,
  { allocationId }: { allocationId?: string },
): Promise<number> {
  const { db } = deps;
  const date = await openBusinessDate(db, platformId);
  const parts = await selectOpenParts(db, platformId, {
    allocationId,
    date,
    limit: PARTS_PER_SWEEP,
  });
  const failures: unknown[] = [];
  await Promise.all(
    parts.map(async (part) => {
      await payPart(deps, platformId, { part, date }).catch(async (error: unknown) => {
        if (!(error instanceof AppError) || PASSES.includes(error.definition.kind)) {
          failures.push(error);
          return;
        }
        const problem = error.definition.code;
        await updatePartProblem(db, platformId, { part, date, problem });
      });
    }),
  );
  if (failures.length > 0) throw new AggregateError(failures, 'for some accounts');
  return parts.length;
}

/** The request id names allocation, account and date: of several servers that try at once one pays. */
async function payPart(
  deps: InterestDeps,
  platformId: bigint,
  { part, date }: { part: OpenPart; date: string },
): Promise<void> {
  const { allocationId, account: id, share, from, to } = part;
  const facts = (await accountsById(deps.db, platformId, [id])).get(id);
  if (facts?.number === undefined || facts.kind === undefined) {
    throw new RangeError(`account ${id} has no number`);
  }
  const { number, kind } = facts;
  const { settledTo, sequence } = (await selectStates(deps.db, platformId, [id])).get(id);
  if (settledTo !== null && addDays(settledTo, 1) !== from) {
    throw new AppError(interestSettled, { account: number, settledTo });
  }
  const account = { ...facts, number, kind };
  const [earned] = await workOut(deps.db, platformId, { accounts: [account], from, to });
  if (!earned) throw new RangeError('each account has earned something or nothing');
  await pay(deps, platformId, {
    ...{ earned, sequence, requestId: `interest-allocation/${allocationId}/${id}/${date}` },
    shared: { allocationId, interest: share },
  });
}
