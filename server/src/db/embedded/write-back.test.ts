// Goal: what PostgreSQL wrote does not pile up in the kernel; other programs' files are left to it.
// Method: what is looked at and done is given; the real syncfs and /proc/meminfo are tried where there are some.
import { tmpdir } from 'node:os';
import { expect, test, vi } from 'vitest';
import { syncFileSystem, waitingKiB, writeIfMuchWaits } from './write-back.ts';

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
  const after = await writeIfMuchWaits(seen, 0n);
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
  expect(await writeIfMuchWaits(seen, 1_000_000n)).toBe(1_000_000n);
  expect(seen.write).not.toHaveBeenCalled();
});

test('a file system that cannot be synced is told, so that no more is tried', async () => {
  const refusing = {
    ...looking(64 * MIB_IN_KIB, 5_000_000n),
    write: () => syncFileSystem('/none'),
  };
  await expect(writeIfMuchWaits(refusing, 0n)).rejects.toThrow(/none/);
});

test.runIf(process.platform === 'linux')('Linux says what waits, and syncs', async () => {
  expect(await waitingKiB()).toBeGreaterThanOrEqual(0);
  await expect(syncFileSystem(tmpdir())).resolves.toBeUndefined();
});
