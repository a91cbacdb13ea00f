import { type Currency, currency } from '../../../kernel/currency.ts';
import { AppError } from '../../../kernel/error.ts';
import { statementReplyFailed, statementTotalsDisagree } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { given, invalidField } from '../fields.ts';
import type { ReaderContext } from '../reader-context.ts';
import type { StatementEvent } from '../statement-file.ts';
import { type CiticReply, readReply } from './citic-reply.ts';
import { readSubAccountRow, rowCurrency } from './dlstrndt.ts';
import { readMainAccountRow, readRunningBalance } from './dltrnall.ts';

const DONE = 'AAAAAAA';
/** "No record" is an answer: a statement without lines (specs of CITIC's direct link, status codes). */
const NO_RECORD = new Set(['PBRA001', 'ES88363']);
const CNY = currency('CNY');
const BATCH_EVENTS = 1_000;

/**
 * Reads a reply of CITIC's direct link: DLTRNALL (details of the main account) or DLSTRNDT (details of
 * sub-accounts). The rows are the statement; the balances of DLTRNALL are those that its rows run through.
 */
export async function* readCiticReply(
  bytes: ByteSource,
  context: ReaderContext,
): AsyncGenerator<readonly StatementEvent[]> {
  const reply = await readReply(bytes, context);
  checkStatus(reply);
  checkCount(reply);
  if (context.format === 'citic-dltrnall') writeMainAccount(reply, context);
  else writeSubAccounts(reply, context);
  const events = context.writer.take();
  for (let from = 0; from < events.length; from += BATCH_EVENTS) {
    yield events.slice(from, from + BATCH_EVENTS);
  }
}

function checkStatus({ scalars, rows }: CiticReply): void {
  const status = scalars.get('status') ?? '';
  if (status === DONE || (NO_RECORD.has(status) && rows.length === 0)) return;
  const bankStatusText = (scalars.get('statusText') ?? '').slice(0, 254);
  throw new AppError(statementReplyFailed, { bankStatus: status.slice(0, 20), bankStatusText });
}

function checkCount({ scalars, rows }: CiticReply): void {
  const stated = scalars.get('returnRecords') ?? '';
  if (stated === '' || (/^\d{1,9}$/.test(stated) && Number(stated) === rows.length)) return;
  throw new AppError(statementTotalsDisagree, {
    reason: 'record_count',
    field: 'returnRecords',
    expected: stated.slice(0, 20),
    found: `${rows.length}`,
    entry: rows.length,
  });
}

/** `20 of 133` when the reply is one page of more rows. */
function pageOf({ scalars, rows }: CiticReply): string | undefined {
  const total = given(scalars.get('totalRecords') ?? '');
  return total === undefined || total === `${rows.length}`
    ? undefined
    : `${rows.length} of ${total}`;
}

function writeMainAccount(reply: CiticReply, context: ReaderContext): void {
  const { writer } = context;
  const code: Currency = context.currency ?? CNY;
  const stated = given((reply.scalars.get('accountNo') ?? '').replace(/\s+/g, ''));
  if (
    stated !== undefined &&
    context.accountNumber !== undefined &&
    stated !== context.accountNumber
  ) {
    const place = { line: reply.lines.get('accountNo') ?? 1 };
    const raw = { place, field: 'accountNo', text: stated };
    throw invalidField(raw, `the account that was named: ${context.accountNumber}`);
  }
  const read = reply.rows.map((row) => readMainAccountRow(row, code));
  const balances = readRunningBalance(read, code);
  writer.open({
    accountNumber: stated ?? context.accountNumber,
    currency: code,
    statementId: undefined,
    sequence: pageOf(reply),
    opening: balances?.opening,
  });
  for (const { line } of read) {
    if (line.amount === 0n) writer.skip('zero_amount');
    else writer.line(line);
  }
  writer.close(balances?.closing, { entry: read.length });
}

function writeSubAccounts(reply: CiticReply, context: ReaderContext): void {
  const { writer } = context;
  const first = reply.rows[0];
  const code = (first && rowCurrency(first)) ?? context.currency ?? CNY;
  writer.open({
    accountNumber: context.accountNumber ?? given(reply.scalars.get('accountNo') ?? ''),
    currency: code,
    statementId: undefined,
    sequence: pageOf(reply),
    opening: undefined,
  });
  for (const row of reply.rows) {
    const read = readSubAccountRow(row, code);
    if ('skipped' in read) writer.skip(read.skipped);
    else writer.line(read.line);
  }
  writer.close(undefined, { entry: reply.rows.length });
}
