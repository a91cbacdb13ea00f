import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Header } from 'tar';

const BLOCK_BYTES = 512;
/** Of one file in the archive: PostgreSQL cuts its files at 1 GB. */
const LONGEST_FILE_BYTES = 2 ** 31;
/** Of a small file that is read whole. */
const LONGEST_TEXT_BYTES = 64 * 1024 * 1024;

/** One file or folder of an archive. A folder has no body. */
export interface Entry {
  readonly path: string;
  readonly size: number;
  readonly folder: boolean;
  readonly body: AsyncIterable<Buffer>;
}

/** What the manifest says of each file, by path. */
export type Checksums = Map<string, string>;

/**
 * One entry of a tar archive. The size is promised before the body is read, and a file of a running server
 * changes meanwhile: what grew is cut off, what shrank is filled with zeros (its WAL puts both right).
 */
export async function* packEntry(entry: Entry, checksums: Checksums): AsyncGenerator<Buffer> {
  const { path, size, folder } = entry;
  const header = new Header({ path, size, mode: folder ? 0o700 : 0o600, uid: 0, gid: 0 });
  header.type = folder ? 'Directory' : 'File';
  header.mtime = new Date(0);
  const block = Buffer.alloc(BLOCK_BYTES);
  if (header.encode(block)) throw new Error(`too long a name for an archive: ${path}`);
  yield block;
  const hash = createHash('sha256');
  let left = size;
  for await (const chunk of entry.body) {
    if (left === 0) break;
    const part = chunk.subarray(0, left);
    left -= part.length;
    hash.update(part);
    yield part;
  }
  while (left > 0) {
    const zeros = Buffer.alloc(Math.min(left, BLOCK_BYTES * 128));
    left -= zeros.length;
    hash.update(zeros);
    yield zeros;
  }
  if (!folder) checksums.set(path, hash.digest('hex'));
  yield Buffer.alloc(padding(size));
}

/** The two empty blocks that end an archive. */
export function endOfArchive(): Buffer {
  return Buffer.alloc(2 * BLOCK_BYTES);
}

/** A text as an entry. */
export function textEntry(path: string, text: string): Entry {
  const bytes = Buffer.from(text);
  return { path, size: bytes.length, folder: false, body: one(bytes) };
}

/** A folder as an entry. */
export function folderEntry(path: string): Entry {
  return { path: `${path}/`, size: 0, folder: true, body: one(Buffer.alloc(0)) };
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

/**
 * The entries of a gzipped archive, in order; each body must be read to its end before the next. Throws when
 * the archive is cut off, is no archive, or fails gzip's own checksum.
 */
export async function* readArchive(file: string): AsyncGenerator<Entry> {
  const source = createReadStream(file);
  const stream = createGunzip();
  source.on('error', (error) => stream.destroy(error));
  source.pipe(stream);
  const reader = new Reader(stream);
  try {
    for (;;) {
      const block = await reader.exactly(BLOCK_BYTES);
      const header = new Header(block);
      if (header.nullBlock) break;
      const size = header.size ?? 0;
      if (!header.cksumValid || !header.path || size > LONGEST_FILE_BYTES) {
        throw new Error('not an archive, or a damaged one');
      }
      const folder = header.type === 'Directory';
      yield { path: header.path, size, folder, body: reader.upTo(size) };
      await reader.exactly(padding(size));
    }
    await reader.drain(); // so that gzip's checksum, which comes last, is looked at
  } finally {
    source.destroy();
    stream.destroy();
  }
}

/** Reads an entry of text whole. */
export async function readText(entry: Entry): Promise<string> {
  if (entry.size > LONGEST_TEXT_BYTES) throw new Error(`too long: ${entry.path}`);
  const chunks: Buffer[] = [];
  for await (const chunk of entry.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function padding(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Cuts a stream into pieces of the lengths that are asked for. */
class Reader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.upTo(length)) parts.push(part);
    return Buffer.concat(parts);
  }

  async *upTo(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#more())) throw new Error('it is cut off');
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async drain(): Promise<void> {
    while (await this.#more());
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done) return false;
    this.#rest = next.value;
    return true;
  }
}
