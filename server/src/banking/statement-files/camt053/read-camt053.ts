import { AppError } from '../../../kernel/error.ts';
import { type Place, statementTooLarge } from '../../errors.ts';
import { given, normalAccount } from '../fields.ts';
import type { ReaderContext } from '../reader-context.ts';
import type { StatedBalance } from '../statement-file.ts';
import type { TextReader } from '../xml-reader.ts';
import {
  checkContradictions,
  checkCurrencies,
  placeIn,
  readBalances,
  type StatementName,
  statementCurrency,
} from './camt-balances.ts';
import { type BalanceDraft, newBalance, newDetail, newEntry } from './camt-draft.ts';
import { type EntryContext, readEntry } from './camt-entry.ts';
import {
  ACCOUNT_IDS,
  balanceHooks,
  type CamtCursor,
  detailHooks,
  entryHooks,
  keep,
} from './camt-hooks.ts';
import { type Page, StatementPages } from './camt-pages.ts';
import { type Attributes, elementTree, type LineNow, paths } from './element-tree.ts';
import { walkMessages } from './walk-messages.ts';

/** One statement while it is read. */
interface StatementDraft {
  /** Where it begins. */
  readonly line: number;
  /** Which one of the file, 1-based. */
  readonly number: number;
  id: string;
  sequence: string;
  page: string;
  isLast: string;
  account: string;
  currency: string;
  readonly balances: BalanceDraft[];
  /** Where it begins, with its name, which is known at the first entry. */
  place: Place | undefined;
  /** Set at the first entry, or at the end of a statement without any. */
  opened: OpenedStatement | undefined;
}

interface OpenedStatement {
  readonly context: Omit<EntryContext, 'position' | 'place'>;
  readonly opening: StatedBalance | undefined;
}

/** ISO 20022 knows a dozen kinds of balances; many days of them fit in here too. */
const MAX_BALANCES = 1_000;

const NO_PAGE = { page: '', isLast: '' };

function newStatement(line: number, number: number): StatementDraft {
  const texts = { id: '', sequence: '', ...NO_PAGE, account: '', currency: '' };
  return { line, number, ...texts, balances: [], place: undefined, opened: undefined };
}

/**
 * Reads camt.053.001.01 to .13, in any namespace prefix and any envelope. An entry whose details carry
 * amounts that add up to it gives a line for each; other entries are one line. Pages that lack a balance of
 * their own are read as the one statement that they are together.
 */
