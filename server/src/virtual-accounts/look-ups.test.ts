import { expect, test } from 'vitest';
import { LookUps } from './look-ups.ts';

/** Reads that are answered when the test says so. */
function heldReads() {
  const reads: { keys: readonly string[]; answer: () => void; fail: () => void }[] = [];
  const lookUps = new LookUps<string>(
    (keys) =>
      new Promise<void>((resolve, reject) => {
        reads.push({ keys, answer: resolve, fail: () => reject(new Error('gone')) });
      }),
  );
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return { reads, lookUps, turn };
}

test('what is asked for while a statement runs goes into the next one, each key once', async () => {
  const { reads, lookUps, turn } = heldReads();
  const first = lookUps.need(['a']);
  await turn();
  const others = [lookUps.need(['b', 'c']), lookUps.need(['c', 'd'])];
  await turn();
  expect(reads.map(({ keys }) => keys)).toEqual([['a']]);
  reads[0]!.answer();
  await first;
  await turn();
  expect(reads.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c', 'd']]);
  reads[1]!.answer();
  await Promise.all(others);
});

test('a statement that fails fails for those who wait for it, and not for the next', async () => {
  const { reads, lookUps, turn } = heldReads();
  const first = lookUps.need(['a']);
  await turn();
  const second = lookUps.need(['b']);
  reads[0]!.fail();
  await expect(first).rejects.toThrow('gone');
  await turn();
  reads[1]!.answer();
  await second;
  expect(reads[1]!.keys).toEqual(['b']);
});
