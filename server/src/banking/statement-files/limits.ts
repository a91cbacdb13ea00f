/** What reading a file may cost. Each limit is passed by an error that names it, never by a cut. */
export interface StatementLimits {
  /** Bytes of the whole file. */
  readonly maxBytes: number;
  /** Characters of one text line (MT940) or one record (CSV). */
  readonly maxLineLength: number;
  /** Characters of one XML text, comment or tag. */
  readonly maxTextLength: number;
  /** XML elements inside each other; camt.053 itself needs about 15. */
  readonly maxDepth: number;
  /** Details of one batch booking: they are held until their sum is known. */
  readonly maxDetailsPerEntry: number;
  /** Lines of one file; about 12 bytes of memory each, to recognise repeated references. */
  readonly maxLines: number;
  /** Accounts of one file. */
  readonly maxAccounts: number;
  /** Bytes of a CITIC reply, which is held whole: its charset is known only at its end. */
  readonly maxCiticBytes: number;
}

export const DEFAULT_LIMITS: StatementLimits = {
  maxBytes: 4 * 1024 ** 3,
  maxLineLength: 16_384,
  maxTextLength: 65_536,
  maxDepth: 64,
  maxDetailsPerEntry: 100_000,
  maxLines: 10_000_000,
  maxAccounts: 100_000,
  maxCiticBytes: 32 * 1024 ** 2,
};

/** Remittance text is cut here: no bank's field is longer, and a row must stay small. */
export const REMITTANCE_LENGTH = 2_000;
/** Structured references of one line; more are left out. */
export const MAX_REFERENCES = 12;
