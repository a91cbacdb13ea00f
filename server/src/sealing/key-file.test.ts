// Goal: a data folder has one key file, for its owner only, that is never replaced by accident.
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/postgres.ts';
import { systemRandom } from '../kernel/random.ts';
import {
  BrokenKeyFile,
  KEY_FILE,
  keysInFolder,
  parseKeys,
  readKeyFile,
  rotateKeyFile,
} from './index.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
async function newFolder(): Promise<string> {
  const folder = await temporaryFolder();
  folders.push(folder);
  return folder;
}
const ids = (keys: { all: readonly { id: string }[] } | undefined) => keys?.all.map(({ id }) => id);

test('a folder is given one key, for its owner only, by many servers at once', async () => {
  const folder = await newFolder();
  expect(await readKeyFile(folder)).toBeUndefined();
  const rings = await Promise.all(
    Array.from({ length: 5 }, () => keysInFolder(folder, systemRandom)),
  );
  expect(new Set(rings.map((ring) => ring.current.id)).size).toBe(1);
  expect((await stat(join(folder, KEY_FILE))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual([KEY_FILE]);
  expect(ids(await readKeyFile(folder))).toEqual(ids(rings[0]));
});

test('a new key comes before the old ones, which stay as they are', async () => {
  const folder = await newFolder();
  const first = await keysInFolder(folder, systemRandom);
  const text = await readFile(join(folder, KEY_FILE), 'utf8');
  const second = await rotateKeyFile(folder, systemRandom);
  expect(ids(second)?.slice(1)).toEqual(ids(first));
  expect((await readFile(join(folder, KEY_FILE), 'utf8')).endsWith(text)).toBe(true);
  expect((await stat(join(folder, KEY_FILE))).mode & 0o777).toBe(0o600);
  for (let keys = 2; keys < 8; keys += 1) await rotateKeyFile(folder, systemRandom);
  await expect(rotateKeyFile(folder, systemRandom)).rejects.toThrow(BrokenKeyFile);
  expect((await readKeyFile(folder))?.all).toHaveLength(8);
});

test('a broken file is refused and left as it is', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, KEY_FILE), 'half a k');
  for (const use of [keysInFolder, rotateKeyFile])
    await expect(use(folder, systemRandom)).rejects.toThrow(BrokenKeyFile);
  expect(await readFile(join(folder, KEY_FILE), 'utf8')).toBe('half a k');
});

test('keys of the wrong length, nameless ones and two of one name are no keys', () => {
  const key = 'q'.repeat(43);
  for (const text of [
    '',
    'a',
    key,
    `a:${key.slice(1)}`,
    `a:${key}q`,
    `A:${key}`,
    `a:${key},a:${key}`,
  ])
    expect(parseKeys(text), text).toBeUndefined();
  expect(ids(parseKeys(`a:${key},\n b:${key}=\n`))).toEqual(['a', 'b']);
});

test('keys that are printed show no bytes', async () => {
  const folder = await newFolder();
  const ring = await keysInFolder(folder, systemRandom);
  const [, secret = ''] = (await readFile(join(folder, KEY_FILE), 'utf8')).trim().split(':');
  const printed = inspect(ring, { depth: 9, showHidden: true }) + JSON.stringify(ring);
  expect(printed).not.toContain(secret);
  expect(printed).not.toContain(Buffer.from(secret, 'base64').toString('hex').slice(0, 8));
});
