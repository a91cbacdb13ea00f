import { expect, test } from 'vitest';
import { judge, ratiosOf } from './goals.ts';
import { Round } from './round.ts';

const slices = (...transfers: number[]) =>
  transfers.map((each) => ({ transfers: each, ms: 1000, cpu: { node: 0, postgres: undefined } }));

const resultOf = (rounds: readonly Round[], goal: string) => {
  const found = judge(rounds).find((result) => result.goal === goal);
  if (!found) throw new Error('no such goal');
  return found;
};

test('a ratio is held against the textbook that did most in the round, slice by slice', () => {
  const round = new Round();
  round.addSlices('http one by one', slices(60, 50, 10));
  round.addSlices('textbook uniform, 1 connections', slices(30, 1, 1));
  round.addSlices('textbook uniform, 8 connections', slices(10, 10, 20));
  const { value, values, beside, met } = resultOf([round], 'HTTP one by one / textbook, uniform');
  expect(values).toEqual([6, 5, 0.5]);
  expect(value).toBe(5);
  expect(beside).toEqual({ what: 'total by total', value: 3 });
  expect(met).toBe(true);
});

test('the slices of all rounds count alike', () => {
  const rounds = [slices(40, 30), slices(90)].map((hot) => {
    const round = new Round();
    round.addSlices('engine hot internal, batch 4096', hot);
    round.addSlices('engine uniform, batch 4096', slices(100, 100));
    return round;
  });
  const { value, met } = resultOf(rounds, 'engine, one hot internal account / uniform');
  expect(value).toBe(0.4);
  expect(met).toBe(false);
});

test('latency is held against the p99 of the window in the middle; all windows together stand beside', () => {
  const round = new Round();
  const windows = [10, 100, 20].map((p99) => ({ rate: 1, latencies: Float64Array.of(p99) }));
  round.addWindows('http at half load', windows);
  const { value, beside, met } = resultOf([round], 'HTTP, p99 at half load, ms');
  expect(value).toBe(20);
  expect(beside?.value).toBe(100);
  expect(met).toBe(true);
});

test('what was not measured is neither met nor missed', () => {
  expect(judge([new Round()]).map(({ met }) => met)).toEqual(judge([]).map(() => undefined));
});

test('a flow is compared with the plain transfers of the same turns, and meets or misses nothing', () => {
  const round = new Round();
  round.addSlices('http escrow', slices(10, 30, 20));
  round.addSlices('http one by one, beside flows', slices(100, 100, 100));
  const [escrow] = ratiosOf([round]);
  expect(escrow?.value).toBe(0.2);
  expect(escrow?.values).toEqual([0.1, 0.3, 0.2]);
  expect(ratiosOf([new Round()])[0]?.values).toEqual([]);
});
