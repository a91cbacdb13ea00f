import type { Slice } from './contender.ts';

/** The value in the middle; of an even number of values the mean of the two. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** Transfers a second over all these slices: their total by the total of their time. NaN for none. */
export function rateOf(slices: readonly Slice[]): number {
  const { transfers, ms } = totalOf(slices);
  return (transfers * 1000) / ms;
}

/**
 * How much faster one was than the other, once for each pair of slices of the same turn. A second in which the
 * machine stood still spoils one of these ratios: that changes their median little, and the ratio of the totals by as
 * much as it lasted.
 */
export function sliceRatios(one: readonly Slice[], other: readonly Slice[]): readonly number[] {
  return one.flatMap((slice, i) => {
    const opposite = other[i];
    return opposite ? [rateOf([slice]) / rateOf([opposite])] : [];
  });
}

/** The rate, and microseconds of CPU for each transfer; left out where it is not known. */
export function figuresOfSlices(
  name: string,
  slices: readonly Slice[],
): Readonly<Record<string, number>> {
  const { transfers, node, postgres } = totalOf(slices);
  const figures = {
    [name]: rateOf(slices),
    [`${name}, node CPU µs`]: (node * 1e6) / transfers,
    [`${name}, PostgreSQL CPU µs`]: (postgres * 1e6) / transfers,
  };
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => !Number.isNaN(value)));
}

function totalOf(slices: readonly Slice[]) {
  const sum = (of: (slice: Slice) => number) => slices.reduce((total, each) => total + of(each), 0);
  return {
    transfers: sum((slice) => slice.transfers),
    ms: sum((slice) => slice.ms),
    node: sum(({ cpu }) => cpu.node),
    postgres: sum(({ cpu }) => cpu.postgres ?? Number.NaN),
  };
}

/** What latencies come to, in milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Percentiles of every single value (nearest rank): nothing is put into buckets or left out. */
export function latenciesOf(values: Float64Array): Latencies {
  const sorted = values.toSorted();
  const at = (share: number) =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** All values of several windows, as if they had been one. */
export function pooled(windows: readonly Float64Array[]): Float64Array {
  return Float64Array.from(windows.flatMap((values) => Array.from(values)));
}
