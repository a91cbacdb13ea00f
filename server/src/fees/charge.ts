import { strict as assert } from 'node:assert';
import { instantOfMove, moveIdOf, textId, textMoveId } from '../kernel/id.ts';
import type { AcceptedAnswer, AccountId, TransferMove } from '../ledger/index.ts';
import type { Bearer, FeeRule, OnReversal, Timing } from './fee-rule.ts';
import type { FeeQuote } from './quote.ts';

/** The code of a transfer that takes a fee, and of one that gives it back. */
export const FEE_CODES = { fee: 'fee', refund: 'fee_refund' } as const;

/** A fee that is about to be charged: what the flow adds to its moves and to its context. */
export interface FeePlan {
  readonly quote: FeeQuote;
  readonly bearer: AccountId;
  readonly income: AccountId;
  /** The transfer that takes it; none when it is taken at the end of the month, or is zero. */
  readonly moves: readonly TransferMove[];
  /** For the fingerprint of the request: which version of which rule. */
  readonly context: string;
}

/** Where the postings of a charge stand in the answer of its flow, from 0, and what it is for unless a transfer. */
export interface ChargePlace {
  readonly causeAt: number;
  readonly feeAt: number;
  readonly cause?: string | undefined;
}

/** A fee that was charged, as it is kept. Minor units. */
export interface ChargeFacts {
  readonly chargeId: bigint;
  readonly cause: string;
  readonly rule: FeeRule;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly bearer: AccountId;
  readonly income: AccountId;
  readonly transferId: bigint | null;
  readonly collected: bigint;
  readonly waived: bigint;
  readonly refunded: bigint;
  readonly businessDate: string;
}

/** The charge that an accepted answer made: the same whenever it is asked. */
export function chargeOf(plan: FeePlan, answer: AcceptedAnswer, place: ChargePlace): ChargeFacts {
  const { quote, bearer, income } = plan;
  const chargeId = answer.postings[place.causeAt]?.moveId;
  assert(chargeId !== undefined, 'what a fee is for leaves a posting behind');
  const taken = plan.moves.length > 0 ? answer.postings[place.feeAt] : undefined;
  return {
    chargeId,
    cause: place.cause ?? textMoveId('trf', chargeId),
    ...{ rule: quote.rule, amount: quote.amount, fee: quote.fee, bearer, income },
    transferId: taken?.moveId ?? null,
    ...{ collected: taken ? quote.fee : 0n, waived: 0n, refunded: 0n },
    businessDate: answer.businessDate,
  };
}

/** A fee that was charged (手续费), for the outside. Minor units of its currency. */
export interface FeeCharge {
  /** `fch_…`; null on a dry run. */
  readonly id: string | null;
  /** What it is for: `trf_…`; null on a dry run. */
  readonly cause: string | null;
  readonly product: string;
  readonly currency: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly bearer: Bearer;
  readonly timing: Timing;
  readonly onReversal: OnReversal;
  /** The number of the account that bears it. */
  readonly account: string;
  readonly rule: { readonly id: string; readonly version: number };
  /** The transfer that took it at once. */
  readonly transfer: string | null;
  readonly collected: bigint;
  readonly waived: bigint;
  readonly refunded: bigint;
  /** Still owed: fee − collected − waived. */
  readonly remaining: bigint;
  readonly businessDate: string;
  readonly chargedAt: Date;
}

/** A charge for the outside; `number` is that of the account that bears it. */
export function chargeView(
  facts: ChargeFacts,
  { number, dryRun = false }: { number: string | undefined; dryRun?: boolean },
): FeeCharge {
  const { rule, amount, fee, collected, waived, refunded, businessDate } = facts;
  const { product, currency, bearer, timing, onReversal } = rule;
  const { transferId } = facts;
  return {
    id: dryRun ? null : chargeTextId(facts.chargeId),
    cause: dryRun ? null : facts.cause,
    ...{ product, currency, amount, fee, bearer, timing, onReversal },
    account: number ?? '',
    rule: { id: rule.id, version: rule.version },
    transfer: dryRun || transferId === null ? null : textMoveId('trf', transferId),
    ...{ collected, waived, refunded, remaining: fee - collected - waived, businessDate },
    chargedAt: instantOfMove(facts.chargeId),
  };
}

/** The text form of a charge's number. */
export const chargeTextId = (id: bigint): string => textMoveId('fch', id);
/** The number behind `fch_…`; undefined when the text is none. */
export const chargeNumber = (text: string): bigint | undefined => moveIdOf('fch', text);

/** `mem_…` of a member's UUID; undefined for none. */
export const memberText = (uuid: string | null): string | undefined =>
  uuid === null ? undefined : textId('mem', uuid);
