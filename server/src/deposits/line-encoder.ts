import type { StatementLine } from '../banking/index.ts';

/** The table that the lines of a file wait in until the whole file was read: gone with the transaction. */
export const LINE_TABLE = `create temp table statement_line (
  bank_entry_id uuid, main_account_id bigint, position integer, direction text, reversal boolean, amount bigint,
  booking_date date, value_date date, reference text collate "C", reference_source text, credited_account text,
  counterparty_name text, counterparty_account text, remittance text, reference_texts text[], bank_code text
) on commit drop`;
/** How its rows are sent. */
export const COPY_LINES = 'copy statement_line from stdin (format binary)';

const COLUMNS = 16;
/** COPY's signature, flags and extension length (protocol documentation, COPY, binary format). */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);
const BUFFER_BYTES = 131_072;
/** A row without its texts: lengths, numbers, short words. */
const FIXED_BYTES = 256;
/** UTF-8 bytes of one UTF-16 unit at most. */
const BYTES_PER_UNIT = 3;
const TEXT_OID = 25;
const NULL_LENGTH = -1;
const UUID_BYTES = 16;
const MS_PER_DAY = 86_400_000;
/** PostgreSQL counts dates from here. */
const DATE_EPOCH_MS = Date.UTC(2000, 0, 1);

/**
 * Writes statement lines in COPY's binary format, into buffers that are given out when they are full. No object
 * is made for a line: there are millions of them.
 */
export class LineEncoder {
  readonly #id: Buffer;
  readonly #days = new Map<string, number>();
  #buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #offset = 0;
  #serial = 0;

  /** `importId` is the UUID that the entries share the first twelve bytes of. */
  constructor(importId: string) {
    this.#id = Buffer.from(importId.replaceAll('-', ''), 'hex');
    this.#offset = HEADER.copy(this.#buffer);
  }

  /** Writes a line of a main account. `serial` becomes the last four bytes of its id. */
  add(line: StatementLine, mainAccountId: bigint, serial: number): void {
    this.#serial = serial;
    this.#reserve(roomFor(line));
    this.#int16(COLUMNS);
    this.#uuid();
    this.#int8(mainAccountId);
    this.#int4(line.position);
    this.#word(line.direction);
    this.#boolean(line.reversal);
    this.#int8(line.amount);
    this.#date(line.bookingDate);
    this.#date(line.valueDate);
    this.#text(line.reference);
    this.#word(line.referenceSource);
    this.#text(line.creditedAccount);
    this.#text(line.counterpartyName);
    this.#text(line.counterpartyAccount);
    this.#text(line.remittance);
    this.#textArray(line.references);
    this.#text(line.bankCode);
  }

  /** A buffer to send, once one is nearly full. */
  takeFull(): Buffer | undefined {
    return this.#offset > BUFFER_BYTES / 2 ? this.#take() : undefined;
  }

  /** The last buffer. */
  end(): Buffer {
    return Buffer.concat([this.#take(), TRAILER]);
  }

  #take(): Buffer {
    const full = this.#buffer.subarray(0, this.#offset);
    this.#buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    this.#offset = 0;
    return full;
  }

  #reserve(bytes: number): void {
    if (this.#offset + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(this.#offset + bytes);
    this.#buffer.copy(larger, 0, 0, this.#offset);
    this.#buffer = larger;
  }

  #int16(value: number): void {
    this.#offset = this.#buffer.writeInt16BE(value, this.#offset);
  }

  #length(value: number): void {
    this.#offset = this.#buffer.writeInt32BE(value, this.#offset);
  }

  #uuid(): void {
    this.#length(UUID_BYTES);
    this.#id.copy(this.#buffer, this.#offset);
    this.#buffer.writeUInt32BE(this.#serial, this.#offset + UUID_BYTES - 4);
    this.#offset += UUID_BYTES;
  }

  #int8(value: bigint): void {
    this.#length(8);
    this.#offset = this.#buffer.writeBigInt64BE(value, this.#offset);
  }

  #int4(value: number): void {
    this.#length(4);
    this.#offset = this.#buffer.writeInt32BE(value, this.#offset);
  }

  #boolean(value: boolean): void {
    this.#length(1);
    this.#offset = this.#buffer.writeUInt8(value ? 1 : 0, this.#offset);
  }

  #date(date: string | undefined): void {
    if (date === undefined) {
      this.#length(NULL_LENGTH);
      return;
    }
    let days = this.#days.get(date);
    if (days === undefined) {
      days = (Date.parse(`${date}T00:00:00Z`) - DATE_EPOCH_MS) / MS_PER_DAY;
      this.#days.set(date, days);
    }
    this.#int4(days);
  }

  /** A word of ours, in ASCII. */
  #word(word: string): void {
    this.#length(word.length);
    this.#offset += this.#buffer.write(word, this.#offset, 'latin1');
  }

  #text(text: string | undefined): void {
    if (text === undefined) {
      this.#length(NULL_LENGTH);
      return;
    }
    const length = this.#buffer.write(withoutNul(text), this.#offset + 4, 'utf8');
    this.#length(length);
    this.#offset += length;
  }

  #textArray(texts: readonly string[]): void {
    const start = this.#offset;
    this.#length(0);
    this.#length(texts.length === 0 ? 0 : 1);
    this.#length(0);
    this.#length(TEXT_OID);
    if (texts.length > 0) {
      this.#length(texts.length);
      this.#length(1);
      for (const text of texts) this.#text(text);
    }
    this.#buffer.writeInt32BE(this.#offset - start - 4, start);
  }
}

/** PostgreSQL keeps no U+0000 in a text; nor does it mean anything in one. */
function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '') : text;
}

function roomFor(line: StatementLine): number {
  let units = line.reference.length + line.remittance.length;
  units += (line.creditedAccount?.length ?? 0) + (line.bankCode?.length ?? 0);
  units += (line.counterpartyName?.length ?? 0) + (line.counterpartyAccount?.length ?? 0);
  for (const reference of line.references) units += reference.length + 2;
  return FIXED_BYTES + units * BYTES_PER_UNIT;
}
