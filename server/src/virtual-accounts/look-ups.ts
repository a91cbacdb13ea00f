/**
 * Look-ups that share statements: while one runs, the next collects. A server that has just started is asked
 * for thousands of accounts that it does not remember yet; one statement each would be most of its work.
 */
export class LookUps<Key> {
  readonly #read: (keys: readonly Key[]) => Promise<void>;
  #wanted = new Set<Key>();
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** `read` reads the keys and remembers what it finds. */
  constructor(read: (keys: readonly Key[]) => Promise<void>) {
    this.#read = read;
  }

  /** Fulfilled when all of these have been read; rejects when the statement that has them fails. */
  need(keys: Iterable<Key>): Promise<void> {
    for (const key of keys) this.#wanted.add(key);
    this.#next ??= this.#runNext();
    return this.#next;
  }

  async #runNext(): Promise<void> {
    // Whoever waits for the one before has its failure; it is no reason not to try this one.
    await this.#running.catch(() => {});
    // Let what arrives in this turn of the event loop join.
    await new Promise(setImmediate);
    const keys = [...this.#wanted];
    this.#wanted = new Set();
    this.#next = undefined;
    this.#running = this.#read(keys);
    await this.#running;
  }
}
