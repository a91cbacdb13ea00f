/** Deposits (入金): bank statements taken in, posted, claimed. The front door. */

export { carryOutReversal } from './ask-reversal.ts';
export type { BankEntry, BankEntryState } from './bank-entry.ts';
export { type ClaimAnswer, type Claimed, type ClaimInput, claimEntry } from './claim.ts';
export type { DepositDeps } from './deposit-deps.ts';
export * from './errors.ts';
export type {
  ImportNote,
  ImportOutcome,
  ImportReport,
  RecordedFile,
  StatementSummary,
  Tally,
} from './import-report.ts';
export { type ImportInput, type ImportProgress, importStatement } from './import-statement.ts';
export type { FindPayouts, PayoutLine } from './payout-lines.ts';
export { POLLS_PER_SWEEP, pollBanks } from './poll-banks.ts';
export { pollFrom } from './poll-store.ts';
/** For the sweep: at boot, and whenever something waits. */
export { hasWaitingEntries, type Posted, postEntries } from './post-entries.ts';
export { type EntryClaim, type ImportSummary, listBankEntries } from './read-entries.ts';
export { type DepositFinding, verifyDeposits } from './verify.ts';
