import type { Clock } from '../../src/kernel/clock.ts';
import type { Random } from '../../src/kernel/random.ts';
import { type KeyRing, parseKeys } from '../../src/sealing/index.ts';

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now: number;

  constructor(start = '2026-03-02T01:00:00.000Z') {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Jumps to an instant, back too. */
  set(instant: string): void {
    this.#now = Date.parse(instant);
  }

  advance(milliseconds: number): Date {
    this.#now += milliseconds;
    return this.now();
  }
}

/** Bytes that look random and are the same in every run (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const nextByte = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) & 0xff;
  };
  return { bytes: (count) => Uint8Array.from({ length: count }, nextByte) };
}

/** Keys that seal in tests: the same in every run. */
export function testSealKeys(): KeyRing {
  const keys = parseKeys(`test:${Buffer.alloc(32, 7).toString('base64')}`);
  if (!keys) throw new Error('the keys of the tests are keys');
  return keys;
}
