import type { StatementFormat } from '../banking/index.ts';

/** What lines came in: a file of some format, or a bank's answer about its latest lines. */
export type LineFormat = StatementFormat | 'connector';

/** A number of lines and what they add up to, in minor units. */
export interface Tally {
  readonly count: number;
  readonly sum: bigint;
}

/** One statement of a file. Balances in signed minor units; null where the file has none. */
export interface StatementSummary {
  /** The number of the main account at the bank. */
  readonly mainAccount: string;
  readonly statementId: string | null;
  readonly sequence: string | null;
  readonly currency: string;
  readonly opening: bigint | null;
  readonly credits: Tally;
  readonly debits: Tally;
  readonly closing: bigint | null;
  /** The day of the closing balance, or of the last line. */
  readonly until: string | null;
}

/** What a person should look at; none of it keeps the file out. */
export type ImportNote =
  | {
      /** The statement opens at another balance than the ledger has for the bank: a file may be missing. */
      readonly code: 'balance_gap';
      readonly mainAccount: string;
      readonly expected: bigint;
      readonly found: bigint;
      readonly difference: bigint;
    }
  | {
      /** Two statements that follow each other in the file do not join: a page may be missing. */
      readonly code: 'statement_gap';
      readonly mainAccount: string;
      readonly statementId: string | null;
      readonly expected: bigint;
      readonly found: bigint;
      readonly difference: bigint;
    }
  | {
      /** Lines from before the opening balance that was taken in first: it has them in it already. */
      readonly code: 'before_opening';
      readonly mainAccount: string;
      readonly openedOn: string;
      readonly count: number;
      /** Credits less debits. */
      readonly sum: bigint;
    }
  | {
      /** Lines with a known reference, amount and date, and another payer or text: two may share a reference. */
      readonly code: 'known_lines_differ';
      readonly mainAccount: string;
      /** Where the first of them stands in the file. */
      readonly position: number;
      readonly count: number;
      /** Credits less debits. */
      readonly sum: bigint;
    }
  | {
      /** Entries that the ledger takes nowhere now, not in suspense either: they wait. Told of this import alone. */
      readonly code: 'not_posted';
      readonly mainAccount: string;
      /** The first of them, `ben_…`. */
      readonly bankEntry: string;
      /** Why, as the ledger says it: `balance_limit_exceeded` when suspense is full. */
      readonly refusal: string;
      readonly count: number;
      /** What they add up to, without a sign. */
      readonly sum: bigint;
    };

/** What was recorded of a file. Never changes after the import. */
export interface RecordedFile {
  readonly format: LineFormat;
  /** What in the head of the file the format was told by. */
  readonly detectedBy: string;
  readonly fileName: string | null;
  readonly fileBytes: number;
  /** The first statements; `statementCount` says how many there are. */
  readonly statements: readonly StatementSummary[];
  readonly statementCount: number;
  /** Bookings in the file. */
  readonly lines: number;
  /** Entries that are new, an opening balance included. */
  readonly recorded: number;
  /** Lines that were recorded before. */
  readonly alreadyKnown: number;
  /** What was not a booking, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly notes: readonly ImportNote[];
  /** False when nothing was new. */
  readonly changed: boolean;
  /** `imp_…` of an earlier import of the very same bytes. */
  readonly sameFileAs: string | null;
}

/** What became of the entries that a file brought, as it is now. */
export interface ImportOutcome {
  readonly credited: Tally;
  readonly suspended: Tally & { readonly byReason: Readonly<Record<string, Tally>> };
  readonly claimed: Tally;
  readonly debited: Tally;
  /** Payouts of ours, and money of such that came back (退汇). */
  readonly paidOut: Tally;
  readonly payoutReturned: Tally;
  /** Recorded, and not yet posted: the next sweep does it, as soon as the ledger takes them. */
  readonly waiting: Tally;
}

/** The answer to an import. `id` is null when nothing was kept: on a dry run, and for a file imported before. */
export interface ImportReport extends RecordedFile, ImportOutcome {
  readonly id: string | null;
  readonly dryRun: boolean;
  readonly createdAt: Date;
}

/** Statements that a report lists, and notes. */
export const MAX_LISTED = 1_000;

const NONE: Tally = { count: 0, sum: 0n };

/** Entries of one state and reason. */
export interface OutcomeRow extends Tally {
  readonly state: string;
  readonly reason: string | null;
}

/** Sorts what became of entries. */
export function outcomeOf(rows: readonly OutcomeRow[]): ImportOutcome {
  const of = (state: string) => rows.filter((row) => row.state === state).reduce(add, NONE);
  const suspended = rows.filter(({ state }) => state === 'suspended');
  const byReason = new Map(
    suspended.map(({ reason, count, sum }) => [reason ?? '', { count, sum }]),
  );
  return {
    credited: of('credited'),
    suspended: { ...of('suspended'), byReason: Object.fromEntries(byReason) },
    claimed: of('claimed'),
    debited: of('debited'),
    paidOut: of('paid_out'),
    payoutReturned: of('payout_returned'),
    waiting: of('recorded'),
  };
}

const add = (a: Tally, b: Tally): Tally => ({ count: a.count + b.count, sum: a.sum + b.sum });

/** Fields that are money: in JSON they are decimal text, because a sum may pass what a number carries. */
const MONEY = new Set(['sum', 'opening', 'closing', 'expected', 'found', 'difference']);

/** The report as it is stored. */
export function reportToJson(report: RecordedFile): string {
  return JSON.stringify(report, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** The report that was stored, from its JSON text. */
export function reportFromJson(text: string): RecordedFile {
  const report: unknown = JSON.parse(text, (key, value: unknown) =>
    MONEY.has(key) && typeof value === 'string' ? BigInt(value) : value,
  );
  // Safe: only reportToJson writes it, and nothing changes it.
  return report as RecordedFile;
}
