import { TextDecoder } from 'node:util';
import { AppError } from '../../kernel/error.ts';
import { statementCharsetWrong, statementFormatUnknown, statementTooLarge } from '../errors.ts';
import { type Charset, Utf8Guess } from './charset.ts';
import type { StatementFormat } from './statement-file.ts';

/** The formats that are read, as an error names them. */
export const READABLE: readonly StatementFormat[] = [
  'camt.053',
  'mt940',
  'citic-dltrnall',
  'citic-dlstrndt',
  'csv',
];

/** Bytes of the head that the format is detected from. */
const HEAD_BYTES = 16_384;
/** Larger pieces are cut, so that memory does not depend on how the caller cuts its file. */
const PIECE_BYTES = 32_768;

/** A file whose head was read already; `pieces` gives it whole, the head first. */
export interface ByteSource {
  readonly head: Uint8Array;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Reads the head. Throws statement_too_large (while reading on, too) beyond `maxBytes`. */
export async function readHead(
  source: AsyncIterable<Uint8Array>,
  { maxBytes }: { readonly maxBytes: number },
): Promise<ByteSource> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let done = false;
  while (size < HEAD_BYTES && !done) {
    const next = await iterator.next();
    if (next.done) done = true;
    else {
      chunks.push(next.value);
      size += next.value.length;
    }
  }
  const pieces = limited(replay(chunks, done ? undefined : iterator), maxBytes);
  return { head: Buffer.concat(chunks).subarray(0, HEAD_BYTES), pieces };
}

async function* replay(
  chunks: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  if (!rest) return;
  let finished = false;
  try {
    for (;;) {
      const next = await rest.next();
      if (next.done) break;
      yield next.value;
    }
    finished = true;
  } finally {
    if (!finished) await rest.return?.();
  }
}

async function* limited(chunks: AsyncIterable<Uint8Array>, maxBytes: number) {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new AppError(statementTooLarge, { limit: 'maxBytes', maximum: maxBytes });
    }
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      yield chunk.length <= PIECE_BYTES ? chunk : chunk.subarray(from, from + PIECE_BYTES);
    }
  }
}

/** Makes a strict decoder. Throws statement_format_unknown for a label that is no charset. */
export function strictDecoder({ label }: Charset): TextDecoder {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch (cause) {
    const seen = `the charset "${label.slice(0, 40)}", which is none that can be read`;
    throw new AppError(statementFormatUnknown, { seen, readable: READABLE }, { cause });
  }
}

/**
 * Decodes strictly: a byte sequence that is none of the charset is statement_charset_wrong, which names the byte
 * and the line; so is, at its end, a file of UTF-8 that declares a charset in which anything can be read.
 */
export async function* decodeText(
  pieces: AsyncIterable<Uint8Array>,
  charset: Charset,
): AsyncGenerator<string> {
  const decoder = strictDecoder(charset);
  const place = new DecodedPlace();
  const guess = new Utf8Guess(charset, decoder.encoding);
  for await (const piece of pieces) {
    guess.passed(piece, place);
    let text: string;
    try {
      text = decoder.decode(piece, { stream: true });
    } catch (cause) {
      throw place.error(charset, piece, cause);
    }
    place.passed(piece, text);
    yield text;
  }
  let rest: string;
  try {
    rest = decoder.decode();
  } catch (cause) {
    throw place.error(charset, new Uint8Array(), cause);
  }
  guess.ended();
  yield rest;
}

/** Decodes bytes that are all there, as strictly. */
export function decodeWhole(bytes: Uint8Array, charset: Charset): string {
  const decoder = strictDecoder(charset);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new DecodedPlace().error(charset, bytes, cause);
  }
}

/** Bytes below this one are whole characters in every charset that is read, UTF-16 excepted. */
const FIRST_TRAIL_BYTE = 0x30;
/** How much is kept to begin a character again; a character of any charset has four bytes at most. */
const MAX_KEPT_BYTES = 64;

/** Keeps what it takes to say where a decoder stopped: it does not tell itself. */
class DecodedPlace {
  #bytes = 0;
  #lineFeeds = 0;
  /** The last bytes, from a place where a character begins. */
  #kept: Uint8Array = new Uint8Array();

  /** What was decoded so far. */
  get bytes(): number {
    return this.#bytes;
  }
  get lineFeeds(): number {
    return this.#lineFeeds;
  }

  /** A piece was decoded. */
  passed(piece: Uint8Array, text: string): void {
    this.#bytes += piece.length;
    this.#lineFeeds += lineFeedsIn(text);
    const bytes = Buffer.concat([this.#kept, piece.subarray(-MAX_KEPT_BYTES)]);
    let start = bytes.length;
    const earliest = Math.max(0, bytes.length - MAX_KEPT_BYTES);
    while (start > earliest && (bytes[start - 1] ?? 0) >= FIRST_TRAIL_BYTE) start -= 1;
    this.#kept = bytes.subarray(start);
  }

  /** The error for a piece that could not be decoded; an empty one when the file ended inside a character. */
  error({ label, source }: Charset, piece: Uint8Array, cause: unknown): AppError {
    const bytes = Buffer.concat([this.#kept, piece]);
    const wrong = firstWrong(bytes, label);
    const before = new TextDecoder(label).decode(bytes.subarray(0, wrong));
    const kept = new TextDecoder(label).decode(this.#kept);
    const facts = {
      ...{ charset: label, source },
      byte: this.#bytes - this.#kept.length + wrong + 1,
      line: 1 + this.#lineFeeds + lineFeedsIn(before) - lineFeedsIn(kept),
      found: bytes.subarray(wrong, wrong + 1).toString('hex'),
    };
    return new AppError(statementCharsetWrong, facts, { cause });
  }
}

/** Where the first byte stands that no character may have there; the last byte, when a character is cut off. */
function firstWrong(bytes: Uint8Array, label: string): number {
  const isText = (length: number): boolean => {
    try {
      new TextDecoder(label, { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isText(middle)) good = middle;
    else bad = middle;
  }
  return Math.max(0, bad - 1);
}

/** How many lines end in a text. */
export function lineFeedsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