export function createCamt053Reader({ writer, limits }: ReaderContext): TextReader {
  let statements = 0;
  let statement = newStatement(1, statements);
  const message = { ...NO_PAGE };
  const drafts = { balance: newBalance(1), entry: newEntry(1), detail: newDetail() };
  const cursor: CamtCursor = { ...drafts, entries: 0 };
  const pages = new StatementPages(writer);
  let last: OpenedStatement | undefined;

  function open(): OpenedStatement {
    const isContinued = () =>
      pages.isContinued(pageOf(statement, message), { line: statement.line });
    statement.opened ??= last && isContinued() ? last : openStatement(statement, cursor, writer);
    last = statement.opened;
    return statement.opened;
  }

  function entryPlace(): Place {
    statement.place ??= placeIn(nameOf(statement), statement.line);
    return { ...statement.place, line: cursor.entry.line, entry: cursor.entries };
  }

  function endEntry() {
    const { context } = open();
    const place = entryPlace();
    const read = readEntry(cursor.entry, { ...context, position: cursor.entries, place });
    if ('skipped' in read) writer.skip(read.skipped);
    else for (const line of read.lines) writer.line(line);
  }

  function endBalance() {
    if (statement.balances.push(cursor.balance) <= MAX_BALANCES) return;
    throw tooManyBalances(placeIn(nameOf(statement), cursor.balance.line));
  }

  function endStatement(line: LineNow) {
    const { context } = open();
    const place = placeIn(nameOf(statement), line());
    pages.end(pageOf(statement, message), readEnds(statement, context), place);
  }

  const current = () => statement;
  const begin = (_: Attributes, line: LineNow) => {
    statements += 1;
    statement = newStatement(line(), statements);
    cursor.entry = newEntry(line());
  };
  const details = { maximum: limits.maxDetailsPerEntry, place: entryPlace };
  const root = elementTree({
    'GrpHdr/MsgPgntn/PgNb': keep(() => message, 'page'),
    'GrpHdr/MsgPgntn/LastPgInd': keep(() => message, 'isLast'),
    GrpHdr: { begin: () => void Object.assign(message, NO_PAGE) },
    Stmt: { begin, end: endStatement },
    ...paths('Stmt', ['Id'], keep(current, 'id')),
    ...paths('Stmt', ['ElctrncSeqNb'], keep(current, 'sequence')),
    ...paths('Stmt', ['StmtPgntn/PgNb'], keep(current, 'page')),
    ...paths('Stmt', ['StmtPgntn/LastPgInd'], keep(current, 'isLast')),
    ...paths('Stmt/Acct', ['Ccy'], keep(current, 'currency')),
    ...paths('Stmt/Acct', ACCOUNT_IDS, keep(current, 'account')),
    ...balanceHooks(cursor, endBalance),
    ...entryHooks(cursor, endEntry),
    ...detailHooks(cursor, 'Stmt/Ntry/NtryDtls/TxDtls', details),
    ...detailHooks(cursor, 'Stmt/Ntry/TxDtls', details),
  });
  return walkMessages(root, limits, (line) => {
    pages.finish({ line });
    return statements > 0;
  });
}

/** What a whole statement says of its ends: a bank may state its balances after the entries. */
function readEnds(statement: StatementDraft, { currency }: Pick<EntryContext, 'currency'>) {
  const { balances } = statement;
  const name = nameOf(statement);
  checkCurrencies(balances, currency, name);
  checkContradictions(balances, name);
  const ofWhole = balances.some(({ type }) => type === 'CLBD');
  return { ...readBalances(balances, name), ofWhole };
}

function tooManyBalances(place: Place): AppError {
  return new AppError(statementTooLarge, {
    ...{ limit: 'MAX_BALANCES', maximum: MAX_BALANCES },
    ...place,
  });
}

/** The pages of a message are those of its statements where these say nothing (version 2 knows no other). */
function pageOf(
  { account, id, page, isLast }: StatementDraft,
  message: { readonly page: string; readonly isLast: string },
): Page {
  const [number, last] = isLast === '' ? [message.page, message.isLast] : [page, isLast];
  return { account: normalAccount(account), statementId: id, number, isLast: last };
}

function nameOf({ number, id, account }: StatementDraft): StatementName {
  const [statementId, accountNumber] = [given(id), given(account.replace(/\s+/g, ''))];
  return {
    statement: number,
    ...(statementId === undefined ? {} : { statementId }),
    ...(accountNumber === undefined ? {} : { accountNumber }),
  };
}

function openStatement(
  statement: StatementDraft,
  { entry }: CamtCursor,
  writer: ReaderContext['writer'],
): OpenedStatement {
  const name = nameOf(statement);
  const { opening, closing } = readBalances(statement.balances, name);
  const stated = [opening?.currency, closing?.currency, entry.amount.currency];
  const place = placeIn(name, statement.line);
  const currency = statementCurrency([statement.currency, ...stated], place);
  checkCurrencies(statement.balances, currency, name);
  const account = name.accountNumber;
  const page = statement.page === '' ? '' : `/${statement.page}`;
  writer.open({
    accountNumber: account,
    currency,
    statementId: name.statementId,
    sequence: given(`${statement.sequence}${page}`),
    opening,
  });
  const ownAccount = account === undefined ? undefined : normalAccount(account);
  return { context: { currency, ownAccount }, opening };
}
