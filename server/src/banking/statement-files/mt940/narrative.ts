import { given, joinRemittance, normalAccount } from '../fields.ts';

/** What :86: says about a line. */
export interface Narrative {
  readonly counterpartyName: string | undefined;
  readonly counterpartyAccount: string | undefined;
  readonly remittance: string;
  readonly references: readonly string[];
}

/**
 * Sub-fields of two digits after one separator, with a transaction code of three digits before or without:
 * German banks write 166?00…?20…, Polish ones <00…<20… or ~00…~20….
 */
const SUBFIELDS = /^(?:\d{3}([?<~^@!+|>])|([?<~^]))\d\d/;
/** The sub-fields there are; the separator before other digits is part of the text. */
const SUBFIELD_CODES = '(?=(?:0\\d|[12]\\d|3\\d|6[0-3]))';
/** A German sub-field has 27 characters: a full one runs on in the next. */
const SUBFIELD_LENGTH = 27;
/** Tags that German banks put before the parts of ?20 to ?29 (DFÜ-Abkommen, annex 3). */
const SEPA_TAG = /(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP)\+/;
/** Codes of SWIFT and of Dutch and Belgian banks. Text in slashes counts only when it begins with one. */
const SLASH_CODES =
  'ABWA|ABWE|ACCW|ADDR|BENM|BIC|BREF|CDTRREF|CNTP|CSID|EREF|IBAN|ID|INST|IREF|ISDT|KREF|MARF|NAME|' +
  'NRTX|OCMT|ORDP|PREF|PURP|REMI|RFID|RTRN|SVCL|SVWZ|TRCD|TRTP|ULTB|ULTC|ULTD';
const SLASH_START = new RegExp(`^/(?:${SLASH_CODES})/`);
const SLASH_SPLIT = new RegExp(`/(${SLASH_CODES})/`);
const NO_REFERENCE = /^(?:|NOTPROVIDED|NONREF|NOT PROVIDED)$/;

/**
 * Reads the lines of :86: (and the supplementary lines of :61:), in whichever of its dialects it certainly
 * is; text of no certain dialect is remittance as it stands.
 */
export function readNarrative(
  lines: readonly string[],
  supplementary: readonly string[],
): Narrative {
  const first = lines[0] ?? '';
  const [, behindCode, alone] = SUBFIELDS.exec(first) ?? [];
  const separator = behindCode ?? alone;
  // A line ends where the field is 65 characters long, in the middle of a word as well.
  if (separator !== undefined) return readSubfields(lines.join(''), separator, supplementary);
  if (SLASH_START.test(first)) return readSlashCodes(lines.join(''), supplementary);
  return {
    counterpartyName: undefined,
    counterpartyAccount: undefined,
    remittance: joinRemittance([...lines, ...supplementary]),
    references: [],
  };
}

const splitters = new Map<string, RegExp>();

/** The separators are few, and compiling an expression for every line costs more than using it. */
function splitterOf(separator: string): RegExp {
  const known = splitters.get(separator);
  if (known) return known;
  const splitter = new RegExp(`\\${separator}${SUBFIELD_CODES}`);
  splitters.set(separator, splitter);
  return splitter;
}

function readSubfields(
  text: string,
  separator: string,
  supplementary: readonly string[],
): Narrative {
  const parts = text.split(splitterOf(separator)).slice(1);
  let remittance = '';
  let wasFull = false;
  let name = '';
  const accounts = new Map<string, string>();
  const other: string[] = [];
  for (const part of parts) {
    const [code, value] = [part.slice(0, 2), part.slice(2)];
    if (/^(?:2\d|6[0-3])$/.test(code)) {
      const glue = remittance === '' || wasFull ? '' : '\n';
      remittance +=
        SEPA_TAG.test(value.slice(0, 5)) && remittance !== '' ? `\n${value}` : glue + value;
      wasFull = isFull(value);
    } else if (code === '32' || code === '33') {
      // A name that fills its sub-field is cut in the middle of a word; a shorter one is a first name.
      name += name === '' || isFull(name) ? value : ` ${value}`;
    } else if (code === '31' || code === '38') accounts.set(code, value);
    else if (code === '00') other.push(value);
  }
  const tags = readSepaTags(remittance);
  const text86 = tags.get('SVWZ') ?? remittance;
  return {
    counterpartyName: given(name.trim().replace(/ {2,}/g, ' ')),
    counterpartyAccount: given(normalAccount(accounts.get('38') ?? accounts.get('31') ?? '')),
    remittance: joinRemittance([
      ...text86.split('\n'),
      ...(text86 === '' ? other : []),
      ...supplementary,
    ]),
    references: present([tags.get('EREF'), tags.get('KREF')]),
  };
}

/** Banks count characters; one beyond the basic plane, such as a rare one of a name, is two units of a string. */
function isFull(subfield: string): boolean {
  return subfield.length >= SUBFIELD_LENGTH && Array.from(subfield).length >= SUBFIELD_LENGTH;
}

/** Splits EREF+…SVWZ+… into its parts. Text without tags has none. */
function readSepaTags(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  const pieces = text.split(SEPA_TAG);
  // Nothing but tagged parts: what comes before the first tag would be lost otherwise.
  if ((pieces[0] ?? '').trim() !== '') return tags;
  for (let i = 1; i + 1 < pieces.length; i += 2) {
    const [tag, value] = [pieces[i] ?? '', pieces[i + 1] ?? ''];
    tags.set(tag, tag === 'SVWZ' ? value.trim() : value.replace(/\n/g, '').trim());
  }
  return tags;
}

function readSlashCodes(text: string, supplementary: readonly string[]): Narrative {
  const codes = new Map<string, string>();
  const pieces = text.split(SLASH_SPLIT);
  for (let i = 1; i + 1 < pieces.length; i += 2) {
    const [code, value] = [pieces[i] ?? '', (pieces[i + 1] ?? '').trim()];
    if (!codes.has(code)) codes.set(code, value);
  }
  // ING: /CNTP/account/BIC/name/city/
  const [account = '', , name = ''] = (codes.get('CNTP') ?? '').split('/');
  const remittance = (codes.get('REMI') ?? codes.get('SVWZ') ?? '').replace(
    /^\/?(?:USTD|STRD)\/\/?/,
    '',
  );
  const reference = codes.get('EREF')?.replace(/\/+$/, '');
  return {
    counterpartyName: given(tidy(codes.get('NAME') ?? name)),
    counterpartyAccount: given(normalAccount(tidy(codes.get('IBAN') ?? account))),
    remittance: joinRemittance([
      tidy(remittance) === '' ? text : tidy(remittance),
      ...supplementary,
    ]),
    references: present([reference, codes.get('KREF')?.replace(/\/+$/, '')]),
  };
}

function tidy(text: string): string {
  return text.replace(/^\/+|\/+$/g, '').trim();
}

function present(references: readonly (string | undefined)[]): readonly string[] {
  return references.filter(
    (text): text is string => text !== undefined && !NO_REFERENCE.test(text),
  );
}
