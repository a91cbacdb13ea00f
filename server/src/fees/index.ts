/** Fees (手续费): rules by version, exact quotes, and charges: taken with their cause or at the month's end. The front door. */
export { carryOutWaiver } from './ask-waiver.ts';
export { refuseFeesOwed } from './before-closing.ts';
export { type ChargeFacts, chargeOf, chargeView, type FeeCharge, type FeePlan } from './charge.ts';
export { chargeWriter } from './charge-document.ts';
export { COLLECTIONS_PER_SWEEP, collectFees } from './collect.ts';
export type { Bearer, FeeRule, Timing } from './fee-rule.ts';
export { answeredByEarlierRule, type FeeFor, planFee, withFee } from './plan-fee.ts';
export { type FeeDeps, putFeeRule } from './put-rule.ts';
export type { FeeQuote } from './quote.ts';
export { type FeeQuestion, listFeeRules, quoteFee } from './quote-fee.ts';
export { type PlannedReturn, planReturn } from './return-with-reversal.ts';
export { FeeCharge as FeeChargeSchema, FeeProduct } from './shared-routes.ts';
export { verifyFees } from './verify.ts';
export type { FeeMoneyDeps } from './waive.ts';
