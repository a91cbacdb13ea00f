import { type Currency, currency } from '../../src/kernel/currency.ts';
import { formatDecimal } from '../../src/kernel/decimal.ts';

/** One line of a generated statement. Amounts are positive minor units. */
export interface SampleLine {
  readonly direction: 'credit' | 'debit';
  readonly amount: bigint;
  /** YYYY-MM-DD. */
  readonly bookingDate: string;
  /** The bank's reference; leave it out to have it derived (camt.053, MT940 and CSV only). */
  readonly reference?: string;
  readonly counterpartyName: string;
  readonly counterpartyAccount: string;
  readonly remittance: string;
  /** Written as CdtrAcct (camt.053), subAccNo (DLSTRNDT) or a column (CSV) of a credit. */
  readonly creditedAccount?: string;
}

/** What a generated file says. The closing balance is made from the opening and the lines. */
export interface SampleOptions {
  readonly accountNumber: string;
  readonly currency: Currency;
  readonly entries: number;
  /** Minor units; 0n without. */
  readonly opening?: bigint;
  /** Line 0 … entries − 1; must answer the same each time, for it is asked twice. */
  readonly lineAt?: (index: number) => SampleLine;
  /** These virtual accounts are paid in turn, in the remittance text or in the field for it. */
  readonly creditedAccounts?: readonly string[];
  readonly creditedIn?: 'remittance' | 'field';
  /** Makes the references of one file differ from another's; empty without. */
  readonly prefix?: string;
  /** Of all lines, YYYY-MM-DD. */
  readonly bookingDate?: string;
}

const encoder = new TextEncoder();
/** Files are given out in pieces of about this many characters. */
const PIECE = 65_536;
const CNY = currency('CNY');

/** The line that a file has at an index when nothing else is asked for: 1.00, 1.01, 1.02, …, all credits. */
export function sampleLine(options: SampleOptions, index: number): SampleLine {
  if (options.lineAt) return options.lineAt(index);
  const { creditedAccounts = [], creditedIn = 'remittance', prefix = '' } = options;
  const credited = creditedAccounts[index % Math.max(1, creditedAccounts.length)];
  const inText = credited !== undefined && creditedIn === 'remittance' ? ` ${credited}` : '';
  const line: SampleLine = {
    direction: 'credit',
    amount: 100n + BigInt(index % 1_000),
    bookingDate: options.bookingDate ?? '2026-03-02',
    reference: `${prefix}R${String(index).padStart(8, '0')}`,
    counterpartyName: `商贸有限公司 ${index % 997}`,
    counterpartyAccount: `62220000${String(index % 99_991).padStart(8, '0')}`,
    remittance: `top-up ${index}${inText}`,
  };
  return credited !== undefined && creditedIn === 'field'
    ? { ...line, creditedAccount: credited }
    : line;
}

/** Opening plus credits minus debits. */
export function sampleClosing(options: SampleOptions): bigint {
  let closing = options.opening ?? 0n;
  for (let index = 0; index < options.entries; index++) {
    closing += signedOf(sampleLine(options, index));
  }
  return closing;
}

function signedOf({ direction, amount }: SampleLine): bigint {
  return direction === 'credit' ? amount : -amount;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function element(name: string, text: string | undefined): string {
  return text === undefined || text === '' ? '' : `<${name}>${xml(text)}</${name}>`;
}

/** Joins small texts to pieces and encodes them. */
async function* encoded(
  texts: Iterable<string>,
  encode: (text: string) => Uint8Array = (text) => encoder.encode(text),
): AsyncGenerator<Uint8Array> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    // A turn of the event loop, as a file or a socket would take.
    yield await Promise.resolve(encode(piece));
    piece = '';
  }
  yield encode(piece);
}

/** A camt.053 file of one statement, about 650 bytes an entry. `version` is the last part of its namespace. */
export function camtFile(options: SampleOptions & { readonly version?: string }) {
  return encoded(camtTexts(options, options.version ?? '08'));
}

