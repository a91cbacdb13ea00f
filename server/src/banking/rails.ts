/**
 * The choice of a rail (汇路): pure, by amount, hour, holiday and cost, as `routing-rules.md` §5.1 has it (inferred
 * there). An amount is never split to stay below a limit (§5.1, 6).
 */
import type { BusinessDate } from '../kernel/business-date.ts';
import { priceOf } from '../kernel/price.ts';
import { type Calendar, isWorkingDay } from './calendar/calendar.ts';
import { openingOf, openStateAt } from './calendar/hours.ts';
import { addDays, addMinutes, atShanghai, shanghaiDate } from './calendar/shanghai-time.ts';
import { RAILS, type Rail, type RailRule, type RailTerms, railInForce } from './rail-terms.ts';

/** A payout that looks for its rail. */
export interface RailQuestion {
  /** Minor units of CNY. */
  readonly amount: bigint;
  readonly at: Date;
  /** The payee's account is at the bank that pays. */
  readonly sameBank: boolean;
  /** Rails on which the payee's bank can be addressed. */
  readonly reaches: readonly Rail[];
  readonly prefer: 'speed' | 'cost';
}

/** Why a rail takes a payout, or does not. */
export type RailReason =
  | 'chosen'
  | 'usable'
  | 'same_bank'
  | 'other_bank'
  | 'not_reachable'
  | 'no_rule'
  | 'disabled'
  | 'over_limit'
  | 'maintenance'
  | 'closed'
  | 'calendar_unknown';

/** What a rail would do with it now. */
export interface RailVerdict {
  readonly rail: Rail;
  readonly reason: RailReason;
  readonly rule: RailRule | null;
  /** The limit that holds at this moment, minor units; null for none. */
  readonly limit: bigint | null;
  readonly cost: bigint | null;
  /** When it would take it: now, later, or, when that is not to be seen, null. */
  readonly sendAt: Date | null;
  readonly arrivesBy: Date | null;
  /** The first day on the way of which the calendar knows nothing; null when none was met. */
  readonly unknownDay: BusinessDate | null;
}

/** The answer: send now, wait until a rail opens, or none that can be foreseen. */
export interface RailChoice {
  readonly outcome: 'now' | 'wait' | 'none';
  readonly chosen: RailVerdict | null;
  /** One for each rail, in the order of preference. */
  readonly rails: readonly RailVerdict[];
}

/** How far ahead an opening is looked for: longer than any row of holidays. */
const MAX_DAYS_AHEAD = 31;

/** Chooses a rail. The same question with the same rules and calendar has the same answer. */
export function chooseRail(
  question: RailQuestion,
  { rules, calendar }: { rules: readonly RailRule[]; calendar: Calendar },
): RailChoice {
  const verdicts = RAILS.map((rail) => verdictOf(rail, question, { rules, calendar }));
  const rails = verdicts.sort((a, b) => comparePreference(a, b, question.prefer));
  const now = rails.find(({ reason }) => reason === 'usable');
  if (now) {
    const chosen: RailVerdict = { ...now, reason: 'chosen' };
    return { outcome: 'now', chosen, rails: rails.map((each) => (each === now ? chosen : each)) };
  }
  const later = rails
    .filter(({ sendAt }) => sendAt !== null)
    .reduce<RailVerdict | null>(
      (best, each) => (best && timeOf(best) <= timeOf(each) ? best : each),
      null,
    );
  return { outcome: later ? 'wait' : 'none', chosen: later, rails };
}

const timeOf = ({ sendAt }: RailVerdict): number => sendAt?.getTime() ?? 0;

/** §5.1: the fastest first; with cost preferred the cheapest, and at one price small-value before instant. */
const ORDERS = {
  speed: ['intra_bank', 'ibps', 'beps', 'hvps'],
  cost: ['intra_bank', 'beps', 'ibps', 'hvps'],
} as const;

function comparePreference(a: RailVerdict, b: RailVerdict, prefer: 'speed' | 'cost'): number {
  if (prefer === 'cost' && a.cost !== null && b.cost !== null && a.cost !== b.cost)
    return a.cost < b.cost ? -1 : 1;
  return ORDERS[prefer].indexOf(a.rail) - ORDERS[prefer].indexOf(b.rail);
}

interface World {
  readonly rules: readonly RailRule[];
  readonly calendar: Calendar;
}

