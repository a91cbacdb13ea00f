import { hash } from 'node:crypto';
import type { BusinessDate } from '../../kernel/business-date.ts';
import type { Currency } from '../../kernel/currency.ts';
import { formatDecimal } from '../../kernel/decimal.ts';
import { AppError } from '../../kernel/error.ts';
import {
  type Place,
  statementCurrenciesMixed,
  statementTooLarge,
  statementTotalsDisagree,
} from '../errors.ts';
import type { StatementLimits } from './limits.ts';
import { Occurrences } from './occurrences.ts';
import type {
  StatedBalance,
  StatementEvent,
  StatementGap,
  StatementLine,
  StatementOpened,
} from './statement-file.ts';

/** A line before it has its reference: `bankReference` is the bank's own, where it gave one. */
export type LineDraft = Omit<StatementLine, 'kind' | 'reference' | 'referenceSource'> & {
  readonly bankReference: string | undefined;
};

interface Sum {
  count: number;
  sum: bigint;
}

/** Whether the bank's references are unique only among the lines of one booking date. */
export type ReferencesPerDay = (statement: Pick<StatementOpened, 'accountNumber'>) => boolean;

interface OpenStatement {
  readonly referencesPerDay: boolean;
  readonly opened: StatementOpened;
  opening: StatedBalance | undefined;
  readonly occurrences: Occurrences;
  readonly credits: Sum;
  readonly debits: Sum;
  readonly skipped: Record<string, number>;
  gap: StatementGap | undefined;
}

interface AccountTrail {
  occurrences: Occurrences;
  closing: StatedBalance | undefined;
}

const DIGEST_LENGTH = 32;
/** What banks write where they have no reference. */
const NO_REFERENCE = /^(?:|NONREF|NOREF|NOTPROVIDED|NOT PROVIDED|NONE|N\/A|[-/.0]+)$/i;
/** The longest reference of any format has 35 characters; a longer text would not fit in an index. */
const MAX_REFERENCE_LENGTH = 140;

/**
 * What every format writes its events to: it sums, checks the totals at the end of each statement, notes
 * gaps between statements of one account, and makes each line's reference unique in the file.
 */
export class StatementWriter {
  readonly #limits: StatementLimits;
  readonly #referencesPerDay: ReferencesPerDay;
  readonly #accounts = new Map<string, AccountTrail>();
  #events: StatementEvent[] = [];
  #open: OpenStatement | undefined;
  #lines = 0;

  constructor(limits: StatementLimits, referencesPerDay: ReferencesPerDay = () => false) {
    this.#limits = limits;
    this.#referencesPerDay = referencesPerDay;
  }

  /** How many events wait to be taken. */
  get waiting(): number {
    return this.#events.length;
  }

  /** Takes the events that were written since the last time. */
  take(): StatementEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  open(opened: Omit<StatementOpened, 'kind'>): void {
    const event: StatementOpened = { kind: 'opened', ...opened };
    const trail = this.#trailOf(`${opened.accountNumber ?? ''} ${opened.currency}`);
    const gap = gapBetween(trail.closing, opened.opening);
    // Equal lines on the pages of one day are several lines. After a gap the statement may be a copy of
    // one that was there before, whose lines must get the same references again.
    if (gap) trail.occurrences = new Occurrences();
    const { occurrences } = trail;
    const opening = opened.opening;
    const sums = { credits: { count: 0, sum: 0n }, debits: { count: 0, sum: 0n }, skipped: {} };
    const referencesPerDay = this.#referencesPerDay(opened);
    this.#open = { opened: event, opening, occurrences, gap, referencesPerDay, ...sums };
    this.#events.push(event);
  }

  /** Writes a line of the open statement. */
  line(draft: LineDraft): void {
    const open = this.#opened();
    this.#lines += 1;
    if (this.#lines > this.#limits.maxLines) {
      throw new AppError(statementTooLarge, { limit: 'maxLines', maximum: this.#limits.maxLines });
    }
    const total = draft.direction === 'credit' ? open.credits : open.debits;
    total.count += 1;
    total.sum += draft.amount;
    const own = usable(draft.bankReference);
    const isDated = own !== undefined && open.referencesPerDay;
    const bankReference = isDated ? `${draft.bookingDate}/${own}` : own;
    const base = bankReference ?? derivedReference(open.opened, draft);
    const occurrence = open.occurrences.count(base);
    // Written out, because spreading a million objects takes seconds.
    this.#events.push({
      kind: 'line',
      position: draft.position,
      direction: draft.direction,
      amount: draft.amount,
      reversal: draft.reversal,
      bookingDate: draft.bookingDate,
      valueDate: draft.valueDate,
      reference: occurrence === 1 ? base : `${base}#${occurrence}`,
      referenceSource: bankReference === undefined ? 'derived' : 'bank',
      creditedAccount: draft.creditedAccount,
      counterpartyName: draft.counterpartyName,
      counterpartyAccount: draft.counterpartyAccount,
      remittance: draft.remittance,
      references: draft.references,
      bankCode: draft.bankCode,
    });
  }

