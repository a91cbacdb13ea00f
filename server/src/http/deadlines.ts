/**
 * What has to end within so many milliseconds of its beginning, and is told when it has not. One timer serves all:
 * one for each request would cost more than the rest of reading its body.
 */
export class Deadlines {
  readonly #limitMs: number;
  /** The first to begin is the first to be late: a Map keeps them in that order. */
  readonly #due = new Map<() => void, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** `late` is called once, unless it is removed before. */
  add(late: () => void): void {
    this.#due.set(late, performance.now() + this.#limitMs);
    this.#timer ??= this.#wait(this.#limitMs);
  }

  remove(late: () => void): void {
    this.#due.delete(late);
  }

  #wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    this.#timer = undefined;
    for (const [late, at] of this.#due) {
      const left = at - performance.now();
      if (left > 0) {
        this.#timer = this.#wait(left);
        return;
      }
      this.#due.delete(late);
      late();
    }
  }
}
