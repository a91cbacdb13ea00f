import { setFlagsFromString } from 'node:v8';

/**
 * How far the heap may grow past what was alive at the last collection before it is collected again. Less, and
 * what a collection costs shows in the latency; more, and the process is large under load.
 */
const GROWING_PERCENT = 150;

/**
 * Keeps the process small under load. Left alone, V8 lets the heap grow to several times what is alive while
 * requests come fast. A limit would do that too, and would end the process when it is reached; this only
 * collects earlier.
 *
 * Nor may V8 put new objects where the old ones are because earlier ones of their kind have lived long: of a
 * request nothing lives long, and each mistake of that sort brings the next full collection closer.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  setFlagsFromString('--no-allocation-site-pretenuring');
}
