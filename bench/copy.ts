/** COPY in binary, encoded beforehand: what PostgreSQL can take in at most of exactly these rows. */
import { hash, randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { moveIdAt } from '../server/src/kernel/id.ts';
import { Dice } from '../server/test/soak/dice.ts';
import type { Place } from './place.ts';

/** The rows of one platform, ready to be sent. */
interface Encoded {
  readonly transfers: Buffer;
  readonly requests: Buffer;
}

const TRANSFER_COLUMNS = `platform_id, transfer_id, debit_account_id, credit_account_id, amount, debit_balance,
  debit_held, credit_balance, credit_held, reverses_id, business_date, code, reference, memo`;
const REQUEST_COLUMNS = 'platform_id, request_id, fingerprint, first_move_id, move_count, refusal';
const CHUNK_BYTES = 1 << 16;
const DAYS_TO_2000 = 10_957;

/** Rates of COPY, in rows a second, of the same number of rows each. */
export interface CopyRates {
  readonly transfersOne: number;
  readonly bothOne: number;
  readonly transfersTwo: number;
  readonly bothTwo: number;
}

/** Encodes rows for platforms 1 and 2, once for the whole run. */
export function encodeRows({ world }: Place, rows: number): readonly Encoded[] {
  return [1n, 2n].map((platformId) =>
    encode(
      world.accounts.map(({ id }) => id),
      platformId,
      rows,
    ),
  );
}

/** Copies into equally empty tables, with one and with two connections. */
export async function measureCopy(
  place: Place,
  encoded: readonly Encoded[],
  rows: number,
): Promise<CopyRates> {
  const [one] = encoded;
  if (!one) throw new Error('there are rows to copy');
  const rate = async (parts: readonly Encoded[], withRequests: boolean) => {
    await place.reset();
    const ms = await timeOf(place.adminUrl, parts, withRequests);
    return (rows * parts.length * 1000) / ms;
  };
  return {
    transfersOne: await rate([one], false),
    bothOne: await rate([one], true),
    transfersTwo: await rate(encoded, false),
    bothTwo: await rate(encoded, true),
  };
}

async function timeOf(
  url: string,
  parts: readonly Encoded[],
  withRequests: boolean,
): Promise<number> {
  const clients = await Promise.all(parts.map(() => connect(url)));
  try {
    const started = performance.now();
    await Promise.all(
      parts.map(async ({ transfers, requests }, i) => {
        const client = clients[i];
        if (!client) throw new Error('a connection for each part');
        await client.query('begin');
        await copyInto(client, `transfer (${TRANSFER_COLUMNS})`, transfers);
        if (withRequests) await copyInto(client, `ledger_request (${REQUEST_COLUMNS})`, requests);
        await client.query('commit');
      }),
    );
    return performance.now() - started;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function copyInto(client: pg.Client, target: string, data: Buffer): Promise<void> {
  const stream = client.query(copyFrom(`copy ${target} from stdin (format binary)`));
  await pipeline(chunksOf(data), stream);
}

function* chunksOf(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += CHUNK_BYTES) yield data.subarray(at, at + CHUNK_BYTES);
}

function encode(accounts: readonly bigint[], platformId: bigint, rows: number): Encoded {
  const dice = new Dice(Number(platformId));
  const now = new Date();
  const firstId = moveIdAt(now);
  const day = Math.floor(now.getTime() / 86_400_000) - DAYS_TO_2000;
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
  return { transfers: transfers.end(), requests: requests.end() };
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
