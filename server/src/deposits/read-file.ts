import type { StatementClosed, StatementEvent, StatementOpened } from '../banking/index.ts';
import type { MainAccountRecord } from '../virtual-accounts/index.ts';
import type { ImportNote, LineFormat, StatementSummary } from './import-report.ts';
import { MAX_LISTED } from './import-report.ts';
import { LineEncoder } from './line-encoder.ts';
import { type Accounts, accountOfNumbers, resolveAccount } from './resolve-account.ts';

/** Lines whose format is known, in batches of events; nothing of them is read before `events` is iterated. */
export interface OpenedLines {
  readonly format: LineFormat;
  /** What the format was told by. */
  readonly evidence: string;
  readonly events: AsyncIterable<readonly StatementEvent[]>;
}

/** How the statements of one main account in a file begin. */
export interface FirstStatement {
  readonly main: MainAccountRecord;
  readonly statementId: string | undefined;
  /** In signed minor units; undefined when the file has none. */
  readonly opening: bigint | undefined;
  readonly openingDate: string | undefined;
  /** The first day that the statement has lines of. */
  firstLine: string | undefined;
}

/** What was learnt of a file while its lines were sent on; complete when the last one was. */
export interface FileContent {
  readonly statements: StatementSummary[];
  statementCount: number;
  lines: number;
  readonly skipped: Record<string, number>;
  readonly notes: ImportNote[];
  /** The earliest statement of each main account. */
  readonly first: Map<bigint, FirstStatement>;
}

/** Serial numbers of lines begin after those of opening balances, one for each account of a file. */
const FIRST_LINE_SERIAL = 1_000_000;

/**
 * Reads a file once: gives out its lines in COPY's format, and fills in `content` on the way. Whatever is wrong
 * with the file, or with the accounts that it is of, is thrown when it is met.
 */
export async function* readFile(
  file: OpenedLines,
  { accounts, importId }: { accounts: Accounts; importId: string },
  content: FileContent,
): AsyncGenerator<Buffer> {
  const encoder = new LineEncoder(importId);
  const told = await tellAccount(file, accounts);
  let open: OpenStatement | undefined;
  for await (const events of told.events) {
    for (const event of events) {
      if (event.kind === 'opened') open = new OpenStatement(event, told.accounts);
      else if (!open) throw new TypeError('a reader wrote outside of a statement');
      else if (event.kind === 'closed') open.close(event, content);
      else {
        open.noteDate(event.bookingDate);
        encoder.add(event, open.main.mainAccountId, FIRST_LINE_SERIAL + content.lines);
        content.lines += 1;
        const full = encoder.takeFull();
        if (full) yield full;
      }
    }
  }
  yield encoder.end();
}

/** An empty content, to be filled in. */
export function emptyContent(): FileContent {
  return { statements: [], statementCount: 0, lines: 0, skipped: {}, notes: [], first: new Map() };
}

/**
 * A reply about sub-accounts is read whole first, which its reader does anyway: the numbers in it tell which
 * main account it is of.
 */
async function tellAccount(
  file: OpenedLines,
  accounts: Accounts,
): Promise<{ accounts: Accounts; events: AsyncIterable<readonly StatementEvent[]> }> {
  const { format, events } = file;
  if (format !== 'citic-dlstrndt' || accounts.named) return { accounts, events };
  const all: (readonly StatementEvent[])[] = [];
  for await (const batch of events) all.push(batch);
  const numbers = all.flatMap((batch) =>
    batch.flatMap((event) => (event.kind === 'line' ? (event.creditedAccount ?? []) : [])),
  );
  const named = accountOfNumbers(accounts.all, numbers);
  return { accounts: { ...accounts, named }, events: replay(all) };
}

async function* replay(batches: readonly (readonly StatementEvent[])[]) {
  for (const batch of batches) yield await Promise.resolve(batch);
}

/** One statement while it is read. */
class OpenStatement {
  readonly main: MainAccountRecord;
  readonly #opened: StatementOpened;
  #earliest: string | undefined;
  #latest: string | undefined;

  constructor(opened: StatementOpened, accounts: Accounts) {
    this.main = resolveAccount(accounts, opened);
    this.#opened = opened;
  }

  noteDate(date: string): void {
    if (this.#earliest === undefined || date < this.#earliest) this.#earliest = date;
    if (this.#latest === undefined || date > this.#latest) this.#latest = date;
  }

  close({ closing, credits, debits, skipped, gap }: StatementClosed, content: FileContent): void {
    const { main } = this;
    const { statementId, sequence, opening } = this.#opened;
    const openingAmount = opening?.amount ?? derivedOpening({ closing, credits, debits });
    content.statementCount += 1;
    if (content.statements.length < MAX_LISTED) {
      content.statements.push({
        mainAccount: main.number,
        statementId: statementId ?? null,
        sequence: sequence ?? null,
        currency: main.currency,
        opening: openingAmount ?? null,
        credits: { count: credits.count, sum: credits.sum },
        debits: { count: debits.count, sum: debits.sum },
        closing: closing?.amount ?? null,
        until: closing?.date ?? this.#latest ?? opening?.date ?? null,
      });
    }
    for (const [reason, count] of Object.entries(skipped)) {
      content.skipped[reason] = (content.skipped[reason] ?? 0) + count;
    }
    if (gap && content.notes.length < MAX_LISTED) {
      const balances = { expected: gap.previousClosing, found: gap.opening };
      const difference = gap.opening - gap.previousClosing;
      const place = { mainAccount: main.number, statementId: statementId ?? null };
      content.notes.push({ code: 'statement_gap', ...place, ...balances, difference });
    }
    this.#keepEarliest(openingAmount, content);
  }

  /** Files may have the newest statement first. */
  #keepEarliest(opening: bigint | undefined, { first }: FileContent): void {
    const { main } = this;
    const { statementId, opening: stated } = this.#opened;
    const firstLine = this.#earliest;
    const mine = { main, statementId, opening, openingDate: stated?.date, firstLine };
    const known = first.get(main.mainAccountId);
    if (!known || dayOf(mine) < dayOf(known)) first.set(main.mainAccountId, mine);
  }
}

/** Some files state the closing balance alone (CITIC, CSV): the opening one follows from it. */
function derivedOpening({
  closing,
  credits,
  debits,
}: Pick<StatementClosed, 'closing' | 'credits' | 'debits'>): bigint | undefined {
  return closing && closing.amount - credits.sum + debits.sum;
}

/** The day a statement begins; one without lines and dates comes last. */
export function dayOf({
  firstLine,
  openingDate,
}: Pick<FirstStatement, 'firstLine' | 'openingDate'>): string {
  return firstLine ?? openingDate ?? '9999-12-31';
}
