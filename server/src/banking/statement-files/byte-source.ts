import { TextDecoder } from 'node:util';
import { AppError } from '../../kernel/error.ts';
import { statementCharsetWrong, statementFormatUnknown, statementTooLarge } from '../errors.ts';
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

/** Which charset the text is in, and who said so. */
export interface Charset {
  readonly label: string;
  readonly source: 'caller' | 'file' | 'format';
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

/** Decodes strictly: a byte sequence that is none of the charset is statement_charset_wrong. */
export async function* decodeText(
  pieces: AsyncIterable<Uint8Array>,
  charset: Charset,
): AsyncGenerator<string> {
  const decoder = strictDecoder(charset);
  let nearByte = 0;
  const decode = (piece?: Uint8Array) => {
    try {
      return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
    } catch (cause) {
      const facts = { charset: charset.label, source: charset.source, nearByte };
      throw new AppError(statementCharsetWrong, facts, { cause });
    }
  };
  for await (const piece of pieces) {
    yield decode(piece);
    nearByte += piece.length;
  }
  yield decode();
}
