/** Main accounts and virtual accounts (主体账户, 虚拟户): the front door. */
export { countReferencesPerDay } from './change-main-account.ts';
export {
  changeVirtualAccount,
  closeVirtualAccount,
  reopenVirtualAccount,
  type StopSide,
  stopVirtualAccount,
} from './change-virtual-account.ts';
export {
  type AccountFacts,
  accountNotFound,
  accountsById,
  accountsByNumber,
  findAccount,
  type NumberedFacts,
  rememberedAccount,
} from './directory.ts';
export * from './errors.ts';
export {
  type FoundAccount,
  type FoundMemberAccount,
  type FoundParties,
  type FoundPayer,
  findByNames,
  findByNumbers,
  findByPayerAccounts,
  findByReferenceCodes,
  findParties,
  listMemberAccounts,
  memberUuidsOf,
} from './find.ts';
export type { MainAccountRecord } from './main-account-store.ts';
export { hasCheckDigit, normaliseBankAccount } from './numbering.ts';
export { type AccountDeps, type NewMainAccount, openMainAccount } from './open-main-account.ts';
export { type NewVirtualAccountInput, openVirtualAccount } from './open-virtual-account.ts';
export {
  bindPayerAccount,
  listPayerAccounts,
  type PayerAccount,
  unbindPayerAccount,
} from './payer-accounts.ts';
export {
  listMainAccounts,
  type MainAccount,
  readMainAccount,
  readMainAccountRecord,
  readMainAccountRecords,
} from './read-main-accounts.ts';
export { listVirtualAccounts, readVirtualAccount } from './read-virtual-accounts.ts';
export { isPublicKind, type VirtualAccount, type VirtualAccountKind } from './virtual-account.ts';
