import { sql } from 'kysely';
import { AppError, type ErrorKind } from '../kernel/error.ts';
import type { ApprovableAction, Approval } from './approval.ts';
import { decide, settleExpired, settleFailed, type Word } from './decide.ts';
import { type ApprovalDeps, readApproval } from './request.ts';
import { selectApprovals } from './store.ts';

type Deps = Omit<ApprovalDeps, 'newUuid'>;

/**
 * Does what was approved. It may be asked several times, at once too: it uses the approval up in the transaction
 * of the act, so that the act is done once. Throws AppError with a refusal when it can never be done.
 */
export type ApprovedAct = (deps: Deps, platformId: bigint, approval: Approval) => Promise<unknown>;
/** The act of each action, given where the modules are wired. */
export type ApprovedActs = Readonly<Record<ApprovableAction, ApprovedAct>>;

/** After these the same act may go through later: the approval waits for the next sweep. */
const PASSES: readonly ErrorKind[] = ['unavailable', 'unknown', 'internal', 'timed_out'];
/** Looked at in one sweep. */
export const APPROVALS_PER_SWEEP = 100;

/** Carries an approved request out. What can never be done is noted as failed; anything else is thrown. */
export async function carryOut(
  deps: Deps,
  platformId: bigint,
  { approval, act }: { approval: Approval; act: ApprovedAct },
): Promise<void> {
  try {
    await act(deps, platformId, approval);
  } catch (error) {
    if (!(error instanceof AppError) || PASSES.includes(error.definition.kind)) throw error;
    await settleFailed(deps, platformId, { id: approval.id, failure: error.definition.code });
  }
}

/**
 * Carries out what was approved and not done, as after a crash between the two, and notes what has expired.
 * Says how many approvals it looked at. One that fails does not keep the others from their turn.
 */
export async function sweepApprovals(
  deps: Deps,
  platformId: bigint,
  acts: ApprovedActs,
): Promise<number> {
  const due = await selectApprovals(
    deps.db,
    platformId,
    sql`and (p.state = 'approved' or p.state = 'pending' and p.expires_at <= ${deps.clock.now()})`,
    sql`limit ${APPROVALS_PER_SWEEP}`,
  );
  const failures: unknown[] = [];
  for (const approval of due) {
    const work =
      approval.state === 'approved'
        ? carryOut(deps, platformId, { approval, act: acts[approval.action] })
        : settleExpired(deps, platformId, approval.id);
    await work.catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, 'for some approvals');
  return due.length;
}

/**
 * Approves, and carries the request out when it was the last approval that it needed. Where that does not go
 * through now the sweep goes on with it: the decision stands. Throws what `decide` throws.
 */
export async function approve(
  deps: Deps,
  platformId: bigint,
  { acts, ...word }: Word & { acts: ApprovedActs },
): Promise<Approval> {
  const approval = await decide(deps, platformId, { ...word, verdict: 'approved' });
  if (approval.state !== 'approved') return approval;
  // What fails here fails in the sweep again, which says so in the log.
  await carryOut(deps, platformId, { approval, act: acts[approval.action] }).catch(() => undefined);
  return readApproval(deps, platformId, approval.id);
}
