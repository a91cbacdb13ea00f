import { expect, onTestFinished, test } from 'vitest';
import { runConcurrency } from '../soak/concurrency.ts';
import { httpDoor, ledgerDoor } from '../soak/door.ts';
import { startServer } from '../soak/server-process.ts';
import { fund, openOwnLedger, openWorld, type World } from '../soak/world.ts';
import { freshDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/postgres.ts';

const [forLedgers, forServers] = [await freshDatabase(), await freshDatabase()];
const FUNDS = 100_000;

async function fundedWorld({ url }: TestDatabase): Promise<World> {
  const world = await openWorld(url, { accounts: 20 });
  const { ledger, close } = await openOwnLedger(url);
  await fund(ledger, world, FUNDS);
  await close();
  return world;
}

// Short runs of `npm run soak concurrency`: two ledgers, then two servers, on one database.
test('two ledgers answer each request once, and a repeat as the first time', async () => {
  const { url, adminUrl } = forLedgers;
  const world = await fundedWorld(forLedgers);
  const [one, other] = [await openOwnLedger(url), await openOwnLedger(url)];
  onTestFinished(async () => {
    await one.close();
    await other.close();
  });

  const outcome = await runConcurrency({
    doors: [ledgerDoor(one.ledger, world), ledgerDoor(other.ledger, world)],
    ...{ world, adminUrl, clients: 32, requests: 3000, seed: 1 },
  });

  expect(outcome.violations).toEqual([]);
  expect(outcome.accepted).toBeGreaterThan(500);
  expect(outcome.refused).toBeGreaterThan(100);
});

test('two servers answer each request once, and a repeat as the first time', {
  timeout: 120_000,
}, async () => {
  const { url: databaseUrl, adminUrl } = forServers;
  const world = await fundedWorld(forServers);
  const one = await startServer({ databaseUrl, adminUrl });
  onTestFinished(async () => void (await one.stop()));
  const other = await startServer({ databaseUrl, adminUrl });
  onTestFinished(async () => void (await other.stop()));

  const outcome = await runConcurrency({
    doors: [httpDoor(() => one.baseUrl, world), httpDoor(() => other.baseUrl, world)],
    ...{ world, adminUrl, clients: 32, requests: 1500, seed: 2 },
  });

  expect(outcome.violations).toEqual([]);
  expect(outcome.accepted).toBeGreaterThan(500);
  expect(outcome.refused).toBeGreaterThan(100);
});
