import { AppError } from '../../kernel/error.ts';
import { shorten, statementFormatDiffers, statementFormatUnknown } from '../errors.ts';
import { READABLE } from './byte-source.ts';
import type { Charset } from './charset.ts';
import type { StatementFormat } from './statement-file.ts';

/** The format of a file, and what in its head says so. */
export interface Detected {
  readonly format: StatementFormat;
  readonly evidence: string;
}

/** Files that are none: told by their first bytes, so that the error can name them. */
const SIGNATURES: readonly (readonly [bytes: string, name: string])[] = [
  ['504b0304', 'a ZIP archive or an Excel workbook (.xlsx)'],
  ['d0cf11e0', 'an old Excel or Word document'],
  ['25504446', 'a PDF document'],
  ['1f8b', 'a gzip archive'],
  ['52617221', 'a RAR archive'],
  ['377abcaf', 'a 7-Zip archive'],
];

/**
 * Tells the format from the head of the file, or checks a declared one against it. CSV is never detected.
 * Throws statement_format_unknown and statement_format_differs, which name what was seen.
 */
export function detectFormat(head: Uint8Array, declared?: StatementFormat): Detected {
  const seen = foreignFile(head);
  if (seen !== undefined) throw unknown(seen, declared);
  const text = latinText(head);
  const found = formatOf(text, declared);
  if (declared === undefined) {
    if (found) return found;
    throw unknown(describe(readableText(head)), declared);
  }
  if (found && family(found.format) !== family(declared)) {
    const { format: looksLike, evidence: seen } = found;
    throw new AppError(statementFormatDiffers, { declared, looksLike, seen });
  }
  if (!found && family(declared) === 'camt.053') {
    throw unknown(describe(readableText(head)), declared);
  }
  return { format: declared, evidence: found?.evidence ?? 'declared by the caller' };
}

function unknown(seen: string, declared: StatementFormat | undefined): AppError {
  const facts = { seen: shorten(seen), readable: READABLE };
  return new AppError(statementFormatUnknown, declared ? { ...facts, declared } : facts);
}

/** A failed or empty CITIC reply has no rows to tell the action by, so the two count as one. */
function family(format: StatementFormat): string {
  return format.startsWith('citic') ? 'citic' : format;
}

function foreignFile(head: Uint8Array): string | undefined {
  if (head.length === 0) return 'an empty file';
  const hex = Buffer.from(head.subarray(0, 4)).toString('hex');
  const signature = SIGNATURES.find(([bytes]) => hex.startsWith(bytes));
  if (signature) return signature[1];
  return wideOf(head) === undefined && head.includes(0) && !/<stream[\s>]/.test(latinText(head))
    ? 'a binary file (it has NUL bytes)'
    : undefined;
}

/** UTF-16, told by its byte order mark, or by the `<` that XML begins with. */
function wideOf(head: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  return undefined;
}

/** The head as text to search for ASCII words in: every charset that is read keeps those, but UTF-16. */
function latinText(head: Uint8Array): string {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const wide = wideOf(head);
  if (wide !== undefined) {
    const pairs = Buffer.from(bytes.subarray(0, bytes.length & ~1));
    const text = (wide === 'utf-16be' ? pairs.swap16() : pairs).toString('utf16le');
    return text.startsWith('\ufeff') ? text.slice(1) : text;
  }
  const text = bytes.toString('latin1');
  return text.startsWith('ï»¿') ? text.slice(3) : text;
}

/** The head as a person would read it, to be shown: UTF-8 unless it is UTF-16. */
function readableText(head: Uint8Array): string {
  return wideOf(head) !== undefined ? latinText(head) : new TextDecoder('utf-8').decode(head);
}

