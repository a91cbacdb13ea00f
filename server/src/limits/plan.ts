import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { type AccountId, type Document, documentOf, readRulesVersion } from '../ledger/index.ts';
import { accountsById, memberUuidsOf } from '../virtual-accounts/index.ts';
import { type Act, accountSubject, memberSubject, type Need, needKey, type Party } from './rule.ts';
import { hasAnyRule, selectEntriesAmong, selectRules, selectUsed } from './store.ts';
import { type Barred, type Facts, sidesOf, Tally } from './tally.ts';
import { usageWriter } from './usage-document.ts';

/** What looking at limits needs. */
export interface LimitDeps {
  readonly db: Db;
  readonly clock: Clock;
}

/** What a submission takes with it, so that it is done only under the rules that it was looked at under. */
export interface Guard {
  readonly rulesVersion: bigint;
  readonly barred?: Barred | undefined;
  readonly document?: Document | undefined;
}

interface Known {
  readonly version: bigint;
  readonly isLimited: boolean;
}

/** Of each database of the process, which outside of tests is one: what is known of each platform's rules. */
const known = new WeakMap<Db, Map<bigint, Known>>();

/** What is remembered. The ledger refuses what was looked at under other rules, so it may be out of date. */
export const rememberedRules = (db: Db, platformId: bigint): Known | undefined =>
  known.get(db)?.get(platformId);

/** Whether a platform has rules now. The version is read first: what changes behind it has another. */
export async function readKnownRules(db: Db, platformId: bigint): Promise<Known> {
  const { rulesVersion: version } = await readRulesVersion(db, platformId);
  const found = { version, isLimited: await hasAnyRule(db, platformId) };
  const platforms = known.get(db) ?? new Map<bigint, Known>();
  known.set(db, platforms.set(platformId, found));
  return found;
}

/**
 * Looks at the acts of several submissions, each on what those before it use. What an act says of itself must be what
 * the ledger is asked to do.
 */
export async function planEach(
  { db, clock }: LimitDeps,
  platformId: bigint,
  submissions: readonly (readonly Act[])[],
): Promise<readonly Guard[]> {
  const { rulesVersion, businessDate } = await readRulesVersion(db, platformId);
  const acts = submissions.flat();
  const facts = await readFacts(db, platformId, acts);
  const needs = needsOfActs(acts, facts);
  const moment = { date: businessDate, at: clock.now() };
  const tally = new Tally(facts, await selectUsed(db, platformId, { needs, moment }));
  return submissions.map((own): Guard => {
    const { barred, counts } = { counts: [], ...tally.admit(own) };
    if (barred || counts.length === 0) return { rulesVersion, barred };
    const record = { counts, needs: needsOfActs(own, facts) };
    return { rulesVersion, document: documentOf(usageWriter, record) };
  });
}

function needsOfActs(acts: readonly Act[], facts: Facts): Need[] {
  const all = acts.flatMap((act) => sidesOf(act, facts).flatMap(({ needs }) => needs));
  return [...new Map(all.map((need) => [needKey(need), need])).values()];
}

/** Everything about the accounts that acts name. */
export async function readFacts(
  db: Db,
  platformId: bigint,
  acts: readonly Pick<Act, 'payer' | 'payees'>[],
): Promise<Facts> {
  const ids = [...new Set(acts.flatMap(({ payer, payees }) => [payer, ...payees]))];
  const [members, accounts] = await Promise.all([
    memberUuidsOf(db, platformId, ids),
    accountsById(db, platformId, ids),
  ]);
  const party = (account: AccountId): Party => {
    const uuid = members.get(account);
    const member = uuid === undefined ? undefined : memberSubject(uuid);
    return { account, subject: accountSubject(account), member };
  };
  const subjects = ids.flatMap((id) => {
    const { subject, member } = party(id);
    return member ? [subject, member] : [subject];
  });
  const [rules, entries] = await Promise.all([
    selectRules(db, platformId, { subjects: ['platform', ...subjects] }),
    selectEntriesAmong(db, platformId, subjects),
  ]);
  return { rules, entries, party, currency: (id) => accounts.get(id)?.currency ?? '' };
}
