import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../test/support/database.ts';
import { type Config, readConfig } from './config.ts';
import { openLog } from './logging.ts';
import { welcome } from './run.ts';
import { CannotListen, serve } from './serve.ts';

const database = await freshDatabase();
const dataDir = await mkdtemp(join(tmpdir(), 'guanjia-serve-'));
afterAll(() => rm(dataDir, { recursive: true }));
const log = openLog({ level: 'silent' });
const config: Config = {
  ...readConfig({
    ...{ DATABASE_URL: database.url, GUANJIA_PORT: '0' },
    GUANJIA_SANDBOX_BANK_PORT: 'off',
  }),
  databaseAdminUrl: database.adminUrl,
  dataDir,
};
const file = join(dataDir, 'sandbox.json');

interface SandboxFile {
  baseUrl: string;
  apiKey: string;
  platformId: string;
  mainAccount: { number: string };
  publicAccounts: Record<string, string>;
  accounts: { number: string; name: string; kind: string }[];
}
const readSandboxFile = async () => JSON.parse(await readFile(file, 'utf8')) as SandboxFile;
const platformBy = async (key: string, baseUrl: string) =>
  (await fetch(`${baseUrl}/v1/platform`, { headers: { authorization: `Bearer ${key}` } })).status;

/** The check digit of ISO/IEC 7812-1, worked out apart from the code that makes numbers. */
const luhn = (number: string) =>
  [...number].reverse().reduce((sum, digit, i) => {
    const weighted = Number(digit) * (i % 2 === 1 ? 2 : 1);
    return sum + (weighted > 9 ? weighted - 9 : weighted);
  }, 0) %
    10 ===
  0;

test('the first start makes a sandbox, later ones keep its key, a lost file gets a new one', async () => {
  const first = await serve(config, log);
  const made = await readSandboxFile();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(made).toMatchObject({ baseUrl: first.baseUrl, platformId: 'plt_1' });
  expect(made.mainAccount.number).toBe('8110888020000000017');
  const numbers = [
    ...Object.values(made.publicAccounts),
    ...made.accounts.map(({ number }) => number),
  ];
  expect(numbers).toHaveLength(9);
  expect(numbers.every((number) => /^88888\d{14}$/.test(number) && luhn(number))).toBe(true);
  expect(made.accounts.map(({ kind }) => kind).sort()).toEqual([
    'margin',
    'platform',
    'trading',
    'trading',
    'trading',
    'trading',
  ]);
  expect(await platformBy(made.apiKey, first.baseUrl)).toBe(200);
  expect(welcome(first)).toContain(`${first.baseUrl}/docs`);
  expect(welcome(first)).not.toContain(made.apiKey);
  await first.stop();

  const second = await serve({ ...config, baseUrl: 'https://pay.example.com' }, log);
  expect(await readSandboxFile()).toEqual({ ...made, baseUrl: 'https://pay.example.com' });
  await second.stop();

  await rm(file);
  const third = await serve(config, log);
  const again = await readSandboxFile();
  expect({ ...again, apiKey: '', baseUrl: '' }).toEqual({ ...made, apiKey: '', baseUrl: '' });
  expect(again.apiKey).not.toBe(made.apiKey);
  expect(await platformBy(made.apiKey, third.baseUrl)).toBe(401);
  expect(await platformBy(again.apiKey, third.baseUrl)).toBe(200);
  await third.stop();
});

test('servers with folders of their own on one database leave each other the keys', async () => {
  const first = await serve(config, log);
  const { apiKey } = await readSandboxFile();
  const other = await serve({ ...config, dataDir: join(dataDir, 'other') }, log);
  const told = JSON.parse(
    await readFile(join(dataDir, 'other', 'sandbox.json'), 'utf8'),
  ) as SandboxFile;
  expect(told.apiKey).not.toBe(apiKey);
  expect(await platformBy(apiKey, first.baseUrl)).toBe(200);
  expect(await platformBy(told.apiKey, first.baseUrl)).toBe(200);
  await first.stop();
  await other.stop();
});

// Goal: who uses the address in the file keeps reaching a server. Method: two servers on one folder; the first
// stops, and the second starts again.
test('a second server on one folder leaves the address of the one that runs; alone it writes its own', async () => {
  const first = await serve(config, log);
  const made = await readSandboxFile();
  const second = await serve(config, log);
  expect(second.baseUrl).not.toBe(first.baseUrl);
  expect(await readSandboxFile()).toEqual(made);
  await first.stop();
  await second.stop();
  const third = await serve(config, log);
  expect(await readSandboxFile()).toEqual({ ...made, baseUrl: third.baseUrl });
  await third.stop();
});

