/** Approvals (复核): what must be agreed to by others before it is done. The front door. */
export type { Approval } from './approval.ts';
export {
  APPROVALS_PER_SWEEP,
  type ApprovedActs,
  approve,
  carryOut,
  sweepApprovals,
} from './carry-out.ts';
export { decide, withdraw } from './decide.ts';
export { approvalNotGranted } from './errors.ts';
export { findApproval, listApprovals, readApproval, requestApproval } from './request.ts';
export { approvalTier, putRule, readRules } from './rules.ts';
export { Approval as ApprovalSchema, approvalBody } from './shared-routes.ts';
export { type ApprovalUse, usedBy, useOf, usesJson } from './use.ts';
