import { setTimeout as pause } from 'node:timers/promises';

/** What came of sending at a fixed rate. */
export interface OpenLoop {
  /** Milliseconds, of everything that was due after the warm-up. */
  readonly latencies: Float64Array;
  readonly sent: number;
  readonly accepted: number;
}

const TICK_MS = 1;

/**
 * Sends at a fixed rate, whether or not what was sent before is answered. Latency counts from the moment at
 * which a request was due, not from when it was sent: a server that stalls is not spared the requests that
 * it kept from being sent (coordinated omission).
 */
export async function runOpenLoop(
  send: () => Promise<boolean>,
  { rate, warmUpMs, measureMs }: { rate: number; warmUpMs: number; measureMs: number },
): Promise<OpenLoop> {
  const total = Math.floor((rate * (warmUpMs + measureMs)) / 1000);
  const warm = Math.floor((rate * warmUpMs) / 1000);
  const latencies = new Float64Array(Math.max(0, total - warm));
  let accepted = 0;
  let sent = 0;
  let answered = 0;
  const done = Promise.withResolvers<void>();
  const started = performance.now();
  const sendOne = async (index: number) => {
    const due = started + (index * 1000) / rate;
    if (await send()) accepted += 1;
    if (index >= warm) latencies[index - warm] = performance.now() - due;
    answered += 1;
    if (answered === total) done.resolve();
  };
  // Nothing is kept of what was sent: the garbage of the driver would be measured as latency.
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - started) * rate) / 1000));
    for (; sent < due; sent += 1) sendOne(sent).catch(done.reject);
    await pause(TICK_MS);
  }
  await done.promise;
  return { latencies, sent: total, accepted };
}
