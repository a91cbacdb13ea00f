import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freshDatabase } from '../test/support/database.ts';
import { type App, openApp } from './app.ts';
import { openLog } from './logging.ts';
import { writeSandboxFile } from './sandbox-file.ts';
import { readSandbox, seedSandbox } from './seed.ts';

const log = openLog({ level: 'silent' });

async function seededApp(cutAfter: number): Promise<{ app: App; finished: boolean }> {
  const { url } = await freshDatabase();
  const app = await openApp({ url, log });
  return { app, finished: await seedUntil(app, cutAfter) };
}

/** Seeds until so many things were opened; then the process "dies". Every opening asks what time it is. */
async function seedUntil(app: App, openings: number): Promise<boolean> {
  let left = openings;
  const clock = {
    now: () => {
      left -= 1;
      if (left < 0) throw new Error('killed here');
      return app.clock.now();
    },
  };
  return seedSandbox({ ...app, clock }).then(
    () => true,
    () => false,
  );
}

// Goal: a first start that is killed anywhere is finished by the next one, with the same account numbers.
// Method: the seeding is cut after each of its openings in turn, then run again.
test('a seeding that was cut off anywhere is finished by the next start', async () => {
  const whole = await seededApp(Number.POSITIVE_INFINITY);
  const expected = await readSandbox(whole.app);
  expect(expected?.accounts).toHaveLength(6);
  await whole.app.close();
  let cuts = 0;
  for (let cutAfter = 0; ; cutAfter += 1) {
    const { app, finished } = await seededApp(cutAfter);
    if (!finished) {
      cuts += 1;
      await seedSandbox(app);
    }
    const seeded = await readSandbox(app);
    const sorted = (all: typeof seeded) =>
      all?.accounts.map(({ name, kind }) => `${kind} ${name}`).sort();
    expect(sorted(seeded), `cut after ${cutAfter}`).toEqual(sorted(expected));
    expect(new Set(seeded?.accounts.map(({ number }) => number))).toEqual(
      new Set(expected?.accounts.map(({ number }) => number)),
    );
    await app.close();
    if (finished) break;
  }
  expect(cuts).toBeGreaterThan(5);
});

// Goal: two servers that start at once on a new database both come up, and the file's key is good. Method: two
// apps on one database seed and write together.
test('two first starts at once make one sandbox and one key', async () => {
  const { url } = await freshDatabase();
  const apps = [await openApp({ url, log }), await openApp({ url, log })];
  const dataDir = await mkdtemp(join(tmpdir(), 'guanjia-seed-'));
  await Promise.all(
    apps.map(async (app) => {
      await seedSandbox(app);
      await writeSandboxFile(app, { dataDir, baseUrl: 'http://127.0.0.1:1' });
    }),
  );
  const told = JSON.parse(await readFile(join(dataDir, 'sandbox.json'), 'utf8')) as {
    apiKey: string;
    accounts: unknown[];
  };
  expect(told.accounts).toHaveLength(6);
  for (const app of apps) {
    expect(await app.authenticator.authenticate(told.apiKey)).toMatchObject({ platformId: 1n });
    await app.close();
  }
  await rm(dataDir, { recursive: true });
});
