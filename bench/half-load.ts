/** Latency at half of what a contender reaches, in short windows. */
import type { Contender, Slice } from './contender.ts';
import { rateOf } from './figures.ts';
import { runOpenLoop } from './open-loop.ts';

/** The full load is measured for a third of a window, just before it. */
const FULL_SHARE = 1 / 3;
/** At half load so much is not counted: the full load just before has left garbage and dirty pages behind. */
const LEAD_IN_MS = 1000;

/** What a contender must offer besides its full load. */
export interface HalfLoad {
  /** One transfer; says whether it was accepted. */
  send(): Promise<boolean>;
  /** Takes note of what came of the sending. */
  add(result: { accepted: number; refused: number }): void;
}

/** What one window came to. */
export interface Window {
  /** Transfers a second that were sent. */
  readonly rate: number;
  /** Milliseconds. */
  readonly latencies: Float64Array;
}

/**
 * The same contender, at half of what it reaches: what that is, is measured anew before each window, because the
 * machine's speed moves, and half of what it reached a minute ago may be all that it can do now.
 */
export function atHalfLoad(
  name: string,
  contender: Contender<Slice> & HalfLoad,
): Contender<Window> {
  const [full] = contender.loads;
  if (!full) throw new Error('a contender has a load');
  const { warmUpMs } = contender;
  const slice = async (ms: number): Promise<Window> => {
    const rate = rateOf([await full.slice(FULL_SHARE * ms)]) / 2;
    const load = { rate, warmUpMs: LEAD_IN_MS, measureMs: ms };
    const { latencies, sent, accepted } = await runOpenLoop(() => contender.send(), load);
    contender.add({ accepted, refused: sent - accepted });
    return { rate, latencies };
  };
  return {
    ...{ warmUpMs, loads: [{ name, slice }] },
    tidy: () => contender.tidy(),
    check: () => contender.check(),
    stop: () => contender.stop(),
  };
}
