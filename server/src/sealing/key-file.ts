import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../kernel/error-code.ts';
import type { Random } from '../kernel/random.ts';
import { KEYS_ALLOWED, type KeyRing, newKey, parseKeys } from './key-ring.ts';

/** The file in the data folder that has the keys, when the environment has none: one a line, the current first. */
export const KEY_FILE = 'seal.key';

const OWNER_ONLY = 0o600;
const DRAFT_BYTES = 6;

/** The key file cannot be read as keys. Nothing is made in its place: what was sealed with them would be lost. */
export class BrokenKeyFile extends Error {
  override readonly name = 'BrokenKeyFile';
}

/** The keys of a data folder; undefined when it has none. Throws BrokenKeyFile. */
export async function readKeyFile(dataDir: string): Promise<KeyRing | undefined> {
  const text = await textOf(dataDir);
  return text === undefined ? undefined : parsed(text, dataDir);
}

/** The keys of a data folder; a folder that has none is given one, for its owner only. Throws BrokenKeyFile. */
export async function keysInFolder(dataDir: string, random: Random): Promise<KeyRing> {
  const known = await readKeyFile(dataDir);
  if (known) return known;
  const draft = await writeDraft(dataDir, `${newKey(random)}\n`, random);
  try {
    // Unlike a rename, a link never takes the place of a file that another server made meanwhile.
    await link(draft, join(dataDir, KEY_FILE)).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    await syncFolder(dataDir);
  } finally {
    await rm(draft, { force: true });
  }
  return parsed((await textOf(dataDir)) ?? '', dataDir);
}

/**
 * Puts a new key before those that are there: it seals from the next start on, and the others still open.
 * Gives the keys as they are then. Throws BrokenKeyFile, also when there would be too many.
 */
export async function rotateKeyFile(dataDir: string, random: Random): Promise<KeyRing> {
  const known = (await textOf(dataDir)) ?? '';
  if (known !== '') parsed(known, dataDir);
  const text = `${newKey(random)}\n${known}`;
  const keys = parsed(text, dataDir);
  const draft = await writeDraft(dataDir, text, random);
  await rename(draft, join(dataDir, KEY_FILE));
  await syncFolder(dataDir);
  return keys;
}

async function textOf(dataDir: string): Promise<string | undefined> {
  try {
    return await readFile(join(dataDir, KEY_FILE), 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return undefined;
  }
}

function parsed(text: string, dataDir: string): KeyRing {
  const keys = parseKeys(text);
  if (keys) return keys;
  const path = join(dataDir, KEY_FILE);
  throw new BrokenKeyFile(
    `${path} must be ${KEYS_ALLOWED.replace('commas', 'line breaks')}. Restore it from a backup: what is sealed cannot be read without it.\n` +
      `${path} 不是有效的密钥文件。请从备份恢复：缺少该文件将无法读取已密封的数据。`,
  );
}

async function writeDraft(dataDir: string, text: string, random: Random): Promise<string> {
  const name = Buffer.from(random.bytes(DRAFT_BYTES)).toString('hex');
  const draft = join(dataDir, `${KEY_FILE}.${name}.new`);
  await writeFile(draft, text, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  return draft;
}

/** The name of a new file is on the disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