test('a sandbox.json that cannot be written does not keep the server from serving', async () => {
  await rm(file, { force: true });
  await mkdir(file); // even root cannot write a file there
  const running = await serve(config, log);
  expect(running.sandboxFile).toBeUndefined();
  expect((await fetch(`${running.baseUrl}/health/ready`)).status).toBe(200);
  await running.stop();
  await rm(file, { recursive: true });
});

test('a port that is taken is named with the variable that chooses another', async () => {
  const first = await serve(config, log);
  const port = Number(new URL(first.baseUrl).port);
  const refused = serve({ ...config, port }, log);
  await expect(refused).rejects.toBeInstanceOf(CannotListen);
  await expect(refused).rejects.toThrow(/GUANJIA_PORT/);
  await first.stop();
});

test('an address that is not ours is named with the variable that chooses another', async () => {
  const refused = serve({ ...config, host: '192.0.2.1' }, log); // of TEST-NET-1: nobody has it
  await expect(refused).rejects.toBeInstanceOf(CannotListen);
  await expect(refused).rejects.toThrow(/GUANJIA_HOST=192\.0\.2\.1/);
});

// Goal: who was let in is answered, whatever arrives in the meantime. Method: a lock in the database holds a
// request in the middle; the server is told to stop; then the lock is let go.
test('stopping answers what is under way, hangs up, and takes nobody new', async () => {
  const running = await serve(config, log);
  const { apiKey } = await readSandboxFile();
  const { hostname, port } = new URL(running.baseUrl);
  const locker = new pg.Client({ connectionString: database.adminUrl });
  await locker.connect();
  await locker.query('begin; lock table member in access exclusive mode');
  const idle = connect(Number(port), hostname);
  await new Promise((resolve) => idle.once('connect', resolve));

  const answer = new Promise<{ status: number; connection: string; body: string }>(
    (resolve, reject) => {
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
      const asked = request(
        { hostname, port, path: '/v1/members', method: 'POST', headers },
        (response) => {
          const {
            statusCode: status = 0,
            headers: { connection = '' },
          } = response;
          text(response).then((body) => resolve({ status, connection, body }), reject);
        },
      );
      asked.on('error', reject);
      asked.end(JSON.stringify({ kind: 'company', name: 'In flight', reference: 'in-flight' }));
    },
  );
  await waitsForLock(locker);
  const stopped = running.stop();
  const closed = new Promise((resolve) => idle.once('close', resolve));
  await closed; // connections without a request are hung up on
  // The port itself is closed, while the request from before is still being answered.
  await expect(fetch(`${running.baseUrl}/health/live`)).rejects.toMatchObject({
    cause: { code: 'ECONNREFUSED' },
  });
  expect(await Promise.race([answer, Promise.resolve('still under way')])).toBe('still under way');
  await locker.query('commit');
  await locker.end();
  expect(await answer).toMatchObject({ status: 201, connection: 'close' });
  await stopped;
  await running.stop(); // again: nothing more happens

  const after = await serve(config, log);
  const found = await fetch(`${after.baseUrl}/v1/members?reference=in-flight`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  expect(((await found.json()) as { data: unknown[] }).data).toHaveLength(1);
  await after.stop();
});

test('a start that fails gives back what it took', async () => {
  await rm(file, { force: true });
  await chmod(dataDir, 0o700);
  const unusable = serve({ ...config, dataDir: '/dev/null/nowhere' }, log);
  await expect(unusable).rejects.toThrow(/embedded_database_unusable/);
  const unreachable = serve({ ...config, databaseAdminUrl: 'postgresql://127.0.0.1:1/none' }, log);
  await expect(unreachable).rejects.toThrow(/ECONNREFUSED/);
});

/** Comes back when a statement of the server waits for the lock. */
async function waitsForLock(locker: pg.Client): Promise<void> {
  for (let look = 0; look < 1000; look += 1) {
    const { rowCount } = await locker.query(
      `select from pg_stat_activity where application_name = 'guanjia' and wait_event_type = 'Lock' and datname = current_database()`,
    );
    if (rowCount === 1) return;
  }
  throw new Error('no statement waits');
}

test('a PostgreSQL that may lose what was answered is warned of', async () => {
  const lines: string[] = [];
  const noted = openLog({ level: 'warn', stream: { write: (line) => void lines.push(line) } });
  // That of the tests is not durable.
  const running = await serve(config, noted);
  await running.stop();
  expect(lines.join('')).toMatch(/"off":"fsync, full_page_writes"/);
});
