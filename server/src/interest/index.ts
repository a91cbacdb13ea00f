/** Interest on the balance product (积数结息): rates, trials, settlements and allocations. The front door. */
export { refuseInterestDue } from './before-closing.ts';
export { PARTS_PER_SWEEP, sweepAllocations } from './pay-parts.ts';
export { INTEREST_PER_SWEEP, runInterest } from './run-settlements.ts';
export { verifyInterest } from './verify.ts';
