import { createHash } from 'node:crypto';

/** Counts and digests the bytes that pass. */
export class CountedBytes {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #hash = createHash('sha256');
  count = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#hash.update(chunk);
      this.count += chunk.length;
      yield chunk;
    }
  }

  /** SHA-256 of everything; once, at the end. */
  digest(): Buffer {
    return this.#hash.digest();
  }
}