function formatOf(text: string, declared: StatementFormat | undefined): Detected | undefined {
  if (/^\s*</.test(text)) return xmlFormat(text, declared);
  if (declared === 'csv') return undefined;
  const mt940 = /(?:^|\n|\{4:\s*):20:/.exec(text);
  if (mt940 && /\n:(?:25P?|28C?|60[FM]):/.test(text)) {
    return { format: 'mt940', evidence: 'the fields :20: and :25:, :28C: or :60F: at line starts' };
  }
  return undefined;
}

function xmlFormat(text: string, declared: StatementFormat | undefined): Detected | undefined {
  const namespace = /camt\.053\.001\.\d\d/.exec(text);
  const message = /<(?:[\w.-]+:)?(BkToCstmrStmt(?:V\d\d)?)[\s>]/.exec(text);
  if (message) {
    const name = namespace ? `${namespace[0]}, ` : '';
    return { format: 'camt.053', evidence: `${name}element ${message[1] ?? ''}` };
  }
  if (namespace) return { format: 'camt.053', evidence: `namespace ${namespace[0]}` };
  if (!/<stream[\s>]/.test(text)) return undefined;
  if (/<(?:tranNo|creditDebitFlag|sumTranNo)[\s/>]/.test(text)) {
    return { format: 'citic-dltrnall', evidence: '<stream> with rows of tranNo, creditDebitFlag' };
  }
  if (/<(?:TRANTYPE|CDFG|HOSTFLW)[\s/>]/.test(text)) {
    return { format: 'citic-dlstrndt', evidence: '<stream> with rows of TRANTYPE, CDFG' };
  }
  return /<status[\s>]/.test(text) ? replyWithoutRows(text, declared) : undefined;
}

/**
 * A CITIC reply without rows says by its head which action it answers: only DLTRNALL repeats the account and counts
 * all records. A head of a status alone fits both, and brings nothing either way.
 */
function replyWithoutRows(text: string, declared: StatementFormat | undefined): Detected {
  if (declared && family(declared) === 'citic') {
    return { format: declared, evidence: '<stream> with a status and no rows' };
  }
  const [, field] = /<(accountNo|accountName|openBankName|totalRecords)[\s/>]/.exec(text) ?? [];
  return field === undefined
    ? {
        format: 'citic-dlstrndt',
        evidence: '<stream> with a status alone, which DLTRNALL may answer too',
      }
    : { format: 'citic-dltrnall', evidence: `<stream> with ${field} and no rows` };
}

function describe(text: string): string {
  const foreign = /(camt|pain|pacs)\.\d{3}\.\d{3}\.\d\d/.exec(text);
  if (foreign) return `XML of ${foreign[0]}`;
  const root = /<([A-Za-z][\w:.-]*)/.exec(text);
  if (/^\s*</.test(text) && root) return `XML with the root element ${root[1] ?? ''}`;
  const line = text.split(/\r?\n/).find((candidate) => candidate.trim() !== '') ?? '';
  return `text that begins: ${line}`;
}

/**
 * The charset of an XML file: the caller's word, else what the first bytes show, else the declaration, else UTF-8.
 * A declaration of UTF-16 that can be read byte by byte is wrong: programs convert files and leave it.
 */
export function xmlCharset(head: Uint8Array, declared: string | undefined): Charset {
  if (declared !== undefined) return { label: declared, source: 'caller' };
  const wide = wideOf(head);
  if (wide !== undefined) return { label: wide, source: 'file' };
  if (hasUtf8Mark(head)) return { label: 'utf-8', source: 'file' };
  const declaration = /^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']/.exec(latinText(head));
  const label = declaration?.[1];
  if (label !== undefined && !/^utf-16/i.test(label)) return { label, source: 'file' };
  return { label: 'utf-8', source: 'format' };
}

function hasUtf8Mark(head: Uint8Array): boolean {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
}

/** The charset of a text file: the caller's word, else what the first bytes show, else UTF-8. */
export function textCharset(head: Uint8Array, declared: string | undefined): Charset {
  if (declared !== undefined) return { label: declared, source: 'caller' };
  const wide = wideOf(head);
  return wide === undefined
    ? { label: 'utf-8', source: 'format' }
    : { label: wide, source: 'file' };
}
