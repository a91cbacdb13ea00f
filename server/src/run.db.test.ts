import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rename, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test, vi } from 'vitest';
import { freshDatabase } from '../test/support/database.ts';
import { temporaryFolder } from '../test/support/postgres.ts';
import { runningPostmaster } from './db/embedded/postmaster.ts';

const database = await freshDatabase();
const dataDir = await mkdtemp(join(tmpdir(), 'guanjia-run-'));
afterAll(() => rm(dataDir, { recursive: true }));

const start = (env: Record<string, string>): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...{ ...process.env, GUANJIA_DATA_DIR: dataDir, DATABASE_URL: database.adminUrl },
      ...{ GUANJIA_SANDBOX_BANK_PORT: '0', ...env },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

test('the program starts, tells where it listens in JSON, and ends in order on SIGTERM', async () => {
  const child = start({ GUANJIA_PORT: '0' });
  if (!child.stdout) throw new Error('its output is read');
  const lines: string[] = [];
  let baseUrl = '';
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    const { msg, baseUrl: url = '' } = JSON.parse(line) as { msg: string; baseUrl?: string };
    if (msg !== 'listening') continue;
    baseUrl = url;
    expect((await fetch(`${baseUrl}/health/ready`)).status).toBe(200);
    child.kill('SIGTERM');
  }
  if (child.exitCode === null) await once(child, 'exit');
  expect(child.exitCode).toBe(0);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ level: 30, msg: 'stopped' });
  const { apiKey } = JSON.parse(await readFile(join(dataDir, 'sandbox.json'), 'utf8')) as {
    apiKey: string;
  };
  expect(lines.join('\n')).not.toContain(apiKey);
});

test('a signal that comes twice at once, from the terminal and from a launcher, stops it in order', async () => {
  const child = start({ GUANJIA_PORT: '0' });
  if (!child.stdout) throw new Error('its output is read');
  let last = '';
  for await (const line of createInterface(child.stdout)) {
    last = line;
    if (line.includes('"listening"')) child.kill('SIGTERM');
    if (line.includes('finishing what is under way')) child.kill('SIGTERM');
  }
  expect(await codeOf(child)).toBe(0);
  expect(last).toContain('stopped');
});

test('a setting that is not allowed is named, without a stack', async () => {
  const child = start({ GUANJIA_PORT: 'seventy' });
  if (!child.stderr) throw new Error('its output is read');
  const said = await text(child.stderr);
  if (child.exitCode === null) await once(child, 'exit');
  expect(said).toBe('GUANJIA_PORT must be a whole number from 0 to 65535; it is "seventy"\n');
  expect(child.exitCode).toBe(78);
});

test('a password that is wrong is said in words, without a stack and without the password', async () => {
  const wrong = new URL(database.adminUrl);
  wrong.password = 'not-the-password';
  const child = start({ DATABASE_URL: wrong.href });
  if (!child.stderr) throw new Error('its output is read');
  const said = await text(child.stderr);
  expect(await codeOf(child)).toBe(69);
  expect(said).toMatch(/^The database cannot be reached: password .*Look at DATABASE_URL.*\n$/);
  expect(said).not.toContain('not-the-password');
});

// Goal: a start that fails ends the process, says why in words, and leaves no PostgreSQL behind. Method: the
// program with an embedded database of its own, on a port that is taken.
test('a port that is taken ends the program with one message, and its PostgreSQL too', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as AddressInfo;
  const ownData = await temporaryFolder();
  const child = start({
    GUANJIA_PORT: String(port),
    GUANJIA_DATA_DIR: ownData,
    DATABASE_URL: '',
    GUANJIA_LOG_LEVEL: 'silent',
  });
  if (!child.stderr) throw new Error('its output is read');
  const said = await text(child.stderr);
  if (child.exitCode === null) await once(child, 'exit');
  squatter.close();
  expect(said).toMatch(new RegExp(`^Port ${port} on 127.0.0.1 is in use .*GUANJIA_PORT.*\n.*\n$`));
  expect(child.exitCode).toBe(69);
  expect(runningPostmaster(await realpath(join(ownData, 'postgres')))).toBeUndefined();
  await rm(ownData, { recursive: true });
});

const embedded = (ownData: string) =>
  start({ GUANJIA_PORT: '0', GUANJIA_DATA_DIR: ownData, DATABASE_URL: '' });

async function codeOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

test('told to stop in the midst of its first start, it ends in order', async () => {
  const ownData = await temporaryFolder();
  const child = embedded(ownData);
  child.stdout?.resume();
  await vi.waitUntil(
    () => readdirSync(ownData).some((name) => name.startsWith('postgres')),
    10_000,
  );
  child.kill('SIGTERM');
  expect(await codeOf(child)).toBe(0);
  expect(existsSync(join(ownData, 'postgres'))).toBe(false);
  await rm(ownData, { recursive: true });
});

// Goal: a supervisor can act when the database is gone for good. Method: the cluster is taken away from a
// running server, and PostgreSQL is killed.
test('when the embedded database cannot be brought back, the program ends with 69 and says why', async () => {
  const ownData = await temporaryFolder();
  const child = embedded(ownData);
  if (!child.stdout || !child.stderr) throw new Error('its output is read');
  const said = text(child.stderr);
  for await (const line of createInterface(child.stdout)) {
    if (!line.includes('"listening"')) continue;
    const cluster = await realpath(join(ownData, 'postgres'));
    const { pid } = runningPostmaster(cluster) ?? {};
    if (!pid) throw new Error('it runs');
    await rename(cluster, `${cluster}.away`);
    process.kill(pid, 'SIGKILL');
  }
  expect(await codeOf(child)).toBe(69);
  expect(await said).toMatch(/^The embedded database does not run/);
  await rm(ownData, { recursive: true });
}, 60_000);
