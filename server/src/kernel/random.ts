import { randomBytes } from 'node:crypto';

/** Where randomness comes from. Passed in, so that tests are repeatable. */
export interface Random {
  /** That many random bytes. */
  bytes(count: number): Uint8Array;
}

/** The operating system's source, fit for secrets. */
export const systemRandom: Random = { bytes: (count) => randomBytes(count) };
