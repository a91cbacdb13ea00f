import type { ApprovedActs } from './approvals/index.ts';
import { carryOutReversal, type DepositDeps } from './deposits/index.ts';
import { carryOutWaiver } from './fees/index.ts';
import { carryOutLift } from './judicial-freezes/index.ts';

/** What is done when a request is approved: each flow carries out its own. */
export function approvedActs(flows: DepositDeps): ApprovedActs {
  return {
    claim_reversal: ({ origin }, platformId, approval) =>
      carryOutReversal({ ...flows, origin }, platformId, approval),
    fee_waiver: ({ origin }, platformId, approval) =>
      carryOutWaiver({ ...flows, origin }, platformId, approval),
    judicial_lift: ({ origin }, platformId, approval) =>
      carryOutLift({ ...flows, origin }, platformId, approval),
  };
}