function verdictOf(rail: Rail, question: RailQuestion, world: World): RailVerdict {
  const { amount, at } = question;
  const now = stateAt(rail, question, { ...world, at });
  const terms = now.rule?.terms;
  const none = { sendAt: null, arrivesBy: null, unknownDay: now.unknownDay ?? null };
  const verdict = {
    ...{ rail, reason: now.reason, rule: now.rule ?? null, limit: now.limit ?? null },
    cost: terms ? priceOf(terms.cost, amount).fee : null,
  };
  if (!terms || ['same_bank', 'other_bank', 'not_reachable', 'disabled'].includes(now.reason))
    return { ...verdict, ...none };
  const next = now.reason === 'usable' ? { at, terms } : nextOpening(rail, question, world);
  if (!('at' in next)) return { ...verdict, ...none, unknownDay: next.unknownDay ?? null };
  const arrivesBy = addMinutes(next.at, next.terms.arrivesWithinMinutes);
  return { ...verdict, ...none, sendAt: next.at, arrivesBy };
}

interface RailState {
  readonly reason: RailReason;
  readonly rule?: RailRule;
  readonly limit?: bigint | null;
  readonly unknownDay?: BusinessDate;
}

/** What stands against a rail at a moment, what lasts longest first. */
function stateAt(
  rail: Rail,
  { amount, sameBank, reaches }: RailQuestion,
  { rules, calendar, at }: World & { at: Date },
): RailState {
  const rule = railInForce(rules, { rail, on: shanghaiDate(at) });
  if (!rule) return { reason: 'no_rule' };
  const { terms } = rule;
  if (sameBank !== (rail === 'intra_bank'))
    return { reason: sameBank ? 'same_bank' : 'other_bank', rule };
  if (!sameBank && !reaches.includes(rail)) return { reason: 'not_reachable', rule };
  if (!terms.enabled) return { reason: 'disabled', rule };
  const cap = limitOn(terms, { calendar, day: shanghaiDate(at), amount });
  const facts = { rule, limit: cap.limit };
  if (cap.unknownDay) return { ...facts, reason: 'calendar_unknown', unknownDay: cap.unknownDay };
  if (cap.limit !== null && amount > cap.limit) return { ...facts, reason: 'over_limit' };
  if (closureAt(terms, at)) return { ...facts, reason: 'maintenance' };
  const state = openStateAt(terms.hours, calendar, at);
  if (state.open) return { ...facts, reason: 'usable' };
  return state.unknownDay
    ? { ...facts, reason: 'calendar_unknown', unknownDay: state.unknownDay }
    : { ...facts, reason: 'closed' };
}

/** The limit of a day. Whether it is worked is asked only when that decides about the amount. */
function limitOn(
  { cap, holidayCap }: RailTerms,
  { calendar, day, amount }: { calendar: Calendar; day: BusinessDate; amount: bigint },
): { limit: bigint | null; unknownDay?: BusinessDate } {
  if (cap === null || holidayCap === null || cap === holidayCap) return { limit: cap };
  const works = isWorkingDay(calendar, day);
  if (works !== undefined) return { limit: works ? cap : holidayCap };
  const [lower, higher] = cap < holidayCap ? [cap, holidayCap] : [holidayCap, cap];
  if (amount > higher) return { limit: higher };
  return amount <= lower ? { limit: lower } : { limit: lower, unknownDay: day };
}

const closureAt = ({ closures }: RailTerms, at: Date) =>
  closures.find(({ from, until }) => from <= at && (until === null || at < until));

/** The first moment after the question's at which the rail takes it, or the first day that is not known. */
function nextOpening(
  rail: Rail,
  question: RailQuestion,
  world: World,
): { at: Date; terms: RailTerms } | { unknownDay?: BusinessDate } {
  let unknownDay: BusinessDate | undefined;
  for (const at of momentsToTry(rail, question.at, world)) {
    const { reason, rule, unknownDay: day } = stateAt(rail, question, { ...world, at });
    // What comes after a day that is not known may come before it: it would be a guess.
    if (day !== undefined) {
      unknownDay = day;
      break;
    }
    if (reason === 'usable' && rule) return { at, terms: rule.terms };
  }
  return unknownDay ? { unknownDay } : {};
}

/** Moments at which a rail may begin to take what it did not: a day, a session, the end of a closure. */
function momentsToTry(rail: Rail, after: Date, { rules }: World): readonly Date[] {
  const today = shanghaiDate(after);
  const days = Array.from({ length: MAX_DAYS_AHEAD + 1 }, (_, i) => addDays(today, i));
  const last = atShanghai(addDays(today, MAX_DAYS_AHEAD), '24:00');
  const own = rules.filter((each) => each.rail === rail);
  const moments = [
    ...days.map((day) => atShanghai(day, '00:00')),
    ...own.flatMap(({ terms }) => days.map((day) => openingOf(terms.hours, day))),
    ...own.flatMap(({ terms }) => terms.closures.flatMap(({ until }) => until ?? [])),
  ];
  return moments
    .filter((moment) => moment > after && moment <= last)
    .sort((a, b) => a.getTime() - b.getTime());
}
