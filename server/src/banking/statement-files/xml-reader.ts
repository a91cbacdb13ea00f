import { SaxesParser } from 'saxes';
import { AppError } from '../../kernel/error.ts';
import { shorten, statementMalformed, statementTooLarge, statementTruncated } from '../errors.ts';
import { lineFeedsIn } from './byte-source.ts';
import type { StatementLimits } from './limits.ts';
import { type Attributes, isSpecial, PlainXml, type Tag } from './plain-xml.ts';

/** Is fed a file's text in pieces of any size; writes its events elsewhere. */
export interface TextReader {
  write(text: string): void;
  /** The file is over: throws when the statement is not. */
  end(): void;
}

/** Reads XML, and knows how far. */
export interface XmlReader extends TextReader {
  /** The line that is being read, 1-based: for handlers. */
  line(): number;
}

/** What a format wants to know of a document. Names come as written: see `localName`. */
export interface XmlHandlers {
  open(name: string, attributes: Attributes): void;
  text(text: string): void;
  close(): void;
}

/** The parser is fed slices of this many characters, so that an endless text is noticed in time. */
const SLICE = 65_536;

/**
 * Reads XML strictly: what is not well-formed is refused, and a DOCTYPE always, because the entities it
 * declares can grow without bound or name files. Depth and lengths have limits.
 *
 * Tags and texts without anything special, which is nearly everything in a statement, are read here, at twice the
 * speed; whatever else comes, the parser is told which elements are open and judges alone.
 */
export function createXmlReader(handlers: XmlHandlers, limits: StatementLimits): XmlReader {
  const judge = new Judge(handlers, limits);
  const plain = new PlainXml(judge);
  /** What the last slice ended with: the beginning of a tag or of a text. */
  let rest = '';

  function writeSlice(text: string) {
    const piece = rest + text;
    rest = '';
    if (isSpecial(piece)) {
      judge.write(piece);
      return;
    }
    const hasReferences = piece.includes('&');
    for (let at = 0; at < piece.length; ) {
      if (!judge.isBetweenTags) at = judge.writeTag(piece, at);
      else {
        const { end, isComplete } = plain.read(piece, at, hasReferences);
        if (isComplete) at = judge.writeTag(piece, end);
        else {
          rest = piece.slice(end);
          break;
        }
      }
    }
    if (rest.length <= SLICE) return;
    judge.write(rest);
    rest = '';
  }

  // Blank lines before the declaration are no XML, and some banks write them.
  let hasBegun = false;
  function withoutBlankStart(text: string): string {
    if (hasBegun) return text;
    const begun = text.trimStart();
    judge.untoldLines += lineFeedsIn(text.slice(0, text.length - begun.length));
    hasBegun = begun !== '';
    return begun;
  }

  return {
    write(written) {
      const text = withoutBlankStart(written);
      for (let from = 0; from < text.length; from += SLICE) {
        writeSlice(text.length <= SLICE ? text : text.slice(from, from + SLICE));
      }
    },
    end() {
      judge.write(rest);
      judge.end();
    },
    line: () => judge.line(),
  };
}

/** The parser, and what is counted of all elements, whoever has read them. */
class Judge {
  readonly #handlers: XmlHandlers;
  readonly #limits: StatementLimits;
  // Lines are counted without position tracking too, which costs a seventh of the speed.
  readonly #parser = new SaxesParser<{ position: boolean; xmlns: false }>({
    position: false,
    xmlns: false,
  });
  /** Elements that are open and that the parser was not told of. */
  readonly untold: Tag[] = [];
  /** Lines that the parser was not told of. */
  untoldLines = 0;
  /** True where a tag has just ended inside of an element: then anything that an element has may follow. */
  isBetweenTags = false;
  #isTelling = false;
  #sawTag = false;
  #depth = 0;
  #quiet = 0;
  #isEnding = false;

  constructor(handlers: XmlHandlers, limits: StatementLimits) {
    this.#handlers = handlers;
    this.#limits = limits;
    const parser = this.#parser;
    parser.on('error', (error) => this.#refuse(error.message));
    parser.on('doctype', (doctype) => {
      const problem = 'a DOCTYPE is refused: its entities can grow without bound';
      const facts = { problem, found: shorten(doctype), line: this.line() };
      throw new AppError(statementMalformed, facts);
    });
    parser.on('opentag', ({ name, attributes }) => {
      if (this.#isTelling) return;
      this.#sawTag = true;
      this.open(name, attributes);
    });
    parser.on('closetag', () => {
      this.#sawTag = true;
      this.close();
    });
    parser.on('text', (text) => this.text(text));
    parser.on('cdata', (text) => this.text(text));
    // Comments and instructions are passed over; a long one is noticed because nothing else is heard. With
    // handlers for them too the parser object has so many properties that V8 makes it a slow one: 6 MB/s, not 35.
  }

  /** Has the parser read a text that may be or contain anything. */
  write(text: string): void {
    if (this.untold.length > 0) {
      this.#isTelling = true;
      for (const { name } of this.untold.splice(0)) this.#parser.write(`<${name}>`);
      this.#isTelling = false;
    }
    this.isBetweenTags = false;
    this.#quiet += text.length;
    this.#parser.write(text);
    if (this.#quiet > this.#limits.maxTextLength + SLICE) throw this.#tooLarge('maxTextLength');
  }

  /** Has the parser read from `at` to the next `>`, and says where that ends. */
  writeTag(piece: string, at: number): number {
    const end = piece.indexOf('>', at);
    if (end === -1) {
      this.write(piece.slice(at));
      return piece.length;
    }
    // Any other `>` may be part of a text, a comment or an attribute.
    this.#sawTag = false;
    this.write(piece.slice(at, end + 1));
    this.isBetweenTags = this.#sawTag && this.#depth > 0;
    return end + 1;
  }

  end(): void {
    this.#isEnding = true;
    this.#parser.close();
  }

  open(name: string, attributes: Attributes): void {
    this.#quiet = 0;
    this.#depth += 1;
    if (this.#depth > this.#limits.maxDepth) throw this.#tooLarge('maxDepth');
    this.#handlers.open(name, attributes);
  }

  close(): void {
    this.#quiet = 0;
    this.#depth -= 1;
    this.#handlers.close();
  }

  text(text: string): void {
    this.#quiet = 0;
    if (text.length > this.#limits.maxTextLength) throw this.#tooLarge('maxTextLength');
    this.#handlers.text(text);
  }

  line(): number {
    return this.#parser.line + this.untoldLines;
  }

  #tooLarge(limit: 'maxTextLength' | 'maxDepth'): AppError {
    const maximum = this.#limits[limit];
    return new AppError(statementTooLarge, { limit, maximum, line: this.line() });
  }

  #refuse(message: string): never {
    const line = this.line();
    const found = shorten(message);
    if (this.#isEnding) throw new AppError(statementTruncated, { missing: found, line });
    throw new AppError(statementMalformed, { problem: 'not well-formed XML', found, line });
  }
}

/** The name without its namespace prefix. */
export function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
}
