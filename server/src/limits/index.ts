/** Limits (限额), sliding-time limits (频控), and block and allow lists (黑白名单), for flows that move money. The front door. */
export { planEach } from './plan.ts';
export { addCounterparty, putLimitRule, removeCounterparty } from './put-rule.ts';
export { readLimitUsage } from './read-usage.ts';
export type { Act } from './rule.ts';
export { submitLimited, submitSeriesLimited } from './submit.ts';
