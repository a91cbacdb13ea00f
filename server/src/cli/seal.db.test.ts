// Goal: an operator changes the key of seal.key by two commands, and what was sealed is read all the while.
// Method: the command line in this process, on a data folder and a database of its own.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { openApp } from '../app.ts';
import { openLog } from '../logging.ts';
import { addMember, identifyMember, readIdentity } from '../members/index.ts';
import { openPlatform } from '../platforms/index.ts';
import { parseKeys } from '../sealing/index.ts';
import { runCommandLine } from './program.ts';

const { url } = await freshDatabase();
const folder = await mkdtemp(join(tmpdir(), 'guanjia-seal-'));
afterAll(() => rm(folder, { recursive: true }));
const keyFile = join(folder, 'seal.key');

async function run(...args: string[]) {
  vi.stubEnv('DATABASE_URL', url);
  vi.stubEnv('GUANJIA_DATA_DIR', folder);
  const said = { stdout: '', stderr: '' };
  const code = await runCommandLine(['--json', ...args], {
    write: (text) => {
      said.stdout += text;
    },
    note: (text) => {
      said.stderr += text;
    },
    isWatched: false,
  });
  const document: unknown = JSON.parse(code === 0 ? said.stdout : said.stderr);
  return { code, document };
}

test('a key is put first, everything goes over to it, and the old one may go', async () => {
  expect((await run('seal', 'rotate')).document).toMatchObject({ keys: [expect.any(String)] });
  const before = await readFile(keyFile, 'utf8');
  const sealing = async () => {
    const sealKeys = parseKeys(await readFile(keyFile, 'utf8'));
    return openApp({ url, log: openLog({ level: 'silent' }), sealKeys });
  };
  const app = await sealing();
  const place = { name: 'P', timeZone: 'Asia/Shanghai', sandbox: false };
  await openPlatform(app, { platformId: 1n, ...place });
  const { id } = await addMember(app, 1n, { kind: 'person', name: 'M' });
  const identity = { legalName: '张三', identityNumber: '11010519491231002X' };
  const masked = await identifyMember(app, 1n, id, identity);
  await app.close();

  const rotated = await run('seal', 'rotate');
  const after = await readFile(keyFile, 'utf8');
  expect(after.endsWith(before)).toBe(true);
  const ids = parseKeys(after)?.all.map((key) => key.id);
  expect(rotated).toEqual({ code: 0, document: { current: ids?.[0], keys: ids } });
  expect((await run('seal', 'renew')).document).toEqual({ renewed: 1 });
  expect((await run('seal', 'renew')).document).toEqual({ renewed: 0 });
  await writeFile(keyFile, after.slice(0, -before.length));
  const alone = await sealing();
  expect(await readIdentity(alone, 1n, id)).toEqual(masked);
  await alone.close();
});

test('keys of the environment are left to whoever set them', async () => {
  const before = await readFile(keyFile, 'utf8');
  vi.stubEnv('GUANJIA_SEAL_KEYS', `env:${Buffer.alloc(32, 1).toString('base64')}`);
  const refused = await run('seal', 'rotate');
  expect(refused).toMatchObject({ code: 1, document: { error: { code: 'keys_in_environment' } } });
  expect(await readFile(keyFile, 'utf8')).toBe(before);
});
