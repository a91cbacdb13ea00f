/** What a fee rule makes of an amount: pure, exact, the same before the fact and with it. */
import { type Priced, priceOf } from '../kernel/price.ts';
import type { Bearer, FeeRule } from './fee-rule.ts';

/** A fee, and what it does to the two sides of the amount. All in minor units. */
export interface FeeQuote extends Priced {
  readonly rule: FeeRule;
  readonly amount: bigint;
  /** What leaves the payer now. */
  readonly payerPays: bigint;
  /** What reaches the payee now. Below zero when the payee bears a fee that is more than the amount. */
  readonly payeeReceives: bigint;
  /** What the platform pays now. */
  readonly platformPays: bigint;
  /** What its bearer owes at the end of the month. */
  readonly dueAtMonthEnd: bigint;
}

/**
 * The rule in force at a moment: of those that cover it the one that began last, of those that began together the
 * highest version; a member's own before the platform's, unless it has no price. Undefined when there is none.
 */
export function ruleInForce(rules: readonly FeeRule[], at: Date): FeeRule | undefined {
  const covering = rules.filter(
    ({ validFrom, validUntil }) => validFrom <= at && (validUntil === null || at < validUntil),
  );
  const own = newest(covering.filter(({ memberId }) => memberId !== null));
  const platforms = newest(covering.filter(({ memberId }) => memberId === null));
  return [own, platforms].find((rule) => rule !== undefined && rule.price !== null);
}

const newest = (rules: readonly FeeRule[]): FeeRule | undefined =>
  rules.reduce<FeeRule | undefined>(
    (best, rule) => (best && isLater(best, rule) ? best : rule),
    undefined,
  );

function isLater(one: FeeRule, other: FeeRule): boolean {
  const apart = one.validFrom.getTime() - other.validFrom.getTime();
  return apart === 0 ? one.version > other.version : apart > 0;
}

/** The fee of an amount by a rule. Undefined when the rule has no price. */
export function quoteByRule(rule: FeeRule, amount: bigint): FeeQuote | undefined {
  if (rule.price === null) return undefined;
  const priced = priceOf(rule.price, amount);
  const now = rule.timing === 'now' ? priced.fee : 0n;
  const borneBy = (bearer: Bearer) => (rule.bearer === bearer ? now : 0n);
  return {
    ...priced,
    rule,
    amount,
    payerPays: amount + borneBy('payer'),
    payeeReceives: amount - borneBy('payee'),
    platformPays: borneBy('platform'),
    dueAtMonthEnd: priced.fee - now,
  };
}
