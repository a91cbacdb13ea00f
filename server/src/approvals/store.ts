import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db/database.ts';
import {
  APPROVABLE,
  APPROVAL_STATES,
  type ApprovableAction,
  type Approval,
  type ApprovalContent,
  type ApprovalState,
  approvalTextId,
  type Decision,
  type RuleTier,
} from './approval.ts';

/** The tiers of an action, lowest first. */
export async function selectTiers(
  db: Db,
  platformId: bigint,
  action: ApprovableAction,
): Promise<readonly RuleTier[]> {
  const rows = await db
    .selectFrom('approval_rule')
    .select(['from_amount', 'checkers', 'expires_after_hours'])
    .where('platform_id', '=', platformId)
    .where('action', '=', action)
    .orderBy('from_amount')
    .execute();
  return rows.map((row) => ({
    fromAmount: row.from_amount,
    checkers: row.checkers,
    expiresAfterHours: row.expires_after_hours,
  }));
}

interface ApprovalRow {
  readonly uuid: string;
  readonly action: string;
  readonly state: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly content: ApprovalContent;
  readonly fingerprint: string;
  readonly requestId: string;
  readonly maker: string;
  readonly checkers: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly settledAt: Date | null;
  readonly failure: string | null;
  readonly decisions: readonly (Omit<Decision, 'decidedAt'> & { readonly decidedAt: string })[];
}

const NO_CONDITION = sql``;

/** Approvals that the condition (`and …`) lets through, newest first; `tail` follows the order. */
export async function selectApprovals(
  db: Db,
  platformId: bigint,
  condition: RawBuilder<unknown>,
  tail: RawBuilder<unknown> = NO_CONDITION,
): Promise<readonly Approval[]> {
  const { rows } = await sql<ApprovalRow>`
    select p.approval_id as uuid, p.action, p.state, p.amount, p.currency, p.content,
           encode(p.fingerprint, 'hex') as fingerprint, p.request_id as "requestId", p.maker, p.checkers,
           p.created_at as "createdAt", p.expires_at as "expiresAt", p.settled_at as "settledAt", p.failure,
           (select coalesce(jsonb_agg(jsonb_build_object('checker', d.checker, 'verdict', d.verdict,
                     'reason', d.reason, 'decidedAt', d.decided_at) order by d.decided_at, d.checker), '[]')
              from approval_decision d
             where d.platform_id = p.platform_id and d.approval_id = p.approval_id) as decisions
      from approval p
     where p.platform_id = ${platformId} ${condition}
     order by p.approval_id desc ${tail}`.execute(db);
  return rows.map(({ uuid, decisions, action, state, ...row }) => ({
    id: approvalTextId(uuid),
    ...row,
    action: oneOf(APPROVABLE, action),
    state: oneOf(APPROVAL_STATES, state),
    decisions: decisions.map((each) => ({ ...each, decidedAt: new Date(each.decidedAt) })),
  }));
}

/** Reads a word from a table. Throws for one that is none of these: nothing else writes there. */
function oneOf<const Words extends readonly string[]>(words: Words, text: string): Words[number] {
  const word = words.find((each) => each === text);
  if (word === undefined) throw new RangeError(`not one of ${words.join(', ')}: ${text}`);
  return word;
}

/** Sets the state of an approval; the database refuses one that cannot follow. */
export async function updateState(
  tx: Db,
  platformId: bigint,
  uuid: string,
  change: { state: ApprovalState; at: Date; failure?: string },
): Promise<void> {
  const { state, at, failure = null } = change;
  await tx
    .updateTable('approval')
    .set({ state, settled_at: at, failure })
    .where('platform_id', '=', platformId)
    .where('approval_id', '=', uuid)
    .execute();
}
