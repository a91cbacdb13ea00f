/** Settlement cards (结算卡): bound after four factors agree and a code was entered. The front door. */
export { bindCard, type CardInput } from './bind-card.ts';
export type { SettlementCard } from './card.ts';
export { confirmCard, unbindCard } from './change-card.ts';
export * from './errors.ts';
export { findCards, listCards, readCard, readEvidence } from './read-cards.ts';
export { listSandboxMessages } from './sandbox-messages.ts';
