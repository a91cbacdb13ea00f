import { AppError } from '../../../kernel/error.ts';
import {
  shorten,
  statementMalformed,
  statementTooLarge,
  statementTruncated,
} from '../../errors.ts';
import { given, invalidField } from '../fields.ts';
import type { ReaderContext } from '../reader-context.ts';
import type { StatedBalance } from '../statement-file.ts';
import type { TextReader } from '../xml-reader.ts';
import { readNarrative } from './narrative.ts';
import { type Mt940Line, readBalance, readLine } from './statement-line.ts';

/** A field with the lines that follow it until the next one. */
interface Field {
  readonly tag: string;
  readonly line: number;
  readonly lines: string[];
}

/** One statement while it is read. */
interface Message {
  readonly line: number;
  readonly id: string | undefined;
  account: string | undefined;
  sequence: string | undefined;
  opening: StatedBalance | undefined;
  opened: boolean;
  closed: boolean;
  pending:
    | { readonly line: Mt940Line; readonly supplementary: string[]; readonly narrative: string[] }
    | undefined;
}

/** Fields of MT940 and of the dialects around it. Other text in colons is part of what it stands in. */
const FIELD = /^:(20|21|25P?|28C?|60[FM]|61|86|62[FM]|64|65|13D?|34F|90[CD]|NS):(.*)$/;
/** The envelope of SWIFT: {1:…}{2:…}{3:…}{4: before a statement, -}{5:…} behind it. */
const ENVELOPE = /^\{1:[^\n]*?\{4:/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: SOH, STX and ETX frame a message on old lines
const FRAMING = /[\u0001\u0002\u0003\u001a]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what no text file contains
const BINARY = /[\u0000-\u0008\u000e-\u001f]/;
/** Lines of one field; SWIFT allows six, some banks write dozens. */
const MAX_FIELD_LINES = 500;

/** Reads MT940 statements, with or without SWIFT's envelope, in the dialects described in `narrative.ts`. */
export function createMt940Reader(context: ReaderContext): TextReader {
  const messages = createMessages(context);
  const { maxLineLength } = context.limits;
  let rest = '';
  let lineNumber = 0;
  let field: Field | undefined;
  let inEnvelope = false;

  function endField() {
    if (field) messages.take(field);
    field = undefined;
  }

  function takeLine(withEnd: string) {
    lineNumber += 1;
    const line = withEnd.replace(/\r$/, '').replace(FRAMING, '');
    if (BINARY.test(line)) {
      const problem = 'control characters: a binary file, or another charset';
      throw new AppError(statementMalformed, { problem, found: shorten(line), line: lineNumber });
    }
    const envelope = ENVELOPE.exec(line);
    const text = envelope ? line.slice(envelope[0].length).trim() : line;
    if (envelope || text.startsWith('{1:')) {
      endField();
      inEnvelope = true;
      if (text === '' || !envelope) return;
    }
    if (/^-(?:\}.*)?\s*$/.test(text)) {
      endField();
      messages.end(lineNumber);
      inEnvelope = false;
      return;
    }
    const [, tag, value] = FIELD.exec(text) ?? [];
    if (tag !== undefined && value !== undefined) {
      endField();
      if (tag === '20') inEnvelope = false;
      field = { tag, line: lineNumber, lines: [value] };
      return;
    }
    if (field) {
      if (field.lines.push(text) <= MAX_FIELD_LINES) return;
      const facts = { limit: 'MAX_FIELD_LINES', maximum: MAX_FIELD_LINES, line: lineNumber };
      throw new AppError(statementTooLarge, facts);
    }
    if (text.trim() === '' || text.startsWith('{')) return;
    const problem = 'text outside of any field';
    throw new AppError(statementMalformed, { problem, found: shorten(text), line: lineNumber });
  }

  return {
    write(text) {
      let from = 0;
      for (;;) {
        const end = text.indexOf('\n', from);
        const piece = end === -1 ? text.slice(from) : text.slice(from, end);
        rest = rest === '' ? piece : rest + piece;
        if (rest.length > maxLineLength) {
          const facts = { limit: 'maxLineLength', maximum: maxLineLength, line: lineNumber + 1 };
          throw new AppError(statementTooLarge, facts);
        }
        if (end === -1) return;
        takeLine(rest);
        rest = '';
        from = end + 1;
      }
    },
    end() {
      if (rest !== '') takeLine(rest);
      endField();
      messages.end(lineNumber);
      if (messages.count === 0 || inEnvelope) {
        throw new AppError(statementTruncated, { missing: 'a statement (:20:)', line: lineNumber });
      }
    },
  };
}

/** Puts the fields of a statement together. */
function createMessages({ writer }: ReaderContext) {
  let message: Message | undefined;
  let count = 0;

  function begin({ line, lines }: Field) {
    end(line);
    count += 1;
    const none = {
      account: undefined,
      sequence: undefined,
      opening: undefined,
      pending: undefined,
    };
    message = { line, id: given((lines[0] ?? '').trim()), ...none, opened: false, closed: false };
  }

  function open(of: Message, line: number): StatedBalance {
    const place = { line };
    if (!of.opening) throw invalidField({ place, field: ':60F:', text: '' }, 'an opening balance');
    if (of.opened) return of.opening;
    if (of.account === undefined) {
      throw invalidField({ place, field: ':25:', text: '' }, 'the account of the statement');
    }
    const { account, opening, sequence, id } = of;
    const { currency } = opening;
    writer.open({ accountNumber: account, currency, statementId: id, sequence, opening });
    of.opened = true;
    return opening;
  }

  function flushLine(of: Message) {
    const pending = of.pending;
    of.pending = undefined;
    if (!pending) return;
    const { line, supplementary, narrative } = pending;
    if (line.expected) return writer.skip('expected');
    if (line.amount === 0n) return writer.skip('zero_amount');
    const { counterpartyName, counterpartyAccount, remittance, references } = readNarrative(
      narrative,
      supplementary,
    );
    const { direction, amount, reversal, bookingDate, valueDate, customerReference } = line;
    const own = customerReference === undefined || references.includes(customerReference);
    writer.line({
      position: line.line,
      direction,
      amount,
      reversal,
      bookingDate,
      valueDate,
      bankReference: line.bankReference,
      creditedAccount: undefined,
      counterpartyName,
      counterpartyAccount,
      remittance,
      references: own ? references : [...references, customerReference],
      bankCode: line.typeCode,
    });
  }

  function takeStatementLine(of: Message, { line, lines }: Field) {
    flushLine(of);
    if (of.closed) throw misplaced(':61:', line);
    const { currency } = open(of, line);
    const [first = '', ...supplementary] = lines;
    of.pending = { line: readLine(first, line, currency), supplementary, narrative: [] };
  }

  function close(of: Message, { tag, line, lines }: Field) {
    if (of.closed) throw misplaced(`:${tag}:`, line);
    flushLine(of);
    open(of, line);
    of.closed = true;
    writer.close(readBalance(lines[0] ?? '', line, `:${tag}:`), { line });
  }

  function end(line: number) {
    if (message && !message.closed) {
      throw new AppError(statementTruncated, { missing: 'the closing balance (:62F:)', line });
    }
    message = undefined;
  }

  function take(field: Field) {
    if (field.tag === '20') return begin(field);
    if (!message) throw misplaced(`:${field.tag}:`, field.line);
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
        if (message.opened) throw misplaced(`:${field.tag}:`, field.line);
        message.opening = readBalance(value, field.line, `:${field.tag}:`);
        return;
      case '61':
        return takeStatementLine(message, field);
      case '86':
        // After the closing balance it speaks of the statement, and nobody asks for that.
        message.pending?.narrative.push(...field.lines);
        return;
      case '62F':
      case '62M':
        return close(message, field);
      default:
        return;
    }
  }

  return {
    take,
    end,
    get count() {
      return count;
    },
  };
}

function misplaced(field: string, line: number): AppError {
  const problem = 'a field that may not stand here';
  return new AppError(statementMalformed, { problem, found: field, line });
}
