import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { App } from './app.ts';
import { recordOf } from './http/record.ts';
import { listApiKeys, revokeApiKey } from './platforms/index.ts';
import { aloneWithSandbox, createSandboxKey, readSandbox, SANDBOX_PLATFORM_ID } from './seed.ts';

/** Where the sandbox's key and accounts are told. */
const sandboxFile = (dataDir: string) => join(dataDir, 'sandbox.json');

/** So long a server that the file names is waited for. */
const ANSWER_TIMEOUT_MS = 1_000;
/** So much of a digest tells the places of files apart. */
const PLACE_CHARACTERS = 12;

/** Where things are that the file tells of; `bankUrl` is that of the sandbox bank, where one runs. */
interface SandboxPlace {
  readonly dataDir: string;
  readonly baseUrl: string;
  readonly bankUrl?: string | undefined;
}

/**
 * Writes `<data>/sandbox.json`, for its owner only: address, bank, API key and account numbers of the sandbox. A key
 * that still works is kept; when the file is gone or its key is not good, the old keys of this file, and no
 * other folder's, are revoked and a new one is made. The address of another server that runs on the same data is
 * kept as well. Says the path, or undefined when the database has no sandbox.
 */
export function writeSandboxFile(app: App, place: SandboxPlace): Promise<string | undefined> {
  return aloneWithSandbox(app, () => write(app, place));
}

async function write(
  app: App,
  { dataDir, baseUrl, bankUrl }: SandboxPlace,
): Promise<string | undefined> {
  const sandbox = await readSandbox(app);
  if (!sandbox) return undefined;
  const path = sandboxFile(dataDir);
  const known = await readKnown(path);
  const kept = (await isWorking(app, known.apiKey)) ? known.apiKey : undefined;
  const runs = kept !== undefined && known.baseUrl !== baseUrl && (await answers(known));
  if (runs)
    app.log.info(
      { baseUrl: known.baseUrl },
      'sandbox.json keeps the address of a server that runs',
    );
  const bank = bankUrl ?? (runs ? known.bankUrl : undefined);
  const told = {
    baseUrl: (runs ? known.baseUrl : undefined) ?? baseUrl,
    apiKey: kept ?? (await replaceKey(app, keyNameFor(path))),
    ...(bank === undefined ? {} : { bank: { url: bank } }),
    ...sandbox,
  };
  await writeWhole(path, `${JSON.stringify(told, undefined, 2)}\n`);
  return path;
}

/** What the file says; nothing when it is not there or was broken by hand: then it is written anew. */
interface Known {
  readonly apiKey?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly bankUrl?: string | undefined;
}

async function readKnown(path: string): Promise<Known> {
  try {
    const { apiKey, baseUrl, bank } = recordOf(JSON.parse(await readFile(path, 'utf8')));
    const { url } = recordOf(bank);
    return { apiKey: textOr(apiKey), baseUrl: textOr(baseUrl), bankUrl: textOr(url) };
  } catch {
    return {};
  }
}

const textOr = (value: unknown) => (typeof value === 'string' ? value : undefined);

async function isWorking(app: App, apiKey: string | undefined): Promise<boolean> {
  if (apiKey === undefined) return false;
  const session = await app.authenticator.authenticate(apiKey);
  return session?.platformId === SANDBOX_PLATFORM_ID;
}

/** Whether a server at that address takes that key: it serves the same data then. */
async function answers({ baseUrl, apiKey }: Known): Promise<boolean> {
  if (baseUrl === undefined || !URL.canParse(baseUrl)) return false;
  const headers = { authorization: `Bearer ${apiKey}` };
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    return (await fetch(`${baseUrl}/v1/platform`, { headers, signal, redirect: 'error' })).ok;
  } catch {
    return false;
  }
}

/** Servers with folders of their own may share one database: each file's keys are found by where it is. */
function keyNameFor(path: string): string {
  const place = createHash('sha256')
    .update(`${hostname()}:${resolve(path)}`)
    .digest('hex');
  return `sandbox.json ${place.slice(0, PLACE_CHARACTERS)}`;
}

async function replaceKey(app: App, keyName: string): Promise<string> {
  const platformId = SANDBOX_PLATFORM_ID;
  const old = (await listApiKeys(app, platformId)).filter(
    ({ name, revokedAt }) => name === keyName && revokedAt === null,
  );
  for (const { id } of old) await revokeApiKey(app, { platformId, keyId: id });
  return createSandboxKey(app, keyName);
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
