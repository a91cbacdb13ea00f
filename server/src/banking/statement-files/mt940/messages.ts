import { AppError } from '../../../kernel/error.ts';
import { statementMalformed, statementTruncated } from '../../errors.ts';
import { given, invalidField } from '../fields.ts';
import type { ReaderContext } from '../reader-context.ts';
import type { StatedBalance } from '../statement-file.ts';
import type { StatementWriter } from '../statement-writer.ts';
import { readNarrative } from './narrative.ts';
import { type Mt940Line, readBalance, readLine } from './statement-line.ts';

/** A field with the lines that follow it until the next one. */
export interface Field {
  readonly tag: string;
  readonly line: number;
  readonly lines: string[];
}

/** One statement while it is read. */
interface Message {
  readonly id: string | undefined;
  account: string | undefined;
  sequence: string | undefined;
  opening: StatedBalance | undefined;
  opened: boolean;
  closed: boolean;
  pending: PendingLine | undefined;
}

/** A line whose :86: may still follow. */
interface PendingLine {
  readonly line: Mt940Line;
  readonly supplementary: readonly string[];
  readonly narrative: string[];
}

/** Puts the fields of statements together, one after the other. */
export function createMessages({ writer }: ReaderContext) {
  let message: Message | undefined;
  let count = 0;

  function end(line: number) {
    if (message && !message.closed) {
      throw new AppError(statementTruncated, { missing: 'the closing balance (:62F:)', line });
    }
    message = undefined;
  }

  function begin({ line, lines }: Field) {
    end(line);
    count += 1;
    const none = {
      account: undefined,
      sequence: undefined,
      opening: undefined,
      pending: undefined,
    };
    message = { id: given((lines[0] ?? '').trim()), ...none, opened: false, closed: false };
  }

  function take(field: Field) {
    if (field.tag === '20') return begin(field);
    if (!message) throw misplaced(field);
    const value = (field.lines[0] ?? '').trim();
    switch (field.tag) {
      case '25':
      case '25P':
        message.account = given(value.replace(/\s+/g, '').replace(/^\/+/, ''));
        return;
      case '28':
      case '28C':
        message.sequence = given(value);
        return;
      case '60F':
      case '60M':
        if (message.opening) throw misplaced(field);
        message.opening = readBalance(value, field.line, `:${field.tag}:`);
        return;
      case '61':
        return takeStatementLine(message, field, writer);
      case '86':
        // After the closing balance it speaks of the statement, and nobody asks for that.
        message.pending?.narrative.push(...field.lines);
        return;
      case '62F':
      case '62M':
        return close(message, field, writer);
      default:
        return;
    }
  }

  const countOf = () => count;
  return { take, end, countOf };
}

function open(message: Message, line: number, writer: StatementWriter): StatedBalance {
  const { account, opening, sequence, id } = message;
  const place = { line };
  if (!opening) throw invalidField({ place, field: ':60F:', text: '' }, 'an opening balance');
  if (message.opened) return opening;
  if (account === undefined) {
    throw invalidField({ place, field: ':25:', text: '' }, 'the account of the statement');
  }
  const { currency } = opening;
  const accountNumber = withoutCurrency(account, currency);
  writer.open({ accountNumber, currency, statementId: id, sequence, opening });
  message.opened = true;
  return opening;
}

/** What is left of an account number without its currency is longer than this. */
const MIN_ACCOUNT_LENGTH = 4;

/** Many banks write the currency behind the number: `DE02…2051EUR`. */
function withoutCurrency(account: string, currency: string): string {
  return account.length > MIN_ACCOUNT_LENGTH + currency.length && account.endsWith(currency)
    ? account.slice(0, -currency.length)
    : account;
}

function takeStatementLine(message: Message, field: Field, writer: StatementWriter) {
  flushLine(message, writer);
  if (message.closed) throw misplaced(field);
  const { currency } = open(message, field.line, writer);
  const [first = '', ...supplementary] = field.lines;
  const line = readLine(first, field.line, currency);
  message.pending = { line, supplementary, narrative: [] };
}

function close(message: Message, field: Field, writer: StatementWriter) {
  if (message.closed) throw misplaced(field);
  flushLine(message, writer);
  open(message, field.line, writer);
  message.closed = true;
  const closing = readBalance(field.lines[0] ?? '', field.line, `:${field.tag}:`);
  writer.close(closing, { line: field.line });
}

function flushLine(message: Message, writer: StatementWriter) {
  const { pending } = message;
  message.pending = undefined;
  if (!pending) return;
  const { line, supplementary, narrative } = pending;
  if (line.expected) return writer.skip('expected');
  if (line.amount === 0n) return writer.skip('zero_amount');
  const said = readNarrative(narrative, supplementary);
  const { customerReference } = line;
  const known = customerReference === undefined || said.references.includes(customerReference);
  writer.line({
    position: line.line,
    direction: line.direction,
    amount: line.amount,
    reversal: line.reversal,
    bookingDate: line.bookingDate,
    valueDate: line.valueDate,
    bankReference: line.bankReference,
    creditedAccount: undefined,
    counterpartyName: said.counterpartyName,
    counterpartyAccount: said.counterpartyAccount,
    remittance: said.remittance,
    references: known ? said.references : [...said.references, customerReference],
    bankCode: line.typeCode,
  });
}

function misplaced({ tag, line }: Field): AppError {
  const problem = 'a field that may not stand here';
  return new AppError(statementMalformed, { problem, found: `:${tag}:`, line });
}
