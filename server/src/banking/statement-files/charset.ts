import { TextDecoder } from 'node:util';
import { AppError } from '../../kernel/error.ts';
import { statementCharsetWrong } from '../errors.ts';

/** Which charset the text is in, and who said so. */
export interface Charset {
  readonly label: string;
  readonly source: 'caller' | 'file' | 'format';
}

/** Charsets in which each byte is a character: nothing that is read as one of them is ever seen to be wrong. */
const SINGLE_BYTE = /^(iso-8859-|windows-(?!949$|31j$)|koi8-|ibm866$|macintosh$|x-mac-)/;
const FIRST_BEYOND_ASCII = 0x80;

/**
 * Notices UTF-8 in a file that declares a charset of single bytes: Chinese names would be recorded as a jumble of
 * accents. Text of such a charset in which every byte beyond ASCII belongs to a character of UTF-8 does not occur by
 * chance; who has one may declare its charset to us, and is believed.
 */
export class Utf8Guess {
  readonly #charset: Charset;
  #utf8: TextDecoder | undefined;
  /** The first byte beyond ASCII: where it stands, and its value. */
  #first: { readonly byte: number; readonly line: number; readonly value: number } | undefined;

  /** `encoding`: the charset's own name, as a decoder tells it. */
  constructor(charset: Charset, encoding: string) {
    this.#charset = charset;
    const isWatched = charset.source !== 'caller' && SINGLE_BYTE.test(encoding);
    this.#utf8 = isWatched ? new TextDecoder('utf-8', { fatal: true }) : undefined;
  }

  /** The next piece, and how many bytes and line feeds came before it. */
  passed(piece: Uint8Array, before: { readonly bytes: number; readonly lineFeeds: number }): void {
    if (!this.#utf8) return;
    const at = this.#first ? -1 : piece.findIndex((byte) => byte >= FIRST_BEYOND_ASCII);
    if (at >= 0) {
      const lineFeeds = piece.subarray(0, at).filter((byte) => byte === 0x0a).length;
      const line = before.lineFeeds + lineFeeds + 1;
      this.#first = { byte: before.bytes + at + 1, line, value: piece[at] ?? 0 };
    }
    this.#decode(() => this.#utf8?.decode(piece, { stream: true }));
  }

  /** At the end of the file. Throws statement_charset_wrong when it was UTF-8. */
  ended(): void {
    this.#decode(() => this.#utf8?.decode());
    if (!this.#utf8 || !this.#first) return;
    const { byte, line, value } = this.#first;
    const { label, source } = this.#charset;
    throw new AppError(statementCharsetWrong, {
      ...{ charset: label, source, byte, line, found: value.toString(16) },
      looksLike: 'utf-8',
    });
  }

  #decode(decode: () => unknown): void {
    try {
      decode();
    } catch {
      this.#utf8 = undefined;
    }
  }
}
