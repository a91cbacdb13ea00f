import { expect, test } from 'vitest';
import { alternate, type Contender } from './contender.ts';

test('all loads take slices by turns, each once first, and everybody is checked and stopped', async () => {
  const seen: string[] = [];
  const open = [contender('a', ['a1', 'a2'], seen), contender('b', ['b1'], seen)];
  const { slices, faults, figures } = await alternate(open, {
    turns: 3,
    sliceMs: 10,
    begin: () => Promise.resolve(seen.push('begin')),
  });
  expect(seen).toEqual([
    ...['open a', 'open b', 'begin', 'a1 100', 'a2 100', 'b1 200'],
    ...['a1 10', 'a2 10', 'b1 10', 'tidy a', 'tidy b'],
    ...['a2 10', 'b1 10', 'a1 10', 'tidy a', 'tidy b'],
    ...['b1 10', 'a1 10', 'a2 10', 'check a', 'check b', 'stop a', 'stop b'],
  ]);
  // The warm-up is not among them, and the n-th of all are of the same turn.
  expect([...slices]).toEqual([
    ['a1', [4, 9, 11]],
    ['a2', [5, 7, 12]],
    ['b1', [6, 8, 10]],
  ]);
  expect(faults).toEqual(['a is wrong', 'b is wrong']);
  expect(figures).toEqual({ 'memory of a': 1, 'memory of b': 1 });
});

test('when a slice fails everybody is stopped', async () => {
  const seen: string[] = [];
  const failing = async (): Promise<Contender<number>> => ({
    ...(await contender('b', [], seen)()),
    loads: [{ name: 'b1', slice: () => Promise.reject(new Error('lost')) }],
  });
  const run = alternate([contender('a', ['a1'], seen), failing], {
    ...{ turns: 1, sliceMs: 10 },
    begin: async () => {},
  });
  await expect(run).rejects.toThrow('lost');
  expect(seen.slice(-2)).toEqual(['stop a', 'stop b']);
});

/** Its slices are numbered in the order in which all of them were taken. */
function contender(name: string, loads: string[], seen: string[]) {
  const slice = (load: string) => (ms: number) => {
    const number = seen.filter((line) => /^[ab]\d /.test(line)).length + 1;
    seen.push(`${load} ${ms}`);
    return Promise.resolve(number);
  };
  const note = (what: string) => {
    seen.push(`${what} ${name}`);
    return Promise.resolve();
  };
  return async (): Promise<Contender<number>> => {
    await note('open');
    return {
      loads: loads.map((load) => ({ name: load, slice: slice(load) })),
      warmUpMs: 200,
      tidy: () => note('tidy'),
      check: async () => {
        await note('check');
        return [`${name} is wrong`];
      },
      figures: () => ({ [`memory of ${name}`]: 1 }),
      stop: () => note('stop'),
    };
  };
}
