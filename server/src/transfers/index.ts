/** Transfers, reversals, holds, freezes, scheduled transfers, batches, balances and statements (转账, 冻结, 支付冻结, 预约转账, 对账单): the front door. */
export { type BalanceClock, type BalanceView, readBalance } from './balance.ts';
export {
  type BatchItemResult,
  type BatchMode,
  type BatchResult,
  submitBatch,
} from './batch.ts';
export type { BatchItem } from './batch-run.ts';
export * from './errors.ts';
export type { FreezeStepView, FreezeView } from './freeze.ts';
export { type Captured, captureHold, placeHold, releaseHold } from './hold.ts';
export type { HoldAnswer, HoldView } from './hold-view.ts';
export type { CaptureInput, HoldInput, ReleaseInput, TransferInput } from './moves.ts';
export type { Period } from './period.ts';
export { type FreezeInput, freeze, type PayFreezeInput, payFreeze } from './place-freeze.ts';
export { type FreezeHistory, listFreezes, readFreeze } from './read-freezes.ts';
export { type HoldHistory, listHolds, readHold } from './read-holds.ts';
export {
  listSchedules,
  readSchedule,
  type ScheduleHistory,
  type ScheduleRunView,
  type ScheduleView,
} from './read-schedules.ts';
export { listTransfers, readTransfer } from './read-transfers.ts';
export { reverseTransfer } from './reverse.ts';
export { runSchedules, SCHEDULES_PER_SWEEP } from './run-schedules.ts';
export {
  cancelSchedule,
  type ScheduleDeps,
  type ScheduleInput,
  scheduleTransfer,
} from './schedule-transfer.ts';
export { readStatement, type Statement, type StatementLine } from './statement.ts';
export {
  isRepeatedRefusal,
  type Mode,
  type Submitted,
  type TransferDeps,
} from './submit.ts';
export { transfer } from './transfer.ts';
export { type UnfreezeInput, type UnfreezePayInput, unfreeze, unfreezePay } from './unfreeze.ts';
export { verifyTransfers } from './verify.ts';
export type { SideView, TransferView } from './view.ts';
