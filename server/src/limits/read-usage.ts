import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { readRulesVersion } from '../ledger/index.ts';
import { findAccount } from '../virtual-accounts/index.ts';
import { readFacts } from './plan.ts';
import {
  ACT_KINDS,
  type Direction,
  type LimitRule,
  needKey,
  needsOf,
  type Period,
  rulesFor,
  ruleTextId,
} from './rule.ts';
import { selectUsed } from './store.ts';

/** What is used of one limit that holds for an account, and what remains. */
export interface LimitUsage {
  /** `lim_…` */
  readonly rule: string;
  readonly scope: 'platform' | 'account' | 'member';
  readonly direction: Direction;
  readonly act: LimitRule['act'];
  readonly currency: string;
  readonly period: Period | 'single';
  readonly measure: 'amount' | 'count';
  readonly most: bigint;
  readonly used: bigint;
  readonly remaining: bigint;
}

const DIRECTIONS: readonly Direction[] = ['out', 'in'];

/** Every limit that holds for an account now, with what is used of it. Throws AppError: `account_not_found`. */
export async function readLimitUsage(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  platformId: bigint,
  number: string,
): Promise<readonly LimitUsage[]> {
  const { accountId, currency } = await findAccount(db, platformId, number, 'query/account');
  const { businessDate } = await readRulesVersion(db, platformId);
  const { rules, party } = await readFacts(db, platformId, [{ payer: accountId, payees: [] }]);
  const own = party(accountId);
  const holding = new Set(
    DIRECTIONS.flatMap((direction) =>
      ACT_KINDS.flatMap((kind) => rulesFor(rules, own, { direction, kind, currency })),
    ),
  );
  const needs = [...holding].flatMap((rule) => needsOf(rule, own));
  const moment = { date: businessDate, at: clock.now() };
  const used = await selectUsed(db, platformId, { needs, moment });
  const line = (
    rule: LimitRule,
    about: Pick<LimitUsage, 'period' | 'measure' | 'most' | 'used'>,
  ) => {
    const [kind = ''] = rule.subject.split('/');
    const scope = kind === 'account' || kind === 'member' ? kind : 'platform';
    const remaining = about.most > about.used ? about.most - about.used : 0n;
    const { direction, act } = rule;
    return {
      rule: ruleTextId(rule.uuid),
      scope,
      direction,
      act,
      currency,
      ...about,
      remaining,
    } as const;
  };
  const singles = [...holding].flatMap((rule) =>
    rule.singleAmount === null
      ? []
      : [line(rule, { period: 'single', measure: 'amount', most: rule.singleAmount, used: 0n })],
  );
  const counted = needs.flatMap((need) => {
    const { rule, period, mostAmount, mostCount } = need;
    const { amount, count } = used.get(needKey(need)) ?? { amount: 0n, count: 0n };
    return [
      ...(mostAmount === null
        ? []
        : [line(rule, { period, measure: 'amount', most: mostAmount, used: amount })]),
      ...(mostCount === null
        ? []
        : [line(rule, { period, measure: 'count', most: BigInt(mostCount), used: count })]),
    ];
  });
  return [...singles, ...counted];
}