function* camtTexts(options: SampleOptions, version: string): Generator<string> {
  const { accountNumber, currency: code, opening = 0n, entries } = options;
  const balance = (type: string, amount: bigint) => {
    const size = formatDecimal(amount < 0n ? -amount : amount, code);
    const day = options.bookingDate ?? '2026-03-02';
    return `<Bal><Tp><CdOrPrtry><Cd>${type}</Cd></CdOrPrtry></Tp><Amt Ccy="${code}">${size}</Amt><CdtDbtInd>${amount < 0n ? 'DBIT' : 'CRDT'}</CdtDbtInd><Dt><Dt>${day}</Dt></Dt></Bal>\n`;
  };
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>\n<Stmt><Id>S1</Id><ElctrncSeqNb>1</ElctrncSeqNb><Acct><Id><Othr>${element('Id', accountNumber)}</Othr></Id><Ccy>${code}</Ccy></Acct>\n`;
  yield balance('OPBD', opening);
  yield balance('CLBD', sampleClosing(options));
  for (let index = 0; index < entries; index++) yield camtEntry(options, index, version);
  yield '</Stmt></BkToCstmrStmt></Document>\n';
}

function camtEntry(options: SampleOptions, index: number, version: string): string {
  const line = sampleLine(options, index);
  const { accountNumber, currency: code } = options;
  const amount = `<Amt Ccy="${code}">${formatDecimal(line.amount, code)}</Amt>`;
  const indicator = `<CdtDbtInd>${line.direction === 'credit' ? 'CRDT' : 'DBIT'}</CdtDbtInd>`;
  const modern = Number(version) >= 8;
  const status = modern ? '<Sts><Cd>BOOK</Cd></Sts>' : '<Sts>BOOK</Sts>';
  const party = (tag: string, name: string, account: string) => {
    const named = modern ? `<Pty>${element('Nm', name)}</Pty>` : element('Nm', name);
    return `<${tag}>${named}</${tag}><${tag}Acct><Id><Othr>${element('Id', account)}</Othr></Id></${tag}Acct>`;
  };
  const other = [line.counterpartyName, line.counterpartyAccount] as const;
  const parties =
    line.direction === 'credit'
      ? `${party('Dbtr', ...other)}${party('Cdtr', 'Own', line.creditedAccount ?? accountNumber)}`
      : `${party('Dbtr', 'Own', accountNumber)}${party('Cdtr', ...other)}`;
  return `<Ntry>${amount}${indicator}${status}<BookgDt><Dt>${line.bookingDate}</Dt></BookgDt><ValDt><Dt>${line.bookingDate}</Dt></ValDt>${element('AcctSvcrRef', line.reference)}<NtryDtls><TxDtls>${amount}${indicator}<RltdPties>${parties}</RltdPties><RmtInf>${element('Ustrd', line.remittance)}</RmtInf></TxDtls></NtryDtls></Ntry>\n`;
}

/** An MT940 file of one statement, with German sub-fields in :86:. UTF-8. */
export function mt940File(options: SampleOptions) {
  return encoded(mt940Texts(options));
}

function* mt940Texts(options: SampleOptions): Generator<string> {
  const { accountNumber, currency: code, opening = 0n, entries } = options;
  const written = (amount: bigint) => {
    const text = formatDecimal(amount < 0n ? -amount : amount, code).replace('.', ',');
    return text.includes(',') ? text : `${text},`;
  };
  const short = (date: string) => date.replaceAll('-', '').slice(2);
  const day = short(options.bookingDate ?? '2026-03-02');
  const balance = (tag: string, amount: bigint) =>
    `:${tag}:${amount < 0n ? 'D' : 'C'}${day}${code}${written(amount)}\r\n`;
  yield `:20:S1\r\n:25:${accountNumber}\r\n:28C:1/1\r\n${balance('60F', opening)}`;
  for (let index = 0; index < entries; index++) {
    const line = sampleLine(options, index);
    const date = short(line.bookingDate);
    const mark = line.direction === 'credit' ? 'C' : 'D';
    const reference = line.reference === undefined ? '' : `//${line.reference}`;
    const subfields = `?20${line.remittance}?31${line.counterpartyAccount}?32${line.counterpartyName}`;
    yield `:61:${date}${date.slice(2)}${mark}${written(line.amount)}NTRFNONREF${reference}\r\n:86:166${subfields}\r\n`;
  }
  yield `${balance('62F', sampleClosing(options))}-\r\n`;
}

/** A DLTRNALL reply of CITIC's direct link, in GBK, oldest row first. CNY. */
export function citicMainAccountFile(options: Omit<SampleOptions, 'currency'>) {
  return encoded(dltrnallTexts({ ...options, currency: CNY }), encodeGbk);
}

function* dltrnallTexts(options: SampleOptions): Generator<string> {
  const { accountNumber, entries } = options;
  yield citicHead(entries, `${element('accountNo', accountNumber)}<accountName>平台</accountName>`);
  let balance = options.opening ?? 0n;
  for (let index = 0; index < entries; index++) {
    const line = sampleLine(options, index);
    balance += signedOf(line);
    const date = line.bookingDate.replaceAll('-', '');
    yield `<row>${element('abstract', line.remittance)}<balance>${formatDecimal(balance, CNY)}</balance><creditDebitFlag>${line.direction === 'credit' ? 'C' : 'D'}</creditDebitFlag><e3rtFlag>1</e3rtFlag>${element('oppAccountName', line.counterpartyName)}${element('oppAccountNo', line.counterpartyAccount)}${element('sumTranNo', '1')}<tranAmount>${formatDecimal(line.amount, CNY)}</tranAmount><tranDate>${date}</tranDate>${element('tranNo', line.reference ?? `T${index}`)}<tranTime>120000</tranTime></row>\n`;
  }
  yield citicTail(entries);
}

