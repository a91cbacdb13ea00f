import { isDocumentConflict } from '../db/database.ts';
import { amount } from '../kernel/amount.ts';
import { documentOf, openBusinessDate } from '../ledger/index.ts';
import { CODES } from './moves.ts';
import { afterOccurrence, afterRefusal, type Schedule } from './schedule.ts';
import { insertRefusal, occurrenceWriter, selectDue } from './schedule-store.ts';
import { submitMoves, type TransferDeps } from './submit.ts';

/** Schedules looked at by one sweep; the next one takes the rest. */
export const SCHEDULES_PER_SWEEP = 500;

/**
 * Makes the scheduled transfers of a platform that are due, one occurrence of each, and says how many were tried.
 *
 * What is owed is found in the table, so a lost sweep only delays. The request id names schedule, occurrence and
 * attempt, and the note that it was made commits with the money: of several servers that try at once one does it,
 * and the others get its answer. The next attempt has another id, and begins only after this one was refused.
 *
 * Throws what the ledger throws (`busy`, `outcome_unknown`, …): nothing is noted then, and the next sweep asks
 * again under the same id.
 */
export async function runSchedules(deps: TransferDeps, platformId: bigint): Promise<number> {
  const { db, clock } = deps;
  const date = await openBusinessDate(db, platformId);
  const due = await selectDue(db, platformId, {
    at: clock.now(),
    date,
    limit: SCHEDULES_PER_SWEEP,
  });
  const tried = await Promise.allSettled(due.map((each) => attempt(deps, platformId, each)));
  const failed = tried.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
  return due.length;
}

async function attempt(deps: TransferDeps, platformId: bigint, schedule: Schedule): Promise<void> {
  const { db, clock } = deps;
  const { scheduleId, occurrence, debit, credit, reference, memo } = schedule;
  const requestId = `schedule/${scheduleId}/${occurrence}/${schedule.attempt}`;
  const move = {
    kind: 'transfer' as const,
    code: CODES.transfer,
    ...{ debit, credit, amount: amount(schedule.amount) },
    reference: reference ?? undefined,
    memo: memo ?? undefined,
  };
  const document = documentOf(occurrenceWriter, { schedule, next: afterOccurrence(schedule) });
  try {
    const answer = await submitMoves(deps, platformId, [move], { mode: { requestId }, document });
    if (answer.accepted) return;
    const at = clock.now();
    const next = afterRefusal(schedule, at);
    await insertRefusal(db, platformId, { schedule, next, at, code: answer.refusal.code });
  } catch (error) {
    // It was cancelled between the look and the money: then nothing moved.
    if (!isDocumentConflict(error)) throw error;
  }
}
