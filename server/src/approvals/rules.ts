import { type Originated, recordChange } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { APPROVABLE, type ApprovableAction, type RuleTier, tierFor } from './approval.ts';
import { selectTiers } from './store.ts';

/** The rule of one action: its tiers, lowest first. Without tiers nobody need approve. */
export interface ApprovalRule {
  readonly action: ApprovableAction;
  readonly tiers: readonly RuleTier[];
}

/** The rules of a platform, one for each action there is. */
export async function readRules({ db }: { db: Db }, platformId: bigint): Promise<ApprovalRule[]> {
  const rules: ApprovalRule[] = [];
  for (const action of APPROVABLE) {
    rules.push({ action, tiers: await selectTiers(db, platformId, action) });
  }
  return rules;
}

/** How many must approve an action of that amount (minor units), and within what time; undefined: nobody. */
export async function approvalTier(
  { db }: { db: Db },
  platformId: bigint,
  { action, amount }: { action: ApprovableAction; amount: bigint },
): Promise<RuleTier | undefined> {
  return tierFor(await selectTiers(db, platformId, action), amount);
}

/** Puts the tiers of an action in place of those before. What waits already keeps what it was asked under. */
export async function putRule(
  { db, clock, origin }: { db: Db; clock: Clock } & Originated,
  platformId: bigint,
  { action, tiers }: ApprovalRule,
): Promise<ApprovalRule> {
  return db.transaction().execute(async (tx) => {
    // Two at once would both delete and both insert.
    await tx
      .selectFrom('platform')
      .select('platform_id')
      .where('platform_id', '=', platformId)
      .forNoKeyUpdate()
      .execute();
    const before = await selectTiers(tx, platformId, action);
    await tx
      .deleteFrom('approval_rule')
      .where('platform_id', '=', platformId)
      .where('action', '=', action)
      .execute();
    if (tiers.length > 0) {
      const rows = tiers.map(({ fromAmount, checkers, expiresAfterHours }) => ({
        ...{ action, from_amount: fromAmount, checkers },
        expires_after_hours: expiresAfterHours,
      }));
      await tx
        .insertInto('approval_rule')
        .values(rows.map((row) => ({ platform_id: platformId, ...row })))
        .execute();
    }
    const after = await selectTiers(tx, platformId, action);
    await recordChange(tx, platformId, {
      ...{ origin, at: clock.now(), action: 'approval_rule.changed' },
      object: { type: 'approval_rule', id: action },
      before: { tiers: before.map(inWords) },
      after: { tiers: after.map(inWords) },
    });
    return { action, tiers: after };
  });
}

const inWords = ({ fromAmount, checkers, expiresAfterHours }: RuleTier): string =>
  `from ${fromAmount}: ${checkers} within ${expiresAfterHours} h`;
