import { SingleBar } from 'cli-progress';
import type { Terminal } from './output.ts';

/** Work that takes less than this shows no progress: it would only flicker. */
const QUIET_MS = 1000;

/** How far something is. Drawn on standard error for a person who watches, after a second. */
export interface Progress {
  update(done: number, total?: number): void;
  stop(): void;
}

/** Starts to show progress of some work, counted in `unit`. Stop it when the work ends, however it ends. */
export function startProgress(
  terminal: Pick<Terminal, 'isWatched'>,
  { label, unit }: { label: string; unit: string },
): Progress {
  if (!terminal.isWatched) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    format: `${label} {bar} {percentage}%  {value} of {total} ${unit}`,
  });
  const state = { done: 0, total: 0, drawn: false };
  const timer = setTimeout(() => {
    state.drawn = true;
    bar.start(state.total, state.done);
  }, QUIET_MS);
  return {
    update: (done, total = state.total) => {
      Object.assign(state, { done, total: Math.max(total, done) });
      if (!state.drawn) return;
      bar.setTotal(state.total);
      bar.update(done);
    },
    stop: () => {
      clearTimeout(timer);
      bar.stop();
    },
  };
}

/** Says once, after a second, that something that cannot tell how far it is takes a while. */
export async function sayWhenSlow<T>(
  { isWatched, note }: Pick<Terminal, 'isWatched' | 'note'>,
  text: string,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => isWatched && note(`${text}\n`), QUIET_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
