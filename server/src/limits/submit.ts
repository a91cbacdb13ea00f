import { isDocumentConflict } from '../db/database.ts';
import type { Answer } from '../ledger/index.ts';
import { type Guard, type LimitDeps, planEach, readKnownRules, rememberedRules } from './plan.ts';
import type { Act } from './rule.ts';

/** So often a request is looked at anew because rules or usage changed meanwhile. */
const MAX_TRIES = 5;

/** What a submission is limited by. `acts` is asked only where the platform has rules. */
export interface Limited {
  readonly acts: () => readonly Act[] | Promise<readonly Act[]>;
  /** Asks the ledger, with what the guard says: to do it, or what it would answer. */
  readonly submit: (guard: Guard) => Promise<Answer>;
}

const isStale = (answer: Answer): boolean =>
  !answer.accepted && answer.refusal.code === 'rules_changed';

/**
 * Submits under the limits and lists of the platform (限额, 名单): what they refuse is answered, and kept, like a refusal
 * of the ledger (`limit_exceeded`, `counterparty_refused`); what passes is counted in the transaction that moves the
 * money, and undone with it. Where a platform has no rules, nothing is asked of the database: the ledger itself answers
 * `rules_changed` when that is no longer so, and then it is looked at again.
 */
export function submitLimited(
  deps: LimitDeps,
  platformId: bigint,
  limited: Limited,
): Promise<Answer> {
  const known = rememberedRules(deps.db, platformId);
  if (!known || known.isLimited) return lookAndSubmit(deps, platformId, limited);
  return limited
    .submit({ rulesVersion: known.version })
    .then((answer) => (isStale(answer) ? lookAndSubmit(deps, platformId, limited) : answer));
}

async function lookAndSubmit(
  deps: LimitDeps,
  platformId: bigint,
  { acts, submit }: Limited,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const guard = await guardNow(deps, platformId, acts);
    try {
      const answer = await submit(guard);
      if (!isStale(answer) || tries === MAX_TRIES) return answer;
    } catch (error) {
      // Somebody else took the rest of a limit first; or another document of the submission is not as it must be.
      if (!guard.document || !isDocumentConflict(error) || tries === MAX_TRIES) throw error;
    }
  }
}

async function guardNow(
  deps: LimitDeps,
  platformId: bigint,
  acts: Limited['acts'],
): Promise<Guard> {
  const { version, isLimited } = await readKnownRules(deps.db, platformId);
  if (!isLimited) return { rulesVersion: version };
  const [guard] = await planEach(deps, platformId, [await acts()]);
  return guard ?? { rulesVersion: version };
}

/**
 * Submits a series: as one where the platform has no rules, and otherwise each by itself, in order, so that each is
 * looked at on what those before it really used. Ends early when a request id was used for something else.
 */
export async function submitSeriesLimited(
  deps: LimitDeps,
  platformId: bigint,
  {
    series,
    each,
  }: {
    readonly series: (rulesVersion: bigint) => Promise<readonly Answer[]>;
    readonly each: readonly Limited[];
  },
): Promise<readonly Answer[]> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const remembered = tries === 1 ? rememberedRules(deps.db, platformId) : undefined;
    const { version, isLimited } = remembered ?? (await readKnownRules(deps.db, platformId));
    if (isLimited) break;
    const answers = await series(version);
    if (!answers.some(isStale)) return answers;
  }
  const answers: Answer[] = [];
  for (const limited of each) {
    const answer = await submitLimited(deps, platformId, limited);
    answers.push(answer);
    if (!answer.accepted && answer.refusal.code === 'request_id_reused') break;
  }
  return answers;
}
