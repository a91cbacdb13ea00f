import type { BusinessDate } from '../../../kernel/business-date.ts';
import type { Currency } from '../../../kernel/currency.ts';
import { AppError } from '../../../kernel/error.ts';
import { type Place, shorten, statementCurrenciesMixed } from '../../errors.ts';
import {
  checkLineAmount,
  given,
  invalidField,
  joinRemittance,
  normalAccount,
  readDate,
  readMinorUnits,
} from '../fields.ts';
import { MAX_REFERENCES } from '../limits.ts';
import type { LineDraft } from '../statement-writer.ts';
import type { DetailDraft, EntryDraft, RawAmount } from './camt-draft.ts';

/** What an entry is read against. */
export interface EntryContext {
  readonly currency: Currency;
  /** Normalised; undefined when the statement names no account. */
  readonly ownAccount: string | undefined;
  /** Its number among the entries of the file. */
  readonly position: number;
  /** Where it stands, as errors name it. */
  readonly place: Place;
}

/** Statuses that are no booking (ISO 20022 external entry status codes). */
const UNBOOKED = new Set(['PDNG', 'INFO', 'FUTR']);

/** Turns an entry into its lines, or says why it is none. */
export function readEntry(
  entry: EntryDraft,
  context: EntryContext,
): { readonly lines: readonly LineDraft[] } | { readonly skipped: string } {
  const { place } = context;
  if (UNBOOKED.has(entry.status)) return { skipped: `status_${entry.status}` };
  if (entry.status !== 'BOOK') {
    throw invalidField(
      { place, field: 'Ntry/Sts', text: entry.status },
      'BOOK, PDNG, INFO or FUTR',
    );
  }
  const direction = readIndicator(entry.indicator, place, 'Ntry/CdtDbtInd');
  const amount = readEntryAmount(entry.amount, context);
  if (amount === 0n) return { skipped: 'zero_amount' };

  const reversal = readFlag(entry.reversal, place);
  const valueDate = readIsoDate(entry.valueDate, place, 'Ntry/ValDt');
  const bookingDate = readIsoDate(entry.bookingDate, place, 'Ntry/BookgDt') ?? valueDate;
  if (bookingDate === undefined) {
    throw invalidField({ place, field: 'Ntry/BookgDt', text: '' }, 'a booking or value date');
  }
  const common: Common = {
    position: context.position,
    direction,
    amount,
    reversal,
    bookingDate,
    valueDate,
  };
  const shares = readShares(entry, common, context);
  if (!shares) return { lines: [wholeLine(entry, common, context)] };
  return {
    lines: entry.details.map((_, index) => detailLine(entry, index, common, shares, context)),
  };
}

type Common = Pick<
  LineDraft,
  'position' | 'direction' | 'amount' | 'reversal' | 'bookingDate' | 'valueDate'
>;

function readEntryAmount(raw: RawAmount, { currency, place }: EntryContext): bigint {
  if (raw.currency !== currency) {
    throw new AppError(statementCurrenciesMixed, {
      ...place,
      field: 'Ntry/Amt/@Ccy',
      expected: currency,
      found: shorten(raw.currency),
    });
  }
  const field = { place, field: 'Ntry/Amt', text: raw.text };
  const amount = readMinorUnits(field, currency);
  return amount === 0n ? amount : checkLineAmount(field, amount);
}

/** Reads CRDT or DBIT. */
export function readIndicator(text: string, place: Place, field: string): 'credit' | 'debit' {
  if (text === 'CRDT') return 'credit';
  if (text === 'DBIT') return 'debit';
  throw invalidField({ place, field, text }, 'CRDT or DBIT');
}

function readFlag(text: string, place: Place): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === '' || text === 'false' || text === '0') return false;
  throw invalidField({ place, field: 'Ntry/RvslInd', text }, 'true or false');
}

/** Reads the date of xs:date or xs:dateTime as it was written at the bank: its zone is not converted. */
export function readIsoDate(text: string, place: Place, field: string): BusinessDate | undefined {
  if (text === '') return undefined;
  const isDate = text.length === 10 || /^.{10}(?:T[\d:.]+)?(?:Z|[+-]\d\d:\d\d)?$/.test(text);
  const iso = isDate ? text.slice(0, 10) : '';
  return readDate({ place, field, text }, iso, 'YYYY-MM-DD or YYYY-MM-DDThh:mm:ss');
}

/**
 * What each detail's share of the entry is, with its direction; undefined when the details do not say so:
 * an amount is missing, zero or in another currency, or the shares do not add up to the entry.
 */
