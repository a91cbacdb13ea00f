import type { BusinessDate } from '../../kernel/business-date.ts';
import type { Currency } from '../../kernel/currency.ts';

/** The formats that are read. CSV is never detected: it needs a declared mapping. */
export type StatementFormat = 'camt.053' | 'mt940' | 'citic-dltrnall' | 'citic-dlstrndt' | 'csv';

/** A balance that the file states, in signed minor units: a bank overdraft is negative. */
export interface StatedBalance {
  readonly amount: bigint;
  readonly currency: Currency;
  readonly date: BusinessDate | undefined;
}

/** The start of one statement in a file; a file may hold several, of several accounts. */
export interface StatementOpened {
  readonly kind: 'opened';
  /** As the bank wrote it, without spaces: an IBAN or a local number; undefined when the format has none. */
  readonly accountNumber: string | undefined;
  readonly currency: Currency;
  readonly statementId: string | undefined;
  /** The bank's numbering of statements and pages, as written (28C, ElctrncSeqNb, StmtPgntn). */
  readonly sequence: string | undefined;
  readonly opening: StatedBalance | undefined;
}

/** One line of a statement: an entry, or one detail of a batch booking whose details carry amounts. */
export interface StatementLine {
  readonly kind: 'line';
  /** Where it stands in the file: 1-based text line for MT940 and CSV, 1-based entry number for XML. */
  readonly position: number;
  readonly direction: 'credit' | 'debit';
  /** Positive minor units of the statement's currency. */
  readonly amount: bigint;
  /** True when the bank says that this line takes back an earlier one (RvslInd, RC/RD, negative 23/D). */
  readonly reversal: boolean;
  readonly bookingDate: BusinessDate;
  readonly valueDate: BusinessDate | undefined;
  /**
   * What makes a repeat of this line a repeat: the bank's own reference when it gave one, else a digest
   * of the line's content and its occurrence among equals. The same file always gives the same references.
   */
  readonly reference: string;
  /** Whether `reference` is the bank's own, or derived from the content. */
  readonly referenceSource: 'bank' | 'derived';
  /** The virtual account number it was paid to, where the format has a field for it (never searched for here). */
  readonly creditedAccount: string | undefined;
  readonly counterpartyName: string | undefined;
  readonly counterpartyAccount: string | undefined;
  /** All remittance text, in file order, joined by a line feed; at most 2,000 characters. */
  readonly remittance: string;
  /** Structured references: creditor reference, end-to-end id (NOTPROVIDED left out). */
  readonly references: readonly string[];
  /** The bank's code for the kind of transaction, as written. */
  readonly bankCode: string | undefined;
}

/** The previous statement of the same account in the file closed at another balance than this one opened. */
export interface StatementGap {
  readonly previousClosing: bigint;
  readonly opening: bigint;
}

/** The end of a statement, with what was counted on the way. */
export interface StatementClosed {
  readonly kind: 'closed';
  readonly closing: StatedBalance | undefined;
  readonly credits: { readonly count: number; readonly sum: bigint };
  readonly debits: { readonly count: number; readonly sum: bigint };
  /** Lines that are no booking: pending or informational entries, zero amounts, internal CITIC moves. */
  readonly skipped: Readonly<Record<string, number>>;
  /** A page or a day may be missing (or the file is newest first): a note for people, not an error. */
  readonly gap: StatementGap | undefined;
}

/** A file is read as a flat sequence: opened, its lines, closed; opened, … */
export type StatementEvent = StatementOpened | StatementLine | StatementClosed;
