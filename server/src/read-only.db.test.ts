// Goal: a database that takes no writes is told as that. Method: databases that are set to read only.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../test/support/database.ts';
import { temporaryFolder } from '../test/support/postgres.ts';
import { buildHttp, openApp } from './app.ts';
import { openLog } from './logging.ts';
import { createApiKey, openPlatform, SCOPES } from './platforms/index.ts';

const database = await freshDatabase();
const admin = new pg.Client({ connectionString: database.adminUrl });
const empty = `read_only_${randomBytes(6).toString('hex')}`;
beforeAll(() => admin.connect());
afterAll(async () => {
  await admin.query(`drop database if exists ${empty} with (force)`);
  await admin.end();
});

test('a migrated one is not ready, has its tables, and a write was not done', async () => {
  const log = openLog({ level: 'silent' });
  const before = await openApp({ url: database.url, log });
  const place = { timeZone: 'Asia/Shanghai', sandbox: true };
  await openPlatform(before, { platformId: 1n, name: 'Market', ...place });
  const { secret } = await createApiKey(before, { platformId: 1n, name: 'k', scopes: SCOPES });
  expect(await before.isReady()).toBe(true);
  await before.close();

  await admin.query(`alter database ${database.name} set default_transaction_read_only = on`);
  const app = await openApp({ url: database.url, log });
  const http = await buildHttp(app);
  expect(await app.isMigrated()).toBe(true);
  expect((await http.inject('/health/ready')).statusCode).toBe(503);
  const answer = await http.inject({
    ...{ method: 'POST', url: '/v1/members', headers: { authorization: `Bearer ${secret}` } },
    payload: { kind: 'company', name: 'Sample', reference: 'm-1' },
  });
  expect(answer.json()).toMatchObject({ status: 503, code: 'database_unavailable' });
  await http.close();
  await app.close();
});

async function startOn(name: string): Promise<{ said: string; code: number | null }> {
  const url = new URL(database.adminUrl);
  url.pathname = `/${name}`;
  const dataDir = await temporaryFolder();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      ...{ DATABASE_URL: url.href, GUANJIA_DATABASE_ADMIN_URL: '', GUANJIA_PORT: '0' },
      GUANJIA_DATA_DIR: dataDir,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  const said = await text(child.stderr);
  await ended;
  await rm(dataDir, { recursive: true });
  return { said, code: child.exitCode };
}

test('a start on an empty one says so and ends with 69; on one of another encoding with 78', async () => {
  await admin.query(`create database ${empty}`);
  await admin.query(`alter database ${empty} set default_transaction_read_only = on`);
  const readOnly = await startOn(empty);
  expect(readOnly.said).toMatch(/^The database takes no writes now .*read-only transaction.*\n$/);
  expect(readOnly.code).toBe(69);

  await admin.query(`drop database ${empty}`);
  await admin.query(
    `create database ${empty} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0`,
  );
  const latin = await startOn(empty);
  expect(latin.said).toMatch(/^The database has the encoding LATIN1.*\n.*\n$/);
  expect(latin.code).toBe(78);
});
