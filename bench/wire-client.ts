/**
 * A lean HTTP/1.1 client: it shares the machine with what it measures. Raw sockets, one request at a time on
 * each, requests in buffers that were built beforehand; of an answer it looks at the status, the length and,
 * where asked, at one mark in the body.
 */
import { connect, type Socket } from 'node:net';

/** What is known of an answer. */
export interface WireAnswer {
  readonly status: number;
  /** The body, valid only until the connection is asked again. */
  readonly body: Buffer;
}

/** One connection: ask, wait for the answer, ask again. */
export interface WireConnection {
  /** Rejects when the connection breaks before the whole answer is there. */
  ask(request: Buffer): Promise<WireAnswer>;
  close(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('content-length: ');
const STATUS_AT = 'HTTP/1.1 '.length;

/** Most answers fit, and are read without a new buffer for each. */
const READ_BYTES = 65_536;

/** Opens one connection. */
export async function openConnection(port: number): Promise<WireConnection> {
  const connection = new Connection(port);
  await connection.opened;
  return connection;
}

class Connection implements WireConnection {
  readonly opened: Promise<void>;
  readonly #socket: Socket;
  /** What came of an answer so far, when it came in several parts. */
  #before: Buffer | undefined;
  #waiting: { resolve: (answer: WireAnswer) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    const callback = (length: number, buffer: Uint8Array) => {
      try {
        this.#receive(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket = socket;
    this.opened = new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  ask(request: Buffer): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection is closed'));
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** `part` is valid only until this returns. */
  #receive(part: Buffer): void {
    const answer = this.#before ? Buffer.concat([this.#before, part]) : part;
    const bodyAt = answer.indexOf(HEAD_END) + HEAD_END.length;
    const isWhole =
      bodyAt >= HEAD_END.length && answer.length >= bodyAt + bodyLength(answer, bodyAt);
    this.#before = isWhole ? undefined : Buffer.from(answer);
    if (!isWhole) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const status = Number(answer.toString('latin1', STATUS_AT, STATUS_AT + 3));
    waiting?.resolve({ status, body: answer.subarray(bodyAt) });
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

function bodyLength(answer: Buffer, bodyAt: number): number {
  const at = answer.indexOf(LENGTH);
  if (at < 0 || at > bodyAt) throw new Error('an answer without Content-Length');
  return Number(answer.toString('latin1', at + LENGTH.length, answer.indexOf('\r', at)));
}
