import { defineError } from '../kernel/error.ts';

/** All that an error may say of its place in a file, 1-based. */
type PlaceFacts = Partial<{
  /** A text line; of XML the one where the element begins. */
  line: number;
  /** An entry or row (XML), of the whole file. */
  entry: number;
  /** Which statement of the file (camt.053). */
  statement: number;
  /** The bank's own name for that statement. */
  statementId: string;
}>;

/** Where in a file something is wrong: a line or an entry at least. */
export type Place = Readonly<PlaceFacts> & ({ readonly line: number } | { readonly entry: number });

/** What was found is shortened to this many characters before it goes into an error. */
const FOUND_LENGTH = 80;

/** Shortens what a file contains to what an error may carry; control characters become visible. */
export function shorten(found: string): string {
  const head = found.length > FOUND_LENGTH ? `${found.slice(0, FOUND_LENGTH - 1)}…` : found;
  return head.replace(/\p{Cc}/gu, ' ');
}

/** The head of the file is of no format that is read. */
export const statementFormatUnknown = defineError<{
  seen: string;
  declared?: string;
  readable: readonly string[];
}>()({
  code: 'statement_format_unknown',
  kind: 'unsupported',
  title: {
    en: 'The statement file is of no format that can be read',
    zh: '对账单文件的格式无法识别',
  },
  remedy: {
    en: 'Download the statement as camt.053, MT940 or a CITIC detail reply, or declare a CSV mapping.',
    zh: '请从银行下载 camt.053、MT940 或中信明细报文格式的对账单；CSV 文件须同时提交列映射。',
  },
});

/** The head of the file is of another readable format than the caller declared. `seen`: what says so. */
export const statementFormatDiffers = defineError<{
  declared: string;
  looksLike: string;
  seen: string;
}>()({
  code: 'statement_format_differs',
  kind: 'unsupported',
  title: {
    en: 'The statement file is not of the declared format',
    zh: '对账单文件与声明的格式不符',
  },
  remedy: {
    en: 'Declare the format that `looksLike` names, or none: it is told from the file. Or send the other file.',
    zh: '请声明 looksLike 所示的格式，或不声明，由系统识别；若选错了文件，请重新选择。',
  },
});

/** The file ends before its statement does. */
export const statementTruncated = defineError<{ missing: string } & PlaceFacts>()({
  code: 'statement_truncated',
  kind: 'invalid',
  title: { en: 'The statement file is cut off', zh: '对账单文件不完整' },
  remedy: {
    en: 'Nothing of the unfinished statement may be used: download or transfer the file again.',
    zh: '未完整的对账单不可使用：请重新下载或传输该文件。',
  },
});

/** The file breaks the grammar of its format. */
export const statementMalformed = defineError<{ problem: string; found: string } & PlaceFacts>()({
  code: 'statement_malformed',
  kind: 'invalid',
  title: { en: 'The statement file is not well-formed', zh: '对账单文件的结构有误' },
  remedy: {
    en: 'Download the file again without editing it; if that does not help, ask the bank.',
    zh: '请重新下载且不要编辑该文件；若仍有误，请联系银行。',
  },
});

/**
 * The bytes are not text in the charset that the file declares, or that the caller declared. `byte` is the first
 * one that cannot stand where it stands, 1-based, and `found` is its value in hexadecimal. `looksLike`: what all of
 * the file is in, where it could be read as declared and would come out as a jumble.
 */
export const statementCharsetWrong = defineError<{
  charset: string;
  source: 'caller' | 'file' | 'format';
  byte: number;
  line: number;
  found: string;
  looksLike?: string;
}>()({
  code: 'statement_charset_wrong',
  kind: 'invalid',
  title: {
    en: 'The statement file is not written in the expected charset',
    zh: '对账单文件的字符集不符',
  },
  remedy: {
    en: 'Declare the charset of the file, for example gb18030, iso-8859-1 or windows-1252.',
    zh: '请声明文件的字符集，例如 gb18030、iso-8859-1 或 windows-1252。',
  },
});

/** Opening + credits − debits is not the closing balance. */
export const statementTotalsDisagree = defineError<
  {
    reason: 'sum' | 'running_balance' | 'record_count';
    field: string;
    expected: string;
    found: string;
    accountNumber?: string;
  } & PlaceFacts
>()({
  code: 'statement_totals_disagree',
  kind: 'invalid',
  title: {
    en: 'The balances of the statement do not agree with its lines',
    zh: '对账单的余额与明细不符',
  },
  remedy: {
    en: 'A line is missing or changed: download the statement again; if that does not help, ask the bank.',
    zh: '可能缺少明细或明细被改动：请重新下载对账单；若仍不符，请联系银行。',
  },
});

