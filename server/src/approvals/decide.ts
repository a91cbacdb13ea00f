import { sql } from 'kysely';
import { recordChange } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import {
  type Approval,
  approvalUuid,
  type Decision,
  stateAfter,
  stateAt,
  stateWith,
} from './approval.ts';
import {
  alreadyDecided,
  approvalNotFound,
  approvalNotPending,
  checkerIsMaker,
  notTheMaker,
} from './errors.ts';
import { type ApprovalDeps, readApproval } from './request.ts';
import { selectApprovals, updateState } from './store.ts';

type Deps = Omit<ApprovalDeps, 'newUuid'>;

/** What somebody says to an approval; `by` is `key_…`. */
export interface Word {
  readonly approval: string;
  readonly by: string;
  readonly reason: string;
}

/**
 * Approves or rejects (复核). The approval is approved when as many as it needs have said so, and rejected when
 * one has. Throws AppError: `approval_not_found`, `approval_not_pending`, `checker_is_maker`, `already_decided`.
 */
export async function decide(
  deps: Deps,
  platformId: bigint,
  { approval: id, by, reason, verdict }: Word & Pick<Decision, 'verdict'>,
): Promise<Approval> {
  const { db, clock, origin } = deps;
  const at = clock.now();
  await db.transaction().execute(async (tx) => {
    const { uuid, approval } = await lockPending(tx, platformId, id, at);
    if (approval.maker === by) throw new AppError(checkerIsMaker, { approval: id });
    if (approval.decisions.some(({ checker }) => checker === by)) {
      throw new AppError(alreadyDecided, { approval: id });
    }
    await tx
      .insertInto('approval_decision')
      .values({
        ...{ platform_id: platformId, approval_id: uuid, checker: by, maker: approval.maker },
        ...{ verdict, reason, decided_at: at },
      })
      .execute();
    // Before this one all have approved: it would not wait any more otherwise.
    const approved = stateWith(approval.decisions.length + 1, approval);
    const state = verdict === 'rejected' ? 'rejected' : approved;
    if (state !== 'pending') await updateState(tx, platformId, uuid, { state, at });
    await recordChange(tx, platformId, {
      ...{ origin, at, action: `approval.${verdict}` },
      object: { type: 'approval', id },
      before: { state: 'pending' },
      after: { state, checker: by, reason },
    });
  });
  return readApproval(deps, platformId, id);
}

/**
 * Takes a request back (撤回). Throws AppError: `approval_not_found`, `approval_not_pending`, `not_the_maker`.
 */
export async function withdraw(
  deps: Deps,
  platformId: bigint,
  { approval: id, by, reason }: Word,
): Promise<Approval> {
  const { db, clock, origin } = deps;
  const at = clock.now();
  await db.transaction().execute(async (tx) => {
    const { uuid, approval } = await lockPending(tx, platformId, id, at);
    if (approval.maker !== by) throw new AppError(notTheMaker, { approval: id });
    await updateState(tx, platformId, uuid, { state: 'withdrawn', at });
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'approval.withdrawn' },
      object: { type: 'approval', id },
      before: { state: 'pending' },
      after: { state: 'withdrawn', reason },
    });
  });
  return readApproval(deps, platformId, id);
}

/** Notes that an approved request could not be carried out, unless it is settled by now. */
export async function settleFailed(
  { db, clock, origin }: Deps,
  platformId: bigint,
  { id, failure }: { id: string; failure: string },
): Promise<void> {
  const at = clock.now();
  await db.transaction().execute(async (tx) => {
    const { uuid, approval } = await lock(tx, platformId, id);
    const state = stateAfter(approval.state, 'fail');
    if (!state) return;
    await updateState(tx, platformId, uuid, { state, at, failure });
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'approval.failed' },
      object: { type: 'approval', id },
      before: { state: approval.state },
      after: { state, failure },
    });
  });
}

/** Notes that the time to decide has passed, unless somebody has decided by now. */
export async function settleExpired(
  { db, clock, origin }: Deps,
  platformId: bigint,
  id: string,
): Promise<void> {
  const at = clock.now();
  await db.transaction().execute(async (tx) => {
    const { uuid, approval } = await lock(tx, platformId, id);
    if (approval.state !== 'pending' || stateAt(approval, at) !== 'expired') return;
    await updateState(tx, platformId, uuid, { state: 'expired', at });
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'approval.expired' },
      object: { type: 'approval', id },
      before: { state: 'pending' },
      after: { state: 'expired' },
    });
  });
}

async function lockPending(tx: Db, platformId: bigint, id: string, at: Date) {
  const locked = await lock(tx, platformId, id);
  const state = stateAt(locked.approval, at);
  if (state !== 'pending') throw new AppError(approvalNotPending, { approval: id, state });
  return locked;
}

/** The row first, then what is read: a decision that was waited for is among those that are read. */
async function lock(tx: Db, platformId: bigint, id: string) {
  const uuid = approvalUuid(id);
  if (uuid !== undefined) {
    await tx
      .selectFrom('approval')
      .select('approval_id')
      .where('platform_id', '=', platformId)
      .where('approval_id', '=', uuid)
      .forUpdate()
      .execute();
    const [approval] = await selectApprovals(tx, platformId, sql`and p.approval_id = ${uuid}`);
    if (approval) return { uuid, approval };
  }
  throw new AppError(approvalNotFound, { approval: id });
}
