import { createHash } from 'node:crypto';
import { textId, uuidOf } from '../kernel/id.ts';

/** What may need approval (复核). Each is carried out by the flow that asks for it. */
export const APPROVABLE = ['claim_reversal', 'fee_waiver', 'judicial_lift'] as const;
/** One of them. */
export type ApprovableAction = (typeof APPROVABLE)[number];

/** pending: waits for checkers; approved: about to be carried out; used: done; failed: could not be done. */
export const APPROVAL_STATES = [
  ...(['pending', 'approved', 'used', 'failed', 'rejected', 'withdrawn', 'expired'] as const),
] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

type ApprovalEvent = 'approve' | 'reject' | 'withdraw' | 'expire' | 'use' | 'fail';

/** Which state follows which. The database holds it too (guard_approval in 0018_approvals.sql). */
const NEXT: Readonly<Record<ApprovalState, Partial<Record<ApprovalEvent, ApprovalState>>>> = {
  pending: { approve: 'approved', reject: 'rejected', withdraw: 'withdrawn', expire: 'expired' },
  approved: { use: 'used', fail: 'failed' },
  ...{ used: {}, failed: {}, rejected: {}, withdrawn: {}, expired: {} },
};

/** The state after an event; undefined when the event cannot happen to it. */
export function stateAfter(state: ApprovalState, event: ApprovalEvent): ApprovalState | undefined {
  return NEXT[state][event];
}

/** The state at a moment: nobody has to have noted yet that the time to decide has passed. */
export function stateAt(
  { state, expiresAt }: { readonly state: ApprovalState; readonly expiresAt: Date },
  now: Date,
): ApprovalState {
  return state === 'pending' && expiresAt <= now ? 'expired' : state;
}

/** The state after one more approval, of so many that are needed. */
export function stateWith(
  approvals: number,
  { checkers }: { readonly checkers: number },
): ApprovalState {
  return approvals >= checkers ? 'approved' : 'pending';
}

/** What one tier of a rule says. Amounts in minor units. */
export interface RuleTier {
  readonly fromAmount: bigint;
  /** How many must approve; 0: nobody. */
  readonly checkers: number;
  readonly expiresAfterHours: number;
}

/** The tier that holds for an amount: the highest that it reaches. Undefined when nobody need approve. */
export function tierFor(tiers: readonly RuleTier[], amount: bigint): RuleTier | undefined {
  const reached = tiers.filter(({ fromAmount }) => fromAmount <= amount);
  const [highest] = reached.toSorted((a, b) => (a.fromAmount < b.fromAmount ? 1 : -1));
  return highest && highest.checkers > 0 ? highest : undefined;
}

/** What is asked, by name: facts that do not change, and no personal data. */
export type ApprovalContent = Readonly<Record<string, string | number>>;

/** SHA-256 over action, amount, currency and content, whatever the order of its fields. */
export function fingerprintOf(asked: {
  readonly action: ApprovableAction;
  readonly amount: bigint;
  readonly currency: string;
  readonly content: ApprovalContent;
}): Buffer {
  const { action, amount, currency, content } = asked;
  const fields = Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([action, `${amount}`, currency, fields]))
    .digest();
}

/** One that decided. */
export interface Decision {
  readonly checker: string;
  readonly verdict: 'approved' | 'rejected';
  readonly reason: string;
  readonly decidedAt: Date;
}

/** A request that waits for others to agree, and what became of it. */
export interface Approval {
  /** `apr_…` */
  readonly id: string;
  readonly action: ApprovableAction;
  readonly state: ApprovalState;
  /** Minor units. */
  readonly amount: bigint;
  readonly currency: string;
  readonly content: ApprovalContent;
  /** SHA-256, as hex. */
  readonly fingerprint: string;
  readonly requestId: string;
  /** Who asked: `key_…`. */
  readonly maker: string;
  /** How many must approve. */
  readonly checkers: number;
  readonly decisions: readonly Decision[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly settledAt: Date | null;
  /** The code of the error for which it could not be carried out. */
  readonly failure: string | null;
}

export const approvalTextId = (uuid: string): string => textId('apr', uuid);
export const approvalUuid = (text: string): string | undefined => uuidOf('apr', text);
