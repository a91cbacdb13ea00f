const MAX_KEPT = 20;

/** Everything that was not as it must be. The first few are kept in words; all are counted. */
export class Violations {
  readonly #kept: string[] = [];
  #count = 0;

  add(story: string): void {
    this.#count += 1;
    if (this.#kept.length < MAX_KEPT) this.#kept.push(story);
  }

  check(holds: boolean, story: () => string): void {
    if (!holds) this.add(story());
  }

  equal(what: string, actual: unknown, expected: unknown): void {
    this.check(
      actual === expected,
      () => `${what}: ${String(actual)} instead of ${String(expected)}`,
    );
  }

  get none(): boolean {
    return this.#count === 0;
  }

  /** The first of them, and how many there are beside. */
  get list(): readonly string[] {
    const more = this.#count - this.#kept.length;
    return more > 0 ? [...this.#kept, `and ${more} more`] : this.#kept;
  }
}
