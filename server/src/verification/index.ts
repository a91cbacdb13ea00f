/** Comparing who a card belongs to with what banks have (鉴权): the front door. */
export { adviceFor } from './advice.ts';
export { checkFactors, type Factors, normaliseFactors } from './factors.ts';
export type { Probe } from './provider.ts';
export { sandboxPolicy } from './sandbox.ts';
export { type VerificationPolicy, verifyCard } from './verify-card.ts';
export { type Diagnosis, whichFactor } from './which-factor.ts';
