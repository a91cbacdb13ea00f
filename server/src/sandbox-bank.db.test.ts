// Goal: a sandbox has a bank beside it, which is found in sandbox.json, ends with the server, and is not needed.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { freshDatabase } from '../test/support/database.ts';
import { sandboxConnector } from './banking/index.ts';
import { type Config, readConfig } from './config.ts';
import { openLog } from './logging.ts';
import { welcome } from './run.ts';
import { serve } from './serve.ts';

const database = await freshDatabase();
const dataDir = await mkdtemp(join(tmpdir(), 'guanjia-bank-'));
afterAll(() => rm(dataDir, { recursive: true }));
const log = openLog({ level: 'silent' });
const config: Config = {
  ...readConfig({ DATABASE_URL: database.url, GUANJIA_PORT: '0', GUANJIA_SANDBOX_BANK_PORT: '0' }),
  databaseAdminUrl: database.adminUrl,
  dataDir,
};
const told = async () =>
  JSON.parse(await readFile(join(dataDir, 'sandbox.json'), 'utf8')) as {
    bank?: { url: string };
    mainAccount: { number: string };
    accounts: { number: string }[];
  };

test('the bank keeps the sandbox’s main account; a transfer to a member’s number is there after a restart', async () => {
  const first = await serve(config, log);
  const { bank, mainAccount, accounts } = await told();
  expect(bank?.url).toBe(first.bankUrl);
  expect(welcome(first)).toContain(bank?.url);
  await fetch(`${bank?.url}/operator/transfers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: accounts[0]?.number, amount: '12.30' }),
  });
  await first.stop();
  await expect(fetch(`${bank?.url}/health`)).rejects.toThrow();

  const second = await serve(config, log);
  onTestFinished(() => second.stop());
  const connector = sandboxConnector({ url: second.bankUrl ?? '' });
  const page = await connector.entries({ account: mainAccount.number, limit: 10 });
  expect(page).toMatchObject({
    entries: [{ amount: 1_230n, creditedAccount: accounts[0]?.number }],
  });
});

test('off, or with its port taken, the server runs without the bank', async () => {
  const without = await serve({ ...config, sandboxBankPort: 'off' }, log);
  expect(without.bankUrl).toBeUndefined();
  expect((await told()).bank).toBeUndefined();
  await without.stop();

  const other = createServer();
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void other.close());
  const address = other.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  const beside = await serve({ ...config, sandboxBankPort: taken }, log);
  expect(beside.bankUrl).toBeUndefined();
  await beside.stop();
});
