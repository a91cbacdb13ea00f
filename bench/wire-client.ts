/**
 * A lean HTTP/1.1 client: it shares the machine with what it measures. Raw sockets, one request at a time on
 * each, requests in buffers that were built beforehand; of an answer it looks at the status, the length and,
 * where asked, at one mark in the body.
 */
import { connect, type Socket } from 'node:net';

/** What is known of an answer. */
export interface WireAnswer {
  readonly status: number;
  /** The body, valid only until the next answer. */
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

/** Opens one connection. */
export async function openConnection(port: number): Promise<WireConnection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new Connection(socket);
}

class Connection implements WireConnection {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #received = 0;
  /** Of the answer that is coming: unknown until its head is there. */
  #expected = 0;
  #bodyAt = 0;
  #waiting: { resolve: (answer: WireAnswer) => void; reject: (error: Error) => void } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  ask(request: Buffer): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    if (this.#expected === 0 && !this.#readHead()) return;
    if (this.#received < this.#expected) return;
    const answer = this.#joined();
    const body = answer.subarray(this.#bodyAt, this.#expected);
    this.#chunks = [];
    this.#received = 0;
    this.#expected = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(answer.toString('latin1', STATUS_AT, STATUS_AT + 3)), body });
  }

  #readHead(): boolean {
    const answer = this.#joined();
    const end = answer.indexOf(HEAD_END);
    if (end < 0) return false;
    const at = answer.indexOf(LENGTH);
    if (at < 0 || at > end) {
      this.#fail(new Error('an answer without Content-Length'));
      return false;
    }
    this.#bodyAt = end + HEAD_END.length;
    const length = answer.toString('latin1', at + LENGTH.length, answer.indexOf('\r', at));
    this.#expected = this.#bodyAt + Number(length);
    return true;
  }

  #joined(): Buffer {
    const [only] = this.#chunks;
    if (only && this.#chunks.length === 1) return only;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
