/** Judicial freezes (司法冻结): orders of courts that outrank everything else on an account. The front door. */
export { askToLift, carryOutLift } from './ask-lift.ts';
export type { JudicialFreeze } from './judicial-freeze.ts';
export { type JudicialDeps, placeJudicialFreeze } from './place.ts';
export { readJudicialFreeze } from './read.ts';
export { verifyJudicialFreezes } from './verify.ts';
