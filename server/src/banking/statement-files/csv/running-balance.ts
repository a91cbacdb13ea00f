/** A row's effect on the account and the balance that it states after it. */
export interface RunningRow {
  readonly signed: bigint;
  readonly balance: bigint;
}

/**
 * Follows a running balance in rows that may be oldest or newest first: both orders stay possible until
 * a row contradicts one of them. Holds two rows, whatever the number that was added.
 */
export class RunningBalance {
  #oldestFirst = true;
  #newestFirst = true;
  #first: RunningRow | undefined;
  #last: RunningRow | undefined;

  /** Adds a row. Answers the balance that was expected when the row fits neither order. */
  add(row: RunningRow): { readonly expected: bigint } | undefined {
    const last = this.#last;
    if (last) {
      const rising = last.balance + row.signed;
      const falling = last.balance - last.signed;
      const wasOldestFirst = this.#oldestFirst;
      this.#oldestFirst &&= row.balance === rising;
      this.#newestFirst &&= row.balance === falling;
      if (!this.#oldestFirst && !this.#newestFirst) {
        return { expected: wasOldestFirst ? rising : falling };
      }
    }
    this.#first ??= row;
    this.#last = row;
    return undefined;
  }

  /** The balances before the earliest and after the latest row; undefined without rows. */
  ends(): { readonly opening: bigint; readonly closing: bigint } | undefined {
    const [first, last] = [this.#first, this.#last];
    if (!first || !last) return undefined;
    const [earliest, latest] = this.#oldestFirst ? [first, last] : [last, first];
    return { opening: earliest.balance - earliest.signed, closing: latest.balance };
  }
}