function readShares(
  entry: EntryDraft,
  { direction, amount }: Common,
  context: EntryContext,
): readonly Pick<Common, 'direction' | 'amount'>[] | undefined {
  if (entry.details.length < 2) return undefined;
  const { place } = context;
  const shares: Pick<Common, 'direction' | 'amount'>[] = [];
  let sum = 0n;
  for (const detail of entry.details) {
    const { amount: own, transactionAmount, indicator } = detail;
    const raw = own.currency === context.currency ? own : transactionAmount;
    if (raw.currency !== context.currency) return undefined;
    const share = readMinorUnits({ place, field: 'TxDtls/Amt', text: raw.text }, context.currency);
    if (share <= 0n) return undefined;
    const way = indicator === '' ? direction : readIndicator(indicator, place, 'TxDtls/CdtDbtInd');
    sum += way === direction ? share : -share;
    shares.push({ direction: way, amount: share });
  }
  return sum === amount ? shares : undefined;
}

function wholeLine(entry: EntryDraft, common: Common, context: EntryContext): LineDraft {
  const { details } = entry;
  const only = details.length === 1 ? details[0] : undefined;
  const texts = details.flatMap((detail) => detail.texts);
  return {
    ...common,
    bankReference: given(entry.serviceReference) ?? given(only?.serviceReference ?? ''),
    ...parties(only, common, context),
    remittance: joinRemittance([...texts, entry.additional]),
    references: uniqueReferences(details),
    bankCode: given(entry.bankCode) ?? given(only?.bankCode ?? ''),
  };
}

function detailLine(
  entry: EntryDraft,
  index: number,
  common: Common,
  shares: readonly Pick<Common, 'direction' | 'amount'>[],
  context: EntryContext,
): LineDraft {
  const detail = entry.details[index];
  const share = shares[index];
  if (!detail || !share) throw new RangeError('every detail has its share');
  const line = { ...common, ...share };
  const number = index + 1;
  const entryReference = given(entry.serviceReference);
  // Many banks repeat the entry's reference in each detail: it names the batch, not the payment.
  const own = detail.serviceReference === entryReference ? '' : detail.serviceReference;
  const ofEntry = entryReference === undefined ? undefined : `${entryReference}/${number}`;
  return {
    ...line,
    bankReference: given(own) ?? ofEntry,
    ...parties(detail, line, context),
    remittance: joinRemittance([...detail.texts, entry.additional]),
    references: uniqueReferences([detail]),
    bankCode: given(detail.bankCode) ?? given(entry.bankCode),
  };
}

/**
 * Who is on the other side: the debtor of a credit, the creditor of a debit. In a reversal the parties
 * keep the roles of the payment that is taken back, so they are read the other way round; and where a bank
 * does it differently, the party that holds our own account is never the counterparty.
 */
function parties(detail: DetailDraft | undefined, line: Common, { ownAccount }: EntryContext) {
  const none = {
    creditedAccount: undefined,
    counterpartyName: undefined,
    counterpartyAccount: undefined,
  };
  if (!detail) return none;
  const isOwn = (account: string) => account !== '' && normalAccount(account) === ownAccount;
  const expected = (line.direction === 'credit') !== line.reversal;
  const [near, far] = [detail.debtorAccount, detail.creditorAccount];
  const swapped = expected
    ? isOwn(near) && !isOwn(far) && far !== ''
    : isOwn(far) && !isOwn(near) && near !== '';
  const debtor = expected !== swapped;
  const name = debtor
    ? (given(detail.debtorName) ?? given(detail.ultimateDebtorName))
    : (given(detail.creditorName) ?? given(detail.ultimateCreditorName));
  const account = debtor ? near : far;
  const credited = line.direction === 'credit' && debtor && !isOwn(far) ? given(far) : undefined;
  return {
    creditedAccount: credited === undefined ? undefined : normalAccount(credited),
    counterpartyName: name,
    counterpartyAccount: isOwn(account) ? undefined : given(normalAccount(account)),
  };
}

function uniqueReferences(details: readonly DetailDraft[]): readonly string[] {
  if (details.length === 1 && (details[0]?.references.length ?? 0) < 2) {
    return details[0]?.references ?? [];
  }
  const unique = new Set<string>();
  for (const detail of details) {
    for (const reference of detail.references) {
      if (unique.size < MAX_REFERENCES) unique.add(reference);
    }
  }
  return [...unique];
}
