const START_SLOTS = 64;

/**
 * Counts how often each text was seen, in 12 bytes a text at half load: a Map of a million strings would
 * cost a hundred megabytes. Texts are told apart by 64 bits of hash; should two ever collide, one of them
 * is counted as a second occurrence, which its reader shows as a suffix and nothing worse.
 */
export class Occurrences {
  #slots = START_SLOTS;
  #used = 0;
  #first = new Int32Array(START_SLOTS);
  #second = new Int32Array(START_SLOTS);
  #counts = new Int32Array(START_SLOTS);

  /** Counts the text once more and says how often it was seen by now: 1 for the first time. */
  count(text: string): number {
    let first = 0xdeadbeef | 0;
    let second = 0x41c6ce57;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      first = Math.imul(first ^ code, 2654435761);
      second = Math.imul(second ^ code, 1597334677);
    }
    first =
      Math.imul(first ^ (first >>> 16), 2246822507) ^
      Math.imul(second ^ (second >>> 13), 3266489909);
    second =
      Math.imul(second ^ (second >>> 16), 2246822507) ^
      Math.imul(first ^ (first >>> 13), 3266489909);
    if (this.#used * 2 >= this.#slots) this.#grow();
    return this.#add(first, second, 1);
  }

  #add(first: number, second: number, times: number): number {
    const mask = this.#slots - 1;
    let slot = first & mask;
    // At most half of the slots are used, so an empty one comes.
    while (this.#counts[slot] !== 0) {
      if (this.#first[slot] === first && this.#second[slot] === second) break;
      slot = (slot + 1) & mask;
    }
    const before = this.#counts[slot] ?? 0;
    if (before === 0) {
      this.#used += 1;
      this.#first[slot] = first;
      this.#second[slot] = second;
    }
    this.#counts[slot] = before + times;
    return before + times;
  }

  #grow(): void {
    const [firsts, seconds, counts] = [this.#first, this.#second, this.#counts];
    this.#slots *= 2;
    this.#used = 0;
    this.#first = new Int32Array(this.#slots);
    this.#second = new Int32Array(this.#slots);
    this.#counts = new Int32Array(this.#slots);
    for (const [slot, count] of counts.entries()) {
      if (count !== 0) this.#add(firsts[slot] ?? 0, seconds[slot] ?? 0, count);
    }
  }
}
