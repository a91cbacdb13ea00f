// Goal: what PostgreSQL wrote does not pile up in the kernel; other programs' files are left to it.
// Method: what is looked at and done is given and looked at through fake timers.
import { expect, test, vi } from 'vitest';
import { keepWriteBackShort, syncFileSystem, waitingKiB, writeIfMuchWaits } from './write-back.ts';

const MIB_IN_KIB = 1024;

function looking(waiting: number, wal: bigint | undefined) {
  const write = vi.fn(() => Promise.resolve());
  return {
    write,
    waitingKiB: () => Promise.resolve(waiting),
    walBytes: () => Promise.resolve(wal),
  };
}

test('much that waits is written when there is new WAL, once', async () => {
  const seen = looking(64 * MIB_IN_KIB, 5_000_000n);
  const first = await writeIfMuchWaits(looking(64 * MIB_IN_KIB, 1_000_000n), undefined);
  const after = await writeIfMuchWaits(seen, first);
  expect(seen.write).toHaveBeenCalledTimes(1);
  expect(await writeIfMuchWaits(seen, after)).toBe(5_000_000n);
  expect(seen.write).toHaveBeenCalledTimes(1);
});

test.each([
  ['little waits', 15 * MIB_IN_KIB, 5_000_000n],
  ['PostgreSQL wrote nothing: the files are of others', 64 * MIB_IN_KIB, 1_000_100n],
  ['PostgreSQL does not answer', 64 * MIB_IN_KIB, undefined],
])('nothing is written when %s', async (_, waiting, wal) => {
  const seen = looking(waiting, wal);
  await writeIfMuchWaits(seen, 1_000_000n);
  expect(seen.write).not.toHaveBeenCalled();
});

test.runIf(process.platform === 'linux')(
  'a file system that cannot be synced is told',
  async () => {
    const refusing = {
      ...looking(64 * MIB_IN_KIB, 5_000_000n),
      write: () => syncFileSystem('/none'),
    };
    await expect(writeIfMuchWaits(refusing, 0n)).rejects.toThrow(/none/);
  },
);

test('the first look writes nothing: what waits may be of others', async () => {
  const seen = looking(64 * MIB_IN_KIB, 5_000_000n);
  expect(await writeIfMuchWaits(seen, undefined)).toBe(5_000_000n);
  expect(seen.write).not.toHaveBeenCalled();
});

test('what fails is told once and tried again; where there is no such program it ends', async () => {
  vi.useFakeTimers();
  const failing = looking(64 * MIB_IN_KIB, 5_000_000n);
  const waiting = vi.fn(() => Promise.reject<number>(new Error('too many open files')));
  const warn = vi.fn();
  const timer = keepWriteBackShort({ ...failing, waitingKiB: waiting }, warn);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(waiting.mock.calls.length).toBeGreaterThan(2);
  waiting.mockRejectedValue(Object.assign(new Error('spawn sync ENOENT'), { code: 'ENOENT' }));
  await vi.advanceTimersByTimeAsync(500);
  const before = waiting.mock.calls.length;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(waiting).toHaveBeenCalledTimes(before);
  clearInterval(timer);
  vi.useRealTimers();
});

test.runIf(process.platform === 'linux')('Linux says what waits', async () => {
  expect(await waitingKiB()).toBeGreaterThanOrEqual(0);
});
