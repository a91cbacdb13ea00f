import type { Slice } from './contender.ts';
import { figuresOfSlices, type Latencies, latenciesOf, median, pooled } from './figures.ts';
import type { Window } from './half-load.ts';

/** What one window of latency came to. */
export interface WindowFigures extends Latencies {
  /** Transfers a second that were sent. */
  readonly rate: number;
  readonly count: number;
}

/** All that was measured in one round, by the contenders' names. */
export class Round {
  readonly figures = new Map<string, number>();
  readonly slices = new Map<string, readonly Slice[]>();
  readonly windows = new Map<string, readonly WindowFigures[]>();

  addFigures(figures: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(figures)) this.figures.set(name, value);
  }

  addSlices(name: string, slices: readonly Slice[]): void {
    this.slices.set(name, slices);
    this.addFigures(figuresOfSlices(name, slices));
  }

  /** The percentiles of all windows together, and the p99 of the window in the middle. */
  addWindows(name: string, windows: readonly Window[]): void {
    const each = windows.map(({ rate, latencies }) => {
      return { rate, count: latencies.length, ...latenciesOf(latencies) };
    });
    const { p50, p99, p999, max } = latenciesOf(pooled(windows.map(({ latencies }) => latencies)));
    this.windows.set(name, each);
    this.addFigures({
      [`${name}, rate`]: median(each.map(({ rate }) => rate)),
      [`${name}, p50 ms`]: p50,
      [`${name}, p99 ms`]: p99,
      [`${name}, median p99 of windows, ms`]: median(each.map((window) => window.p99)),
      [`${name}, p99.9 ms`]: p999,
      [`${name}, max ms`]: max,
    });
  }
}