/** A balance or a line is in another currency than its statement: nothing can be added up. */
export const statementCurrenciesMixed = defineError<
  {
    field: string;
    expected: string;
    found: string;
    accountNumber?: string;
  } & PlaceFacts
>()({
  code: 'statement_currencies_mixed',
  kind: 'invalid',
  title: {
    en: 'The statement is in more than one currency',
    zh: '对账单含有多种币种',
  },
  remedy: {
    en: 'A statement has one currency, and amounts are never converted: ask the bank for one statement for each.',
    zh: '一份对账单只能有一种币种，系统不作换算：请向银行按币种分别索取对账单。',
  },
});

/** One field is missing or unreadable. */
export const statementFieldInvalid = defineError<
  { field: string; found: string; allowed: string } & PlaceFacts
>()({
  code: 'statement_field_invalid',
  kind: 'invalid',
  title: { en: 'A field of the statement cannot be read', zh: '对账单中有字段无法读取' },
  remedy: {
    en: 'The facts name the place, the field, and what is allowed there.',
    zh: '错误信息已指明位置、字段及允许的取值，请据此更正。',
  },
});

/** A named limit on what is read was passed. */
export const statementTooLarge = defineError<{ limit: string; maximum: number } & PlaceFacts>()({
  code: 'statement_too_large',
  kind: 'too_large',
  title: { en: 'The statement file passes a limit', zh: '对账单文件超出限制' },
  remedy: {
    en: 'Split the file by day or by account; the facts name the limit.',
    zh: '请按日期或账户拆分文件；错误信息已指明所超出的限制。',
  },
});

/** The declared CSV mapping is wrong, or does not fit the file's columns. */
export const csvMappingInvalid = defineError<{
  field: string;
  problem: string;
  allowed?: readonly string[];
  columnsFound?: readonly string[];
}>()({
  code: 'csv_mapping_invalid',
  kind: 'invalid',
  title: {
    en: 'The CSV mapping is wrong or does not fit the file',
    zh: 'CSV 列映射有误或与文件不符',
  },
  remedy: {
    en: 'Correct the named field of the mapping; what is allowed, or the columns of the file, are in the facts.',
    zh: '请更正所指明的映射字段；允许的取值或文件中的列名见错误信息。',
  },
});

/** The bank's reply is not a statement but a failure. */
export const statementReplyFailed = defineError<{ bankStatus: string; bankStatusText: string }>()({
  code: 'statement_reply_failed',
  kind: 'refused',
  title: { en: 'The file is a failed reply of the bank', zh: '该文件是银行返回的失败报文' },
  remedy: {
    en: 'Query the details again; `bankStatus` and `bankStatusText` are the bank’s.',
    zh: '请重新查询明细；bankStatus 与 bankStatusText 为银行返回的状态码与说明。',
  },
});

/** What was asked of the calendar, or stated, cannot be. `errors`: which field, and why. */
export const calendarInvalid = defineError<{
  errors: readonly { pointer: string; detail: string }[];
}>()({
  code: 'calendar_invalid',
  kind: 'invalid',
  title: { en: 'These days of the calendar cannot be', zh: '日历日期有误' },
  remedy: {
    en: 'Correct the fields that `errors` names. A year is stated by days of that year, each once.',
    zh: '请更正 errors 所指字段。导入年度日历时，各日期须属于该年且不得重复。',
  },
});

/** Nothing was stated of this day one by one. */
export const calendarDayNotEdited = defineError<{ date: string }>()({
  code: 'calendar_day_not_edited',
  kind: 'not_found',
  title: { en: 'This day was not edited', zh: '该日期未被修改过' },
  remedy: {
    en: 'List the days: only those whose source is `edited` can be taken back.',
    zh: '请查询日历：仅可撤销来源为 edited 的日期。',
  },
});

/** Terms of a rail that cannot be. `errors`: which field, and why. */
export const railInvalid = defineError<{
  errors: readonly { pointer: string; detail: string }[];
}>()({
  code: 'rail_invalid',
  kind: 'invalid',
  title: { en: 'The terms of the rail cannot be', zh: '汇路规则有误' },
  remedy: {
    en: 'Correct the fields that `errors` names. Terms begin today or later.',
    zh: '请更正 errors 所指字段。规则只能自当日或以后生效。',
  },
});

/** Other terms of the same rail were put at the same moment, several times. */
export const railBusy = defineError<{ rail: string }>()({
  code: 'rail_busy',
  kind: 'conflict',
  title: { en: 'The terms of the rail are being changed by others', zh: '该汇路规则正被他人修改' },
  remedy: {
    en: 'Read the versions of the rail; change it again if that is still wanted.',
    zh: '请先查看该汇路的各版本；如仍需要，请重新提交。',
  },
});