/** A DLSTRNDT reply of CITIC's direct link, in GBK: type 23 rows of the credited sub-accounts. CNY. */
export function citicSubAccountFile(options: Omit<SampleOptions, 'currency'>) {
  return encoded(dlstrndtTexts({ ...options, currency: CNY }), encodeGbk);
}

function* dlstrndtTexts(options: SampleOptions): Generator<string> {
  const { entries } = options;
  yield citicHead(entries, '');
  for (let index = 0; index < entries; index++) {
    const line = sampleLine(options, index);
    const date = line.bookingDate.replaceAll('-', '');
    yield `<row><CDFG>${line.direction === 'credit' ? 'C' : 'D'}</CDFG><CRYTYPE>001</CRYTYPE>${element('HOSTFLW', line.reference ?? `SC${index}`)}<HOSTSEQ>1</HOSTSEQ>${element('OPPACCNAME', line.counterpartyName)}${element('OPPACCNO', line.counterpartyAccount)}${element('RESUME', line.remittance)}<TRANAMT>${formatDecimal(line.amount, CNY)}</TRANAMT><TRANDATE>${date}</TRANDATE><TRANTIME>120000</TRANTIME><TRANTYPE>23</TRANTYPE>${element('subAccNo', line.creditedAccount)}</row>\n`;
  }
  yield citicTail(entries);
}

function citicHead(entries: number, scalars: string): string {
  const status =
    entries === 0
      ? '<status>PBRA001</status><statusText>没有符合条件的记录</statusText>'
      : '<status>AAAAAAA</status><statusText>交易成功</statusText>';
  const list = entries === 0 ? '' : '<list name="userDataList">\n';
  return `<?xml version="1.0" encoding="GBK"?>\n<stream>${scalars}<returnRecords>${entries}</returnRecords>${status}${list}`;
}

function citicTail(entries: number): string {
  return entries === 0 ? '</stream>' : '</list></stream>';
}

/** The mapping of the files that `csvFile` makes. */
export const csvSampleMapping = {
  delimiter: ';',
  dateFormat: 'YYYY-MM-DD' as const,
  amount: { unsigned: 'amount', direction: 'way', credit: ['in'], debit: ['out'] },
  columns: {
    bookingDate: 'date',
    reference: 'reference',
    counterpartyName: 'name',
    counterpartyAccount: 'account',
    creditedAccount: 'credited',
    remittance: ['text'],
    currency: 'currency',
    runningBalance: 'balance',
  },
};

/** A CSV file in UTF-8 with a header row and a running balance in its last column. */
export function csvFile(options: SampleOptions) {
  return encoded(csvTexts(options));
}

function* csvTexts(options: SampleOptions): Generator<string> {
  const { currency: code, entries } = options;
  const quoted = (text = '') => `"${text.replaceAll('"', '""')}"`;
  yield 'date;way;amount;currency;reference;name;account;credited;text;balance\n';
  let balance = options.opening ?? 0n;
  for (let index = 0; index < entries; index++) {
    const line = sampleLine(options, index);
    balance += signedOf(line);
    const fields = [
      line.bookingDate,
      line.direction === 'credit' ? 'in' : 'out',
      formatDecimal(line.amount, code),
      code,
      quoted(line.reference),
      quoted(line.counterpartyName),
      quoted(line.counterpartyAccount),
      quoted(line.creditedAccount),
      quoted(line.remittance),
      formatDecimal(balance, code),
    ];
    yield `${fields.join(';')}\n`;
  }
}

let gbkBytes: ReadonlyMap<string, number> | undefined;

/** Encodes as GBK, by the runtime's own decoder read backwards; what GBK lacks becomes &#x…;. */
export function encodeGbk(text: string): Uint8Array {
  gbkBytes ??= readGbkTable();
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) {
      bytes.push(code);
      continue;
    }
    const pair = gbkBytes.get(character);
    if (pair !== undefined) bytes.push(pair >> 8, pair & 0xff);
    else bytes.push(...encoder.encode(`&#x${code.toString(16)};`));
  }
  return Uint8Array.from(bytes);
}

function readGbkTable(): ReadonlyMap<string, number> {
  const decoder = new TextDecoder('gbk');
  const table = new Map<string, number>();
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      if (trail === 0x7f) continue;
      const character = decoder.decode(Uint8Array.of(lead, trail));
      const known = table.has(character) || [...character].length !== 1 || character === '\ufffd';
      if (!known) table.set(character, lead * 256 + trail);
    }
  }
  return table;
}
