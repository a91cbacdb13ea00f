/** What escrow orders may be refused for, for the API document. */
import { feeExceedsAmount, feeRuleNotFound } from '../fees/errors.ts';
import { refusalErrors } from '../ledger/index.ts';
import { publicAccountRefused } from '../virtual-accounts/index.ts';
import * as errors from './errors.ts';

export const splitProblems = [
  refusalErrors.account_not_found,
  publicAccountRefused,
  errors.escrowAccountRefused,
  errors.escrowSplitImpossible,
  errors.escrowShareExceeded,
  errors.escrowFeeRuleUnfit,
  feeRuleNotFound,
  feeExceedsAmount,
];
export const paymentProblems = [
  refusalErrors.different_main_accounts,
  refusalErrors.currencies_differ,
  refusalErrors.account_closed,
  refusalErrors.account_stopped,
  refusalErrors.balance_limit_exceeded,
  refusalErrors.frozen_by_order,
];
export const orderProblems = [
  errors.escrowOrderNotFound,
  errors.escrowStateRefuses,
  refusalErrors.request_id_reused,
];
export const releaseProblems = [
  ...orderProblems,
  errors.escrowRemainingInsufficient,
  ...splitProblems,
  ...paymentProblems,
];
