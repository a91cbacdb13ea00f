import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow past what was alive at the last collection before it is collected again. */
const GROWING_PERCENT = 60;

/**
 * Keeps the process small under load. Left alone, V8 lets the heap grow to several times what is alive while
 * requests come fast. A limit would do that too, and would end the process when it is reached; this only
 * collects earlier (docs/performance.md has the price).
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
}
