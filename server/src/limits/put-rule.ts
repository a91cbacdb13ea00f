import { type Originated, recordChange } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import { accountId, changeRules } from '../ledger/index.ts';
import { memberTextId, memberUuid, readMember } from '../members/index.ts';
import { accountsById, findAccount } from '../virtual-accounts/index.ts';
import { counterpartyEntryNotFound, limitRuleInvalid, limitRuleNotFound } from './errors.ts';
import {
  accountSubject,
  type CounterpartyEntry,
  entryTextId,
  entryUuid,
  type LimitRule,
  type Limits,
  memberSubject,
  type RuleKey,
  ruleTextId,
  ruleUuid,
  type Subject,
} from './rule.ts';
import {
  deleteEntry,
  deleteRule,
  insertEntry,
  selectEntries,
  selectRuleOf,
  selectRules,
  upsertRule,
} from './store.ts';

/** What changing limits and lists needs. */
export interface RuleDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/** Whom something is about, by number or `mem_…`; neither: the platform. */
export interface SubjectInput {
  readonly account?: string | undefined;
  readonly memberId?: string | undefined;
}

/** The subject that was named. Throws AppError: `account_not_found`, `member_not_found`, `limit_rule_invalid`. */
async function subjectNamed(
  db: Db,
  platformId: bigint,
  { account, memberId }: SubjectInput,
  at = '',
): Promise<Subject> {
  if (account !== undefined && memberId !== undefined) {
    throw invalid(`${at}/memberId`, 'must not be given together with account');
  }
  if (account !== undefined) {
    return accountSubject((await findAccount(db, platformId, account, `${at}/account`)).accountId);
  }
  if (memberId === undefined) return 'platform';
  const { id } = await readMember({ db }, platformId, memberId);
  return memberSubject(memberUuid(id) ?? '');
}

/** A subject as it was named. */
export async function nameSubjects(
  db: Db,
  platformId: bigint,
  subjects: readonly Subject[],
): Promise<(subject: Subject) => { account: string | null; memberId: string | null }> {
  const idOf = (subject: Subject) => {
    const [kind, id = ''] = subject.split('/');
    return kind === 'account' ? accountId(BigInt(id)) : undefined;
  };
  const ids = subjects.map(idOf).filter((id) => id !== undefined);
  const accounts = await accountsById(db, platformId, ids);
  return (subject) => {
    const id = idOf(subject);
    const [kind, uuid = ''] = subject.split('/');
    return {
      account: (id !== undefined && accounts.get(id)?.number) || null,
      memberId: kind === 'member' ? memberTextId(uuid) : null,
    };
  };
}

const invalid = (pointer: string, detail: string) =>
  new AppError(limitRuleInvalid, { errors: [{ pointer, detail }] });

/** A limit as it is asked for. */
export type RuleInput = SubjectInput & Omit<RuleKey, 'subject'> & Limits;

/**
 * Puts a limit (限额) in place of the one for the same subject, direction, act and currency. What was used before counts.
 * Throws AppError: `limit_rule_invalid`, `account_not_found`, `member_not_found`.
 */
export async function putLimitRule(
  { db, clock, newUuid, origin }: RuleDeps,
  platformId: bigint,
  input: RuleInput,
): Promise<LimitRule> {
  refuseSenseless(input);
  const { account, memberId, ...rest } = input;
  const subject = await subjectNamed(db, platformId, { account, memberId });
  return changeRules(db, platformId, async (tx) => {
    const before = await selectRuleOf(tx, platformId, { ...rest, subject });
    const at = clock.now();
    const rule = { ...rest, subject, uuid: before?.uuid ?? newUuid(), changedAt: at };
    await upsertRule(tx, platformId, rule);
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'limit_rule.changed' },
      object: { type: 'limit_rule', id: ruleTextId(rule.uuid) },
      before: before ? factsOf(before) : null,
      after: factsOf(rule),
    });
    return rule;
  });
}