  /** Counts something that is no booking. `reason` is one of a few words of the format. */
  skip(reason: string): void {
    const { skipped } = this.#opened();
    skipped[reason] = (skipped[reason] ?? 0) + 1;
  }

  /** Whether the lines of the open statement lead from one balance to the other. */
  leadsTo(closing: StatedBalance, late?: StatedBalance): boolean {
    const { opening = late, credits, debits } = this.#opened();
    return opening !== undefined && opening.amount + credits.sum - debits.sum === closing.amount;
  }

  /**
   * Ends the statement. Throws statement_currencies_mixed when a balance is in another currency, and
   * statement_totals_disagree when opening + credits − debits ≠ closing.
   */
  close(closing: StatedBalance | undefined, place: Place, late?: StatedBalance): void {
    const open = this.#opened();
    const opening = open.opening ?? late;
    checkTotals(open, opening, closing, place);
    const trail = this.#trailOf(`${open.opened.accountNumber ?? ''} ${open.opened.currency}`);
    const gap = open.gap ?? gapBetween(trail.closing, opening);
    trail.closing = closing;
    const { credits, debits, skipped } = open;
    this.#events.push({ kind: 'closed', closing, credits, debits, skipped, gap });
    this.#open = undefined;
  }

  #opened(): OpenStatement {
    if (!this.#open) throw new TypeError('a reader wrote outside of a statement');
    return this.#open;
  }

  #trailOf(key: string): AccountTrail {
    const known = this.#accounts.get(key);
    if (known) return known;
    if (this.#accounts.size >= this.#limits.maxAccounts) {
      const maximum = this.#limits.maxAccounts;
      throw new AppError(statementTooLarge, { limit: 'maxAccounts', maximum });
    }
    const trail: AccountTrail = { occurrences: new Occurrences(), closing: undefined };
    this.#accounts.set(key, trail);
    return trail;
  }
}

/** The bank's reference, unless it is a placeholder or no reference at all. */
function usable(reference: string | undefined): string | undefined {
  if (reference === undefined || reference.length > MAX_REFERENCE_LENGTH) return undefined;
  return NO_REFERENCE.test(reference) ? undefined : reference;
}

function gapBetween(
  previous: StatedBalance | undefined,
  opening: StatedBalance | undefined,
): StatementGap | undefined {
  if (!previous || !opening || previous.amount === opening.amount) return undefined;
  return { previousClosing: previous.amount, opening: opening.amount };
}

function checkTotals(
  { opened, credits, debits }: OpenStatement,
  opening: StatedBalance | undefined,
  closing: StatedBalance | undefined,
  place: Place,
): void {
  const { currency } = opened;
  const identity = {
    ...(opened.accountNumber === undefined ? {} : { accountNumber: opened.accountNumber }),
    ...(opened.statementId === undefined ? {} : { statementId: opened.statementId }),
  };
  const balances = { 'opening balance': opening, 'closing balance': closing };
  for (const [field, balance] of Object.entries(balances)) {
    if (balance && balance.currency !== currency) {
      const facts = { field, expected: currency, found: balance.currency };
      throw new AppError(statementCurrenciesMixed, { ...place, ...identity, ...facts });
    }
  }
  if (!opening || !closing) return;
  const expected = opening.amount + credits.sum - debits.sum;
  if (expected === closing.amount) return;
  throw new AppError(statementTotalsDisagree, {
    ...place,
    ...identity,
    reason: 'sum',
    field: 'closing balance',
    expected: written(expected, currency),
    found: written(closing.amount, currency),
  });
}

/** What a line does to a balance. */
export function signedAmount({
  direction,
  amount,
}: Pick<LineDraft, 'direction' | 'amount'>): bigint {
  return direction === 'credit' ? amount : -amount;
}

/** Minor units as people read them, with the currency: `12.30 CNY`. */
export function written(minorUnits: bigint, currency: Currency): string {
  return `${formatDecimal(minorUnits, currency)} ${currency}`;
}

/**
 * A digest of what a line says, for banks that give no reference; equal lines of one statement are told apart
 * by their occurrence, which follows it. A numbered statement is part of what its lines are: the same payment
 * of the same payer on the next statement is another payment, and the same statement downloaded again has the
 * same number and opening balance. An export without numbers (CSV) may overlap the one before, so there only
 * the line counts.
 */
function derivedReference(opened: StatementOpened, draft: LineDraft): string {
  const { opening } = opened;
  const isNumbered = opened.sequence !== undefined || opened.statementId !== undefined;
  const statement = isNumbered ? [opened.sequence, opening?.amount.toString(), opening?.date] : [];
  const content: readonly (string | BusinessDate | undefined)[] = [
    ...statement,
    opened.accountNumber,
    opened.currency,
    draft.bookingDate,
    draft.valueDate,
    draft.direction,
    draft.amount.toString(),
    draft.reversal ? 'reversal' : '',
    draft.bankReference,
    draft.creditedAccount,
    draft.counterpartyName,
    draft.counterpartyAccount,
    draft.remittance,
    ...draft.references,
  ];
  return hash('sha256', JSON.stringify(content.map((part) => part ?? ''))).slice(0, DIGEST_LENGTH);
}
