import { expect, onTestFinished, test } from 'vitest';
import { checkBook } from '../soak/book.ts';
import { httpDoor } from '../soak/door.ts';
import { startServer } from '../soak/server-process.ts';
import { Violations } from '../soak/violations.ts';
import { fund, openOwnLedger, openWorld } from '../soak/world.ts';
import { freshDatabase } from '../support/database.ts';
import { proxyTo } from '../support/proxy.ts';

const { url, adminUrl } = await freshDatabase();
const TRANSFER = { kind: 'transfer', debit: 0, credit: 1, amount: 100 } as const;

// Goal: an outage of the database is told to callers, and passes. Method: the way to it is cut and mended.
test('without its database the server asks callers to wait, and goes on by itself', async () => {
  const world = await openWorld(url, { accounts: 2 });
  const { ledger, close } = await openOwnLedger(url);
  await fund(ledger, world, 1_000);
  await close();
  const proxy = await proxyTo(url);
  const server = await startServer({ databaseUrl: proxy.url, adminUrl });
  onTestFinished(async () => void (await server.stop()));
  const door = httpDoor(() => server.baseUrl, world);
  const before = await door.ask('before', TRANSFER);
  expect(before.kind).toBe('accepted');

  await proxy.cut();
  const during = await door.ask('during', TRANSFER);
  expect(during.kind).toBe('later');
  expect(during.kind === 'later' && Number(during.retryAfter)).toBeGreaterThanOrEqual(1);
  expect((await fetch(`${server.baseUrl}/health/ready`)).status).toBe(503);

  await proxy.mend();
  const after = await door.ask('during', TRANSFER);
  expect(after.kind).toBe('accepted');
  expect((await fetch(`${server.baseUrl}/health/ready`)).status).toBe(200);

  const violations = new Violations();
  const answers = new Map([
    ['before', before],
    ['during', after],
  ]);
  await checkBook(adminUrl, { platformId: world.platformId, answers }, violations);
  expect(violations.list).toEqual([]);
});
