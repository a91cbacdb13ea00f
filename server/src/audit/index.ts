/** The audit log (审计日志): who changed what, when and from where. The front door. */
export { CHAIN_ROUND, chainAudit } from './chain.ts';
export { auditedBy, changesJson, masked, recordChange } from './change.ts';
export { ORIGIN_KINDS, type Origin, type Originated, SYSTEM } from './origin.ts';
export { type AuditEntry, listAuditEntries } from './read.ts';
export { verifyAudit } from './verify.ts';