function refuseSenseless(input: RuleInput): void {
  const { windowSeconds, windowAmount, windowCount, direction, act } = input;
  const { singleAmount, dayAmount, dayCount, monthAmount, monthCount } = input;
  const all = [singleAmount, dayAmount, dayCount, monthAmount, monthCount, windowSeconds];
  if (all.every((each) => each === null)) throw invalid('', 'must limit something');
  const hasWindow = windowAmount !== null || windowCount !== null;
  if (hasWindow !== (windowSeconds !== null)) {
    throw invalid('/windowSeconds', 'goes with windowAmount or windowCount, and they with it');
  }
  if (direction === 'in' && act !== 'transfer' && act !== 'any') {
    throw invalid('/act', 'must be transfer or any where what comes in is limited');
  }
}

function factsOf({ uuid: _, changedAt: _at, ...rule }: LimitRule) {
  return rule;
}

/** Removes a limit; what is used goes on being counted as long as the platform has any. Throws AppError: `limit_rule_not_found`. */
export async function removeLimitRule(
  { db, clock, origin }: RuleDeps,
  platformId: bigint,
  id: string,
): Promise<void> {
  await changeRules(db, platformId, async (tx) => {
    const before = await findRule(tx, platformId, id);
    await deleteRule(tx, platformId, before.uuid);
    await recordChange(tx, platformId, {
      ...{ origin, at: clock.now(), action: 'limit_rule.removed' },
      object: { type: 'limit_rule', id },
      ...{ before: factsOf(before), after: null },
    });
  });
}

/** One limit. Throws AppError: `limit_rule_not_found`. */
async function findRule(db: Db, platformId: bigint, id: string): Promise<LimitRule> {
  const uuid = ruleUuid(id);
  const [rule] = uuid ? await selectRules(db, platformId, { uuid }) : [];
  if (!rule) throw new AppError(limitRuleNotFound, { limitRule: id });
  return rule;
}

/** An entry as it is asked for: whose list, and whom it names. */
export interface EntryInput {
  readonly list: CounterpartyEntry['list'];
  readonly of: SubjectInput;
  readonly counterparty: SubjectInput;
  readonly reason: string;
}

/**
 * Adds somebody to a block or allow list (黑名单, 白名单); who is on it already stays. A block may be for the whole
 * platform. Throws AppError: `limit_rule_invalid`, `account_not_found`, `member_not_found`.
 */
export async function addCounterparty(
  { db, clock, newUuid, origin }: RuleDeps,
  platformId: bigint,
  { list, of, counterparty: named, reason }: EntryInput,
): Promise<CounterpartyEntry> {
  const subject = await subjectNamed(db, platformId, of, '/of');
  const counterparty = await subjectNamed(db, platformId, named, '/counterparty');
  if (counterparty === 'platform')
    throw invalid('/counterparty', 'must name an account or a member');
  if (list === 'allow' && subject === 'platform') {
    throw invalid('/of', 'must name an account or a member: an allow list is of somebody');
  }
  return changeRules(db, platformId, async (tx) => {
    const at = clock.now();
    const wanted = { uuid: newUuid(), list, subject, counterparty, reason, addedAt: at };
    const entry = await insertEntry(tx, platformId, wanted);
    if (entry.uuid === wanted.uuid) {
      await recordChange(tx, platformId, {
        ...{ origin, at, action: 'counterparty_entry.added', before: null },
        object: { type: 'counterparty_entry', id: entryTextId(entry.uuid) },
        after: { list, subject, counterparty, reason },
      });
    }
    return entry;
  });
}

/** Takes an entry off its list. Throws AppError: `counterparty_entry_not_found`. */
export async function removeCounterparty(
  { db, clock, origin }: RuleDeps,
  platformId: bigint,
  id: string,
): Promise<void> {
  await changeRules(db, platformId, async (tx) => {
    const uuid = entryUuid(id);
    const [before] = uuid ? await selectEntries(tx, platformId, { uuid }) : [];
    if (!before) throw new AppError(counterpartyEntryNotFound, { entry: id });
    await deleteEntry(tx, platformId, before.uuid);
    const { list, subject, counterparty, reason } = before;
    await recordChange(tx, platformId, {
      ...{ origin, at: clock.now(), action: 'counterparty_entry.removed' },
      object: { type: 'counterparty_entry', id },
      ...{ before: { list, subject, counterparty, reason }, after: null },
    });
  });
}
