/** The rows of COPY, in its binary format, as many as one slice takes. */
import { hash, randomUUID } from 'node:crypto';
import { moveIdAt } from '../server/src/kernel/id.ts';
import { Dice } from '../server/test/soak/dice.ts';

/** Rows of one platform, ready to be sent. */
export interface Encoded {
  readonly transfers: Buffer;
  readonly requests: Buffer;
  readonly rows: number;
}

/** The columns that are encoded, in their order. */
export const TRANSFER_COLUMNS = `platform_id, transfer_id, debit_account_id, credit_account_id, amount, debit_balance,
  debit_held, credit_balance, credit_held, reverses_id, business_date, code, reference, memo`;
export const REQUEST_COLUMNS =
  'platform_id, request_id, fingerprint, first_move_id, move_count, refusal';
const DAYS_TO_2000 = 10_957;

/** Encodes so many rows of a platform in so many parts, to be copied one after another. */
export function encodeParts(
  accounts: readonly bigint[],
  { platformId, rows, parts }: { platformId: bigint; rows: number; parts: number },
): readonly Encoded[] {
  const dice = new Dice(Number(platformId));
  const now = new Date();
  const firstId = moveIdAt(now);
  const day = Math.floor(now.getTime() / 86_400_000) - DAYS_TO_2000;
  const each = Math.ceil(rows / parts);
  return Array.from({ length: parts }, (_, part) => {
    const firstOfPart = firstId + BigInt(part * each);
    return encode(accounts, { dice, platformId, day, firstId: firstOfPart, rows: each });
  });
}

function encode(
  accounts: readonly bigint[],
  shape: { dice: Dice; platformId: bigint; day: number; firstId: bigint; rows: number },
): Encoded {
  const { dice, platformId, day, firstId, rows } = shape;
  const transfers = new CopyWriter();
  const requests = new CopyWriter();
  for (let i = 0; i < rows; i += 1) {
    const id = firstId + BigInt(i);
    const reference = `order-${1_000_000 + dice.below(9_000_000)}`;
    const from = dice.below(accounts.length);
    const to = (from + 1 + dice.below(accounts.length - 1)) % accounts.length;
    transfers
      .row(14)
      .int8(platformId)
      .int8(id)
      .int8(accounts[from] ?? 0n)
      .int8(accounts[to] ?? 0n);
    transfers
      .int8(BigInt(dice.between(1, 100)))
      .int8(10_000_000_000n)
      .int8(0n)
      .int8(10_000_000_000n);
    transfers.int8(0n).none().int4(day).text('transfer').text(reference).none();
    const requestId = `api/${randomUUID()}`;
    requests
      .row(6)
      .int8(platformId)
      .text(requestId)
      .bytes(hash('md5', requestId, 'buffer'));
    requests.int8(id).int4(1).none();
  }
  return { transfers: transfers.end(), requests: requests.end(), rows };
}

/** PostgreSQL's binary COPY format: COPY, "Binary Format", in its manual. */
class CopyWriter {
  #buffer = Buffer.allocUnsafe(1 << 20);
  #at = 0;

  constructor() {
    this.#put(Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'));
    this.#put(Buffer.alloc(8));
  }

  row(columns: number): this {
    this.#room(2);
    this.#at = this.#buffer.writeInt16BE(columns, this.#at);
    return this;
  }

  int8(value: bigint): this {
    this.#room(12);
    this.#at = this.#buffer.writeInt32BE(8, this.#at);
    this.#at = this.#buffer.writeBigInt64BE(value, this.#at);
    return this;
  }

  int4(value: number): this {
    this.#room(8);
    this.#at = this.#buffer.writeInt32BE(4, this.#at);
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  bytes(value: Buffer): this {
    this.#room(4);
    this.#at = this.#buffer.writeInt32BE(value.length, this.#at);
    this.#put(value);
    return this;
  }

  none(): this {
    this.#room(4);
    this.#at = this.#buffer.writeInt32BE(-1, this.#at);
    return this;
  }

  end(): Buffer {
    this.row(-1);
    return this.#buffer.subarray(0, this.#at);
  }

  #put(bytes: Buffer): void {
    this.#room(bytes.length);
    this.#at += bytes.copy(this.#buffer, this.#at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * this.#buffer.length + bytes);
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
