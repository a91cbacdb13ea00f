import { sql } from 'kysely';
import { type Originated, recordChange, SYSTEM } from '../audit/index.ts';
import { brokenUnique, type Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import {
  type ApprovableAction,
  type Approval,
  type ApprovalContent,
  type ApprovalState,
  approvalTextId,
  approvalUuid,
  fingerprintOf,
  type RuleTier,
  stateAt,
} from './approval.ts';
import { approvalNotFound } from './errors.ts';
import { selectApprovals } from './store.ts';

/** What the use cases of approvals need. */
export interface ApprovalDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/** What is asked for. Amount in minor units. */
export interface ApprovalRequest {
  readonly action: ApprovableAction;
  readonly amount: bigint;
  readonly currency: string;
  readonly content: ApprovalContent;
  readonly requestId: string;
  readonly tier: RuleTier;
}

const HOUR_MS = 3_600_000;

/**
 * Asks for approval: who asks is the maker. Of two requests with one id at once the second gets the approval of
 * the first, whatever it asks: hold what it is about against what was asked.
 */
export async function requestApproval(
  deps: ApprovalDeps,
  platformId: bigint,
  request: ApprovalRequest,
): Promise<{ approval: Approval; repeated: boolean }> {
  try {
    return { approval: await insert(deps, platformId, request), repeated: false };
  } catch (error) {
    if (brokenUnique(error) !== 'approval_platform_id_request_id_key') throw error;
    const approval = await findApproval(deps, platformId, request.requestId);
    if (!approval) throw error;
    return { approval, repeated: true };
  }
}

async function insert(
  deps: ApprovalDeps,
  platformId: bigint,
  { action, amount, currency, content, requestId, tier }: ApprovalRequest,
): Promise<Approval> {
  const { db, clock, newUuid, origin } = deps;
  const at = clock.now();
  const uuid = newUuid();
  const { checkers } = tier;
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('approval')
      .values({
        ...{
          platform_id: platformId,
          approval_id: uuid,
          action,
          state: 'pending',
          amount,
          currency,
        },
        content: JSON.stringify(content),
        fingerprint: fingerprintOf({ action, amount, currency, content }),
        request_id: requestId,
        maker: (origin ?? SYSTEM).name,
        checkers,
        created_at: at,
        expires_at: new Date(at.getTime() + tier.expiresAfterHours * HOUR_MS),
      })
      .execute();
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'approval.requested', before: null },
      object: { type: 'approval', id: approvalTextId(uuid) },
      after: { state: 'pending', action, amount, currency, checkers, ...content },
    });
  });
  return readApproval(deps, platformId, approvalTextId(uuid));
}

/** The approval that a request waits for; undefined when it never needed one. */
export async function findApproval(
  { db, clock }: Pick<ApprovalDeps, 'db' | 'clock'>,
  platformId: bigint,
  requestId: string,
): Promise<Approval | undefined> {
  const [found] = await selectApprovals(db, platformId, sql`and p.request_id = ${requestId}`);
  return found && asOf(found, clock.now());
}

/** One approval. Throws AppError: `approval_not_found`. */
export async function readApproval(
  { db, clock }: Pick<ApprovalDeps, 'db' | 'clock'>,
  platformId: bigint,
  id: string,
): Promise<Approval> {
  const uuid = approvalUuid(id);
  const [found] = uuid
    ? await selectApprovals(db, platformId, sql`and p.approval_id = ${uuid}`)
    : [];
  if (!found) throw new AppError(approvalNotFound, { approval: id });
  return asOf(found, clock.now());
}

/** Approvals, newest first. `before`: an `apr_…`; `next`: where the next page begins. */
export async function listApprovals(
  { db, clock }: Pick<ApprovalDeps, 'db' | 'clock'>,
  platformId: bigint,
  filter: {
    state?: ApprovalState | undefined;
    action?: ApprovableAction | undefined;
    before?: string | undefined;
    limit: number;
  },
): Promise<{ approvals: readonly Approval[]; next: string | undefined }> {
  const { state, action, before, limit } = filter;
  const uuid = before === undefined ? undefined : approvalUuid(before);
  const condition = sql`
    ${state === undefined ? sql`` : sql`and p.state = ${state}`}
    ${action === undefined ? sql`` : sql`and p.action = ${action}`}
    ${uuid === undefined ? sql`` : sql`and p.approval_id < ${uuid}`}`;
  const found = await selectApprovals(db, platformId, condition, sql`limit ${limit + 1}`);
  const page = found.slice(0, limit);
  const now = clock.now();
  return {
    approvals: page.map((each) => asOf(each, now)),
    next: found.length > limit ? page.at(-1)?.id : undefined,
  };
}

const asOf = (approval: Approval, now: Date): Approval => ({
  ...approval,
  state: stateAt(approval, now),
});
