import { textId, uuidOf } from '../kernel/id.ts';
import type { Price } from '../kernel/price.ts';

/** Who pays the fee: on top of the amount, out of it, or the platform from its own money. */
export const BEARERS = ['payer', 'payee', 'platform'] as const;
export type Bearer = (typeof BEARERS)[number];

/** Taken with the transfer that causes it, or added up and taken at the end of the month. */
export const TIMINGS = ['now', 'month_end'] as const;
export type Timing = (typeof TIMINGS)[number];

/** What becomes of the fee when the transfer that it was for is reversed: it stays, or goes back with it. */
export const ON_REVERSAL = ['keep', 'refund'] as const;
export type OnReversal = (typeof ON_REVERSAL)[number];

/** What is priced, and for whom: rules of one subject are versions of each other. */
export interface FeeSubject {
  /** A word of the platform's own choice, such as `withdrawal`. */
  readonly product: string;
  readonly currency: string;
  /** `mem_…`; null for all members that have no rule of their own. */
  readonly memberId: string | null;
}

/** One version of what a product costs (费率). Never changed: a later one comes before it. */
export interface FeeRule extends FeeSubject {
  /** `fee_…` */
  readonly id: string;
  /** Counts from 1 for each subject. Of versions that begin at one moment the highest counts. */
  readonly version: number;
  readonly bearer: Bearer;
  readonly timing: Timing;
  readonly onReversal: OnReversal;
  /** Null: no price of its own here; a member has the platform's again, the platform has none. */
  readonly price: Price | null;
  readonly validFrom: Date;
  /** The first moment at which it is no longer in force; null for no end. */
  readonly validUntil: Date | null;
  readonly createdAt: Date;
}

/** The text form of a rule's UUID. */
export const feeRuleTextId = (uuid: string): string => textId('fee', uuid);
/** The UUID behind `fee_…`; undefined when the text is none. */
export const feeRuleUuid = (text: string): string | undefined => uuidOf('fee', text);

/** Reads a bearer from a table. Throws for a text that is none: a constraint keeps those out. */
export const bearerOf = (text: string): Bearer => memberOf(BEARERS, text);
/** Reads a timing from a table, likewise. */
export const timingOf = (text: string): Timing => memberOf(TIMINGS, text);

/** Reads what a reversal does from a table, likewise. */
export const onReversalOf = (text: string): OnReversal => memberOf(ON_REVERSAL, text);

function memberOf<T extends string>(texts: readonly T[], text: string): T {
  const found = texts.find((each) => each === text);
  if (found === undefined) throw new RangeError(`not one of ${texts.join(', ')}: ${text}`);
  return found;
}
