import { textId, uuidOf } from '../kernel/id.ts';
import type { AccountId } from '../ledger/index.ts';

/** What is limited. */
export const ACT_KINDS = ['transfer', 'withdrawal', 'escrow_pay'] as const;
export type ActKind = (typeof ACT_KINDS)[number];
export type Direction = 'out' | 'in';
/** Over which time a limit counts: business days and months, or a sliding time. */
export type Period = 'day' | 'month' | 'window';

/** Whom a rule or an entry is about: `platform` (each account), `account/<id>` or `member/<uuid>`. */
export type Subject = 'platform' | `account/${string}` | `member/${string}`;

export const accountSubject = (id: bigint): Subject => `account/${id}`;
export const memberSubject = (uuid: string): Subject => `member/${uuid}`;

/** Reads a subject from a table. Throws for a text that is none: a constraint keeps those out. */
export function subjectOf(text: string): Subject {
  if (text === 'platform') return text;
  const [kind, id = ''] = text.split('/');
  if (kind === 'account') return `account/${id}`;
  if (kind === 'member') return `member/${id}`;
  throw new RangeError(`not a subject: ${text}`);
}

/** What a rule allows at most; null: as much as you like. Minor units. */
export interface Limits {
  readonly singleAmount: bigint | null;
  readonly dayAmount: bigint | null;
  readonly dayCount: number | null;
  readonly monthAmount: bigint | null;
  readonly monthCount: number | null;
  /** The length of the sliding time (频控), at most `MAX_WINDOW_SECONDS`. */
  readonly windowSeconds: number | null;
  readonly windowAmount: bigint | null;
  readonly windowCount: number | null;
}

/** The longest sliding time: what is older is not kept. */
export const MAX_WINDOW_SECONDS = 86_400;

/** What a rule is about: there is one rule at most for each. */
export interface RuleKey {
  readonly subject: Subject;
  readonly direction: Direction;
  readonly act: ActKind | 'any';
  readonly currency: string;
}

/** A limit (限额) as its table has it. */
export interface LimitRule extends RuleKey, Limits {
  readonly uuid: string;
  readonly changedAt: Date;
}

/** An entry of a block or allow list (黑名单, 白名单). */
export interface CounterpartyEntry {
  readonly uuid: string;
  readonly list: 'block' | 'allow';
  readonly subject: Subject;
  readonly counterparty: Subject;
  readonly reason: string;
  readonly addedAt: Date;
}

/** Something that pays, or puts aside for being paid. Minor units of its currency. */
export interface Act {
  readonly kind: ActKind;
  /** Which move of its submission it is. */
  readonly moveIndex: number;
  readonly payer: AccountId;
  /** Whom it pays within the platform: one for a transfer, the sellers of an escrow order, nobody for a withdrawal. */
  readonly payees: readonly AccountId[];
  readonly amount: bigint;
}

/** What is counted of a rule, over one period. */
export interface Need {
  readonly rule: LimitRule;
  readonly period: Period;
  /** Whose usage: the account itself where the rule is the platform's. */
  readonly subject: Subject;
  readonly mostAmount: bigint | null;
  readonly mostCount: number | null;
}

/** What was used over the period of a need. */
export interface Used {
  readonly amount: bigint;
  readonly count: bigint;
}

/** Names a need: two of one name count the same. */
export const needKey = ({ rule, period, subject }: Need): string =>
  `${rule.uuid} ${period} ${subject}`;

/** Who is on one side of an act. */
export interface Party {
  readonly account: AccountId;
  readonly subject: Subject;
  readonly member: Subject | undefined;
}

/**
 * The rules that hold for one side of an act: the account's own, those of the platform for which it has none of its
 * own, and its member's beside them.
 */
export function rulesFor(
  rules: readonly LimitRule[],
  party: Party,
  { direction, kind, currency }: { direction: Direction; kind: ActKind; currency: string },
): LimitRule[] {
  const about = rules.filter(
    (rule) =>
      rule.direction === direction &&
      rule.currency === currency &&
      (rule.act === 'any' || rule.act === kind),
  );
  const own = about.filter(({ subject }) => subject === party.subject);
  return [
    ...own,
    ...about.filter(
      ({ subject, act }) => subject === 'platform' && !own.some((each) => each.act === act),
    ),
    ...about.filter(({ subject }) => subject === party.member),
  ];
}

/** What is to be counted of a rule for an account. */
export function needsOf(rule: LimitRule, party: Party): Need[] {
  const subject = rule.subject === 'platform' ? party.subject : rule.subject;
  const need = (period: Period, mostAmount: bigint | null, mostCount: number | null): Need[] =>
    mostAmount === null && mostCount === null
      ? []
      : [{ rule, period, subject, mostAmount, mostCount }];
  return [
    ...need('day', rule.dayAmount, rule.dayCount),
    ...need('month', rule.monthAmount, rule.monthCount),
    ...need('window', rule.windowAmount, rule.windowCount),
  ];
}

export const ruleTextId = (uuid: string): string => textId('lim', uuid);
export const ruleUuid = (text: string): string | undefined => uuidOf('lim', text);
export const entryTextId = (uuid: string): string => textId('cpe', uuid);
export const entryUuid = (text: string): string | undefined => uuidOf('cpe', text);
