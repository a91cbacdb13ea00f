import { AppError } from '../../../kernel/error.ts';
import { type Place, shorten, statementTruncated } from '../../errors.ts';
import { invalidField } from '../fields.ts';
import type { StatedBalance } from '../statement-file.ts';
import type { StatementWriter } from '../statement-writer.ts';
import type { StatedEnds } from './camt-balances.ts';

/** What a statement says of its place among the pages it was cut into (StmtPgntn, else MsgPgntn). */
export interface Page {
  readonly account: string;
  readonly statementId: string;
  /** PgNb as written; empty without. */
  readonly number: string;
  /** LastPgInd as written; empty without. */
  readonly isLast: string;
}

interface ReadPage {
  readonly page: Page;
  readonly opening: StatedBalance;
  /** Undefined while its statement goes on behind it. */
  readonly closing: StatedBalance | undefined;
}

/** The balances that a page states; `ofWhole` when its closing one may be that of the whole statement. */
export interface PageBalances extends StatedEnds {
  readonly ofWhole: boolean;
}

/**
 * Puts pages together: a page that states both its balances is a statement by itself, and others are one statement
 * up to the page that closes it. Its neighbours must be in the same file, or its totals could not be checked.
 */
export class StatementPages {
  readonly #writer: StatementWriter;
  #previous: ReadPage | undefined;

  constructor(writer: StatementWriter) {
    this.#writer = writer;
  }

  /** True when the page goes on with a statement that an earlier one began. Throws `statement_truncated`. */
  isContinued(page: Page, place: Place): boolean {
    const previous = this.#previous;
    if (!previous || previous.closing) return false;
    if (!follows(page, previous.page)) throw nextPageMissing(previous.page, place);
    return true;
  }

  /** Ends a page, and its statement unless that goes on behind it. `place` is where the page ends. */
  end(page: Page, stated: PageBalances, place: Place): void {
    const opening = this.#openingOf(page, stated, place);
    const { closing, closingPlace = place, ofWhole } = stated;
    if (goesOn(page) && (!closing || (ofWhole && !this.#writer.leadsTo(closing, opening)))) {
      this.#previous = { page, opening, closing: undefined };
      return;
    }
    if (!closing) throw balanceMissing(place, 'a closing balance: CLBD or ITBD');
    this.#writer.close(closing, closingPlace, opening);
    this.#previous = { page, opening, closing };
  }

  /** The file is over. Throws `statement_truncated` when the last page says that another one follows. */
  finish(place: Place): void {
    const previous = this.#previous;
    if (previous && !previous.closing) throw nextPageMissing(previous.page, place);
  }

  #openingOf(page: Page, stated: PageBalances, place: Place): StatedBalance {
    const previous = this.#previous;
    const before = previous && follows(page, previous.page) ? previous : undefined;
    const opening =
      before && !before.closing ? before.opening : (stated.opening ?? before?.closing);
    if (opening) return opening;
    if (/^\d{1,9}$/.test(page.number) && Number(page.number) > 1)
      throw previousPageMissing(page, place);
    throw balanceMissing(place, 'an opening balance: OPBD, PRCD or ITBD');
  }
}

function goesOn({ isLast }: Pick<Page, 'isLast'>): boolean {
  return isLast === 'false' || isLast === '0';
}

function follows(page: Page, previous: Page): boolean {
  if (page.account !== previous.account || !goesOn(previous)) return false;
  if (page.number === '' || previous.number === '') return true;
  return /^\d{1,9}$/.test(page.number) && Number(page.number) === Number(previous.number) + 1;
}

function balanceMissing(place: Place, allowed: string): AppError {
  return invalidField({ place, field: 'Stmt/Bal', text: '' }, allowed);
}

function nextPageMissing({ statementId, number }: Page, place: Place): AppError {
  const page = number === '' ? 'the next page' : `page ${Number(number) + 1}`;
  const missing = `${page} of the statement ${shorten(statementId)}, with the closing balance (CLBD): all pages must be in one file`;
  return new AppError(statementTruncated, { missing, ...place });
}

function previousPageMissing({ statementId, number }: Page, place: Place): AppError {
  const missing = `the page before page ${shorten(number)} of the statement ${shorten(statementId)}, with the opening balance (OPBD): all pages must be in one file`;
  return new AppError(statementTruncated, { missing, ...place });
}
