import { AppError } from '../../../kernel/error.ts';
import { statementTooLarge } from '../../errors.ts';
import { given, invalidField, normalAccount } from '../fields.ts';
import type { ReaderContext } from '../reader-context.ts';
import type { StatedBalance } from '../statement-file.ts';
import type { TextReader } from '../xml-reader.ts';
import { readBalances, statementCurrency } from './camt-balances.ts';
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
import { elementTree, paths } from './element-tree.ts';
import { walkMessages } from './walk-messages.ts';

/** One statement while it is read. */
interface StatementDraft {
  id: string;
  sequence: string;
  page: string;
  account: string;
  currency: string;
  readonly balances: BalanceDraft[];
  /** Set at the first entry, or at the end of a statement without any. */
  opened: OpenedStatement | undefined;
}

interface OpenedStatement {
  readonly context: Omit<EntryContext, 'position'>;
  readonly opening: StatedBalance | undefined;
}

/** ISO 20022 knows a dozen kinds of balances; many days of them fit in here too. */
const MAX_BALANCES = 1_000;

function newStatement(): StatementDraft {
  const texts = { id: '', sequence: '', page: '', account: '', currency: '' };
  return { ...texts, balances: [], opened: undefined };
}

/**
 * Reads camt.053.001.01 to .13, in any namespace prefix and any envelope. An entry whose details carry
 * amounts that add up to it gives a line for each; other entries are one line.
 */
export function createCamt053Reader({ writer, limits }: ReaderContext): TextReader {
  let statement = newStatement();
  let statements = 0;
  const drafts = { balance: newBalance(), entry: newEntry(), detail: newDetail() };
  const cursor: CamtCursor = { ...drafts, entries: 0 };

  function open(): OpenedStatement {
    statement.opened ??= openStatement(statement, cursor, writer);
    return statement.opened;
  }

  function endEntry() {
    const { context } = open();
    const read = readEntry(cursor.entry, { ...context, position: cursor.entries });
    if ('skipped' in read) writer.skip(read.skipped);
    else for (const line of read.lines) writer.line(line);
  }

  function endBalance() {
    if (statement.balances.push(cursor.balance) <= MAX_BALANCES) return;
    throw new AppError(statementTooLarge, { limit: 'MAX_BALANCES', maximum: MAX_BALANCES });
  }

  function endStatement() {
    open();
    const place = { entry: cursor.entries };
    // Again: a bank may state its balances after the entries.
    const { opening, closing } = readBalances(statement.balances, statement.currency, place);
    const missing = { place, field: 'Stmt/Bal', text: '' };
    if (!opening) throw invalidField(missing, 'an opening balance: OPBD, PRCD or ITBD');
    if (!closing) throw invalidField(missing, 'a closing balance: CLBD or ITBD');
    writer.close(closing, place, opening);
  }

  const current = () => statement;
  const begin = () => {
    statements += 1;
    statement = newStatement();
    cursor.entry = newEntry();
  };
  const root = elementTree({
    Stmt: { begin, end: endStatement },
    ...paths('Stmt', ['Id'], keep(current, 'id')),
    ...paths('Stmt', ['ElctrncSeqNb'], keep(current, 'sequence')),
    ...paths('Stmt', ['StmtPgntn/PgNb'], keep(current, 'page')),
    ...paths('Stmt/Acct', ['Ccy'], keep(current, 'currency')),
    ...paths('Stmt/Acct', ACCOUNT_IDS, keep(current, 'account')),
    ...balanceHooks(cursor, endBalance),
    ...entryHooks(cursor, endEntry),
    ...detailHooks(cursor, 'Stmt/Ntry/NtryDtls/TxDtls', limits.maxDetailsPerEntry),
    ...detailHooks(cursor, 'Stmt/Ntry/TxDtls', limits.maxDetailsPerEntry),
  });
  return walkMessages(root, limits, () => statements > 0);
}

function openStatement(
  statement: StatementDraft,
  { entry, entries }: CamtCursor,
  writer: ReaderContext['writer'],
): OpenedStatement {
  const place = { entry: entries };
  const { opening, closing } = readBalances(statement.balances, statement.currency, place);
  const stated = [opening?.currency, closing?.currency, entry.amount.currency];
  const currency = statementCurrency([statement.currency, ...stated], place);
  const account = given(statement.account.replace(/\s+/g, ''));
  const page = statement.page === '' ? '' : `/${statement.page}`;
  writer.open({
    accountNumber: account,
    currency,
    statementId: given(statement.id),
    sequence: given(`${statement.sequence}${page}`),
    opening,
  });
  const ownAccount = account === undefined ? undefined : normalAccount(account);
  return { context: { currency, ownAccount }, opening };
}
