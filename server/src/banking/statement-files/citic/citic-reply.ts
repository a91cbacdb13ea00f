import { AppError } from '../../../kernel/error.ts';
import { shorten, statementMalformed, statementTooLarge } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { decodeWhole, strictDecoder } from '../byte-source.ts';
import type { Charset } from '../charset.ts';
import { xmlCharset } from '../detect-format.ts';
import { invalidField, type RawField } from '../fields.ts';
import type { ReaderContext } from '../reader-context.ts';
import { createXmlReader, localName } from '../xml-reader.ts';

/** A reply as specs give it: flat scalars, and one list of rows. All values are trimmed. */
export interface CiticReply {
  readonly scalars: ReadonlyMap<string, string>;
  /** The line on which each scalar ends. */
  readonly lines: ReadonlyMap<string, number>;
  readonly rows: readonly CiticRow[];
}

/** One row, with its 1-based number and the line where it begins for errors. */
export interface CiticRow {
  readonly number: number;
  readonly line: number;
  readonly values: ReadonlyMap<string, string>;
}

/** A field of a row; a missing one is empty, as the protocol has it. */
export function fieldOf(row: CiticRow, field: string): RawField {
  return { place: { entry: row.number, line: row.line }, field, text: row.values.get(field) ?? '' };
}

/** A field that must not be empty. */
export function requiredField(row: CiticRow, field: string): RawField {
  const raw = fieldOf(row, field);
  if (raw.text !== '') return raw;
  throw invalidField(raw, 'a value: the field must not be empty');
}

/** Collects and decodes the whole reply: its charset may turn out to be another one at its last byte. */
export async function readReply(bytes: ByteSource, context: ReaderContext): Promise<CiticReply> {
  const maximum = context.limits.maxCiticBytes;
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes.pieces) {
    size += piece.length;
    if (size > maximum) throw new AppError(statementTooLarge, { limit: 'maxCiticBytes', maximum });
    pieces.push(piece);
  }
  // Some serializers post their whole buffer: NULs and blanks follow the document.
  const text = decodeReply(Buffer.concat(pieces), context.charset).replace(/[\0\s]+$/, '');
  return parseReply(text, context);
}

/**
 * GB18030 is a superset of GBK. A client whose conversion fails sends UTF-8 under a GBK declaration, and
 * most Chinese UTF-8 decodes as GBK too, into other characters. The reverse hardly ever happens: so bytes
 * that are UTF-8 with Han characters in it are UTF-8.
 */
function decodeReply(bytes: Uint8Array, declared: string | undefined): string {
  const stated = xmlCharset(bytes.subarray(0, 256), declared);
  const chinese = /^(?:gb|x-gbk|hz-gb)/i.test(stated.label) || stated.source === 'format';
  if (!chinese || stated.source === 'caller') return decodeWhole(bytes, stated);
  const unicode = tryDecode(bytes, { ...stated, label: 'utf-8' });
  if (unicode !== undefined && /\p{Script=Han}/u.test(unicode)) return unicode;
  return decodeWhole(bytes, { ...stated, label: 'gb18030' });
}

function tryDecode(bytes: Uint8Array, charset: Charset): string | undefined {
  const decoder = strictDecoder(charset);
  try {
    return decoder.decode(bytes);
  } catch {
    // The caller says what that means.
    return undefined;
  }
}

function parseReply(text: string, { limits }: ReaderContext): CiticReply {
  const scalars = new Map<string, string>();
  const lines = new Map<string, number>();
  const rows: CiticRow[] = [];
  const path: string[] = [];
  let values = new Map<string, string>();
  let begun = 0;
  let collected = '';
  const reader = createXmlReader(
    {
      open(prefixed) {
        const name = localName(prefixed);
        path.push(name);
        collected = '';
        if (path.length === 1 && name !== 'stream') {
          throw new AppError(statementMalformed, {
            problem: 'the root is not <stream>',
            found: name,
          });
        }
        if (path.length === 3 && name === 'row') {
          values = new Map();
          begun = reader.line();
        }
      },
      text(piece) {
        collected += piece;
      },
      close() {
        const name = path.at(-1) ?? '';
        if (path.length === 2 && name !== 'list') {
          scalars.set(name, collected.trim());
          lines.set(name, reader.line());
        }
        if (path.length === 3 && name === 'row') {
          rows.push({ number: rows.length + 1, line: begun, values });
          if (rows.length > limits.maxLines) {
            throw new AppError(statementTooLarge, { limit: 'maxLines', maximum: limits.maxLines });
          }
        }
        if (path.length === 4) values.set(name, collected.trim());
        path.pop();
        collected = '';
      },
    },
    limits,
  );
  try {
    reader.write(text);
    reader.end();
  } catch (error) {
    throw rawAmpersand(text) ?? error;
  }
  return { scalars, lines, rows };
}

/** Names such as "A&B" that nobody escaped: the parser complains about what comes long after them. */
function rawAmpersand(text: string): AppError | undefined {
  const found = /.{0,20}&(?!(?:[a-z]+|#\d+|#x[\da-f]+);).{0,20}/i.exec(text);
  if (!found) return undefined;
  const line = text.slice(0, found.index).split('\n').length;
  const problem = 'an & that is not written as &amp;';
  return new AppError(statementMalformed, { problem, found: shorten(found[0]), line });
}
