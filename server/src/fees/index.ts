/** Fees (手续费): rules by version, and exact quotes. The front door. */
export type { Bearer, FeeRule, Timing } from './fee-rule.ts';
export { type FeeDeps, putFeeRule } from './put-rule.ts';
export type { FeeQuote } from './quote.ts';
export { type FeeQuestion, listFeeRules, quoteFee } from './quote-fee.ts';
