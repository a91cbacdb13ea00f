import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from './app.ts';
import { listApiKeys, revokeApiKey } from './platforms/index.ts';
import { createSandboxKey, readSandbox, SANDBOX_KEY, SANDBOX_PLATFORM_ID } from './seed.ts';

/** Where the sandbox's key and accounts are told. */
export const sandboxFile = (dataDir: string) => join(dataDir, 'sandbox.json');

/**
 * Writes `<data>/sandbox.json`, for its owner only: address, API key and account numbers of the sandbox. A key
 * that still works is kept; when the file is gone or its key is not good, the old keys of this file are
 * revoked and a new one is made. Says the path, or undefined when the database has no sandbox.
 */
export async function writeSandboxFile(
  app: App,
  { dataDir, baseUrl }: { dataDir: string; baseUrl: string },
): Promise<string | undefined> {
  const sandbox = await readSandbox(app);
  if (!sandbox) return undefined;
  const path = sandboxFile(dataDir);
  const apiKey = (await workingKey(app, path)) ?? (await replaceKey(app));
  await writeWhole(path, `${JSON.stringify({ baseUrl, apiKey, ...sandbox }, undefined, 2)}\n`);
  return path;
}

async function workingKey(app: App, path: string): Promise<string | undefined> {
  const apiKey = await readFile(path, 'utf8').then(keyIn, () => undefined);
  if (apiKey === undefined) return undefined;
  const session = await app.authenticator.authenticate(apiKey);
  return session?.platformId === SANDBOX_PLATFORM_ID ? apiKey : undefined;
}

function keyIn(text: string): string | undefined {
  try {
    const apiKey: unknown = Reflect.get(Object(JSON.parse(text)), 'apiKey');
    return typeof apiKey === 'string' ? apiKey : undefined;
  } catch {
    return undefined; // broken by hand: it is written anew
  }
}

async function replaceKey(app: App): Promise<string> {
  const platformId = SANDBOX_PLATFORM_ID;
  const old = (await listApiKeys(app, platformId)).filter(
    ({ name, revokedAt }) => name === SANDBOX_KEY && revokedAt === null,
  );
  for (const { id } of old) await revokeApiKey(app, { platformId, keyId: id });
  return createSandboxKey(app);
}

/** Whoever reads the path finds the old file or the new one, never half of one. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
