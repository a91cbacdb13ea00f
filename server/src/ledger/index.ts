/** The account ledger (账务): the front door. Everything that other modules may use of it is here. */
export {
  type Document,
  type Documented,
  type DocumentWriter,
  documentOf,
} from './batch/document.ts';
export { DEFAULT_LIMITS, type LaneLimits } from './batch/lane.ts';
export type { CommittedBatch } from './batch/run-batch.ts';
export { type ChangeOutcome, type ChangeRefusal, changeAccount } from './change-account.ts';
export {
  type AccountId,
  type AccountState,
  accountId,
  type Balances,
  leavable,
  MAX_BALANCE,
  MAX_INTERNAL_BALANCE,
} from './core/account.ts';
export type { Submission } from './core/evaluate.ts';
export type {
  CaptureMove,
  HoldMove,
  Move,
  ReleaseMove,
  ReversalMove,
  TransferMove,
} from './core/move.ts';
export type {
  AcceptedAnswer,
  Answer,
  HoldEventKind,
  LimitFacts,
  PostedHoldEvent,
  PostedTransfer,
  Posting,
  Refusal,
  RefusedAnswer,
  Side,
} from './core/outcome.ts';
export { changeRules, openBusinessDate, openFirstDay, readRulesVersion, rollDay } from './day.ts';
export {
  type AccountNamer,
  busy,
  databaseUnavailable,
  outcomeUnknown,
  refusalError,
  refusalErrors,
} from './errors.ts';
export { expireHolds } from './expire-holds.ts';
export { foldInternal } from './fold/fold-internal.ts';
export { freezeAccount } from './freeze-account.ts';
export { type Ledger, type LedgerDeps, type LedgerRequest, openLedger } from './ledger.ts';
export { type NewAccount, openAccount } from './open-account.ts';
export {
  type AccountNow,
  boundAfterDate,
  boundAtInstant,
  readAccounts,
  readBalanceAt,
} from './read/balance.ts';
export { type BalanceRun, readDailyBalances } from './read/daily-balances.ts';
export {
  type HoldEventRow,
  type HoldRow,
  listHolds,
  readHoldEvents,
} from './read/holds.ts';
export {
  listTransfers,
  readTransfer,
  type TransferFilter,
  type TransferRow,
} from './read/transfers.ts';
export { type CheckResult, type Finding, verifyLedger } from './verify.ts';
