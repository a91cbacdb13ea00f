import { AppError } from '../../../kernel/error.ts';
import {
  shorten,
  statementMalformed,
  statementTooLarge,
  statementTruncated,
} from '../../errors.ts';
import type { ReaderContext } from '../reader-context.ts';
import type { TextReader } from '../xml-reader.ts';
import { createMessages, type Field } from './messages.ts';

/** Fields of MT940 and of the dialects around it. Other text in colons is part of what it stands in. */
const FIELD = /^:(20|21|25P?|28C?|60[FM]|61|86|62[FM]|64|65|13D?|34F|90[CD]|NS):(.*)$/;
/** The envelope of SWIFT: {1:…}{2:…}{3:…}{4: before a statement, -}{5:…} behind it. */
const ENVELOPE = /^\{1:[^\n]*?\{4:/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: SOH, STX and ETX frame a message on old lines
const FRAMING = /[\u0001\u0002\u0003\u001a]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what no text file contains
const BINARY = /[\u0000-\u0008\u000e-\u001f]/;
/** What Dutch banks write above a statement: their BIC, and the number of the message. */
const HEADING = /^(?::?940:?|[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)\s*$/;
/** Lines of one field; SWIFT allows six, some banks write dozens. */
const MAX_FIELD_LINES = 500;

/** Reads MT940 statements, with or without SWIFT's envelope, in the dialects described in `narrative.ts`. */
export function createMt940Reader(context: ReaderContext): TextReader {
  const messages = createMessages(context);
  let lineNumber = 0;
  let field: Field | undefined;
  let inEnvelope = false;

  function endField() {
    if (field) messages.take(field);
    field = undefined;
  }

  function takeLine(withEnd: string) {
    lineNumber += 1;
    const unended = withEnd.endsWith('\r') ? withEnd.slice(0, -1) : withEnd;
    const framed = BINARY.test(unended);
    const line = framed ? unended.replace(FRAMING, '') : unended;
    if (framed && BINARY.test(line)) {
      const problem = 'control characters: a binary file, or another charset';
      throw new AppError(statementMalformed, { problem, found: shorten(line), line: lineNumber });
    }
    const envelope = line.startsWith('{') ? ENVELOPE.exec(line) : null;
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
    const [, tag, value] = (text.startsWith(':') ? FIELD.exec(text) : null) ?? [];
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
    if (text.trim() === '' || text.startsWith('{') || HEADING.test(text)) return;
    const problem = 'text outside of any field';
    throw new AppError(statementMalformed, { problem, found: shorten(text), line: lineNumber });
  }

  const lines = createLineSplitter(context.limits.maxLineLength, takeLine);
  return {
    write: lines.write,
    end() {
      lines.end();
      endField();
      messages.end(lineNumber);
      if (messages.countOf() === 0 || inEnvelope) {
        throw new AppError(statementTruncated, { missing: 'a statement (:20:)', line: lineNumber });
      }
    },
  };
}

/** Cuts text into lines, whatever pieces it comes in. A line may not be longer than the limit. */
function createLineSplitter(maximum: number, take: (line: string) => void): TextReader {
  let rest = '';
  let line = 0;
  return {
    write(text) {
      let from = 0;
      for (;;) {
        const end = text.indexOf('\n', from);
        const piece = end === -1 ? text.slice(from) : text.slice(from, end);
        rest = rest === '' ? piece : rest + piece;
        if (rest.length > maximum) {
          const facts = { limit: 'maxLineLength', maximum, line: line + 1 };
          throw new AppError(statementTooLarge, facts);
        }
        if (end === -1) return;
        line += 1;
        take(rest);
        rest = '';
        from = end + 1;
      }
    },
    end() {
      if (rest !== '') take(rest);
    },
  };
}
