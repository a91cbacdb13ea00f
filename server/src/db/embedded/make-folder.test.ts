import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

const home = await mkdtemp(join(tmpdir(), 'guanjia-folder-'));
afterAll(() => rm(home, { recursive: true }));

test('the folders above are made too, and the second time nothing is', async () => {
  const path = join(home, 'a', 'b', 'c');
  expect(await makeFolder(path)).toBe(true);
  expect((await stat(path)).isDirectory()).toBe(true);
  expect(await makeFolder(path)).toBe(false);
});

test('two at once do no harm', async () => {
  const path = join(home, 'x', 'y');
  await Promise.all([makeFolder(path), makeFolder(path)]);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test('below a file, or at one, it is refused', async () => {
  const file = join(home, 'file');
  await writeFile(file, '');
  await expect(makeFolder(join(file, 'data'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
});

test.runIf(process.platform === 'linux')('where nothing can be made it is refused', async () => {
  await expect(makeFolder('/proc/guanjia/data')).rejects.toMatchObject({ code: 'ENOENT' });
});
