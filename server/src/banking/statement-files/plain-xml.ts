import { lineFeedsIn } from './byte-source.ts';

/** The attributes of a tag by their names as written. */
export type Attributes = Readonly<Record<string, string>>;

/** Who hears of what was read, and keeps the elements that are open. */
export interface PlainXmlHandlers {
  readonly untold: Tag[];
  untoldLines: number;
  open(name: string, attributes: Attributes): void;
  text(text: string): void;
  close(): void;
}

/** A start tag. The records of a file are alike, so each tag remembers which one came next the last time. */
export interface Tag {
  readonly name: string;
  /** All between `<` and `>`. */
  readonly written: string;
  readonly attributes: Attributes;
  /** The start tag that came next: inside of the element, and after its end. */
  inner: Tag | undefined;
  following: Tag | undefined;
}

/** How far was read; `isComplete` when what comes next is whole, and not plain. */
interface Read {
  readonly end: number;
  readonly isComplete: boolean;
}

/** Different tags that are remembered: a statement has some hundred. */
const MAX_TAGS = 1_000;
const MAX_TAG_LENGTH = 200;
const SLASH = 47;
const GREATER = 62;

const NAME = String.raw`[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?`;
const VALUE = String.raw`"[^"<&\n\t]*"`;
const PLAIN_TAG = new RegExp(`^(${NAME})((?: +${NAME}=${VALUE})*) *$`);
const ATTRIBUTE = new RegExp(` +(${NAME})=(${VALUE})`, 'g');

/**
 * True for a text with characters that XML forbids or changes (2.2, 2.11), or that come in two halves, or with
 * what may not stand in a text (2.4) or ends a CDATA section.
 */
export function isSpecial(text: string): boolean {
  return /[^\t\n -~\u00a0-\ud7ff\ue000-\ufffd]/.test(text) || text.includes(']]>');
}

/**
 * Reads tags and texts as long as they are plain: names in ASCII, attributes in double quotes, no references,
 * comments, sections or instructions, and each end tag that of the last element opened. What it accepts is
 * well-formed (Extensible Markup Language 1.0, 3.1); of all else it says nothing.
 */
export class PlainXml {
  readonly #handlers: PlainXmlHandlers;
  readonly #tags = new Map<string, Tag>();
  /** The element whose tag was read last, and whether that was its end tag. */
  #last: Tag | undefined;
  #isAfterEnd = false;

  constructor(handlers: PlainXmlHandlers) {
    this.#handlers = handlers;
  }

  /** Reads on inside of an element. `piece` must not be special; `hasReferences` when it has an `&`. */
  read(piece: string, start: number, hasReferences: boolean): Read {
    let at = start;
    for (;;) {
      const tag = piece.indexOf('<', at);
      if (tag === -1) return { end: at, isComplete: false };
      if (tag > at) {
        const text = piece.slice(at, tag);
        if (hasReferences && text.includes('&')) return { end: at, isComplete: true };
        // A plain tag is on one line.
        this.#handlers.untoldLines += lineFeedsIn(text);
        this.#handlers.text(text);
        at = tag;
      }
      const end = this.#readTag(piece, tag);
      if (end === -1) return { end: at, isComplete: piece.includes('>', tag) };
      at = end;
    }
  }

  /** Gives where the tag ends; -1 when it is not plain, or not whole. */
  #readTag(piece: string, tag: number): number {
    return piece.charCodeAt(tag + 1) === SLASH
      ? this.#readEnd(piece, tag + 2)
      : this.#readStart(piece, tag + 1);
  }

  #readEnd(piece: string, start: number): number {
    const open = this.#handlers.untold.at(-1);
    if (open === undefined || !piece.startsWith(open.name, start)) return -1;
    const end = start + open.name.length;
    if (piece.charCodeAt(end) !== GREATER) return -1;
    this.#handlers.untold.pop();
    this.#last = open;
    this.#isAfterEnd = true;
    this.#handlers.close();
    return end + 1;
  }

  #readStart(piece: string, start: number): number {
    const last = this.#last;
    let tag = this.#isAfterEnd ? last?.following : last?.inner;
    let end = start + (tag?.written.length ?? 0);
    if (!tag || !piece.startsWith(tag.written, start) || piece.charCodeAt(end) !== GREATER) {
      end = piece.indexOf('>', start);
      if (end === -1) return -1;
      const written = piece.slice(start, end);
      tag = this.#tags.get(written) ?? this.#parse(written);
      if (!tag) return -1;
      if (last && this.#isAfterEnd) last.following = tag;
      else if (last) last.inner = tag;
    }
    this.#last = tag;
    this.#isAfterEnd = false;
    this.#handlers.untold.push(tag);
    this.#handlers.open(tag.name, tag.attributes);
    return end + 1;
  }

  #parse(written: string): Tag | undefined {
    const [, name, rest = ''] = PLAIN_TAG.exec(written) ?? [];
    if (name === undefined) return undefined;
    const attributes = new Map<string, string>();
    for (const [, key = '', value = ''] of rest.matchAll(ATTRIBUTE)) {
      if (attributes.has(key)) return undefined;
      attributes.set(key, value.slice(1, -1));
    }
    const tag: Tag = {
      ...{ name: copy(name), written: copy(written), attributes: Object.fromEntries(attributes) },
      ...{ inner: undefined, following: undefined },
    };
    if (this.#tags.size < MAX_TAGS && written.length <= MAX_TAG_LENGTH) {
      this.#tags.set(tag.written, tag);
    }
    return tag;
  }
}

/** A text of its own: a part of a piece would keep all of it in memory. */
function copy(text: string): string {
  return Buffer.from(text).toString();
}
