import { expect, onTestFinished, test } from 'vitest';
import { checkBook } from '../soak/book.ts';
import { Dice } from '../soak/dice.ts';
import { httpDoor, type Told } from '../soak/door.ts';
import { type Operation, Operations } from '../soak/operations.ts';
import { startServer } from '../soak/server-process.ts';
import { Violations } from '../soak/violations.ts';
import { fund, openOwnLedger, openWorld } from '../soak/world.ts';
import { freshDatabase } from '../support/database.ts';

const CLIENTS = 16;
const ANSWERS_BEFORE_STOP = 200;
const { url: databaseUrl, adminUrl } = await freshDatabase();

// Goal: a deploy loses nothing. Method: SIGTERM in the middle of load; whoever got no answer repeats the
// request at the next server; then the ledger is held against what the clients were told.
test('a server that is stopped under load answers what is under way, and loses nothing', async () => {
  const world = await openWorld(databaseUrl, { accounts: 20 });
  const { ledger, close } = await openOwnLedger(databaseUrl);
  await fund(ledger, world, 100_000);
  await close();
  let server = await startServer({ databaseUrl, adminUrl });
  onTestFinished(async () => void (await server.stop()));
  const door = httpDoor(() => server.baseUrl, world);
  const operations = new Operations(new Dice(4), world.accounts.length);
  const answers = new Map<string, Told>();
  const unanswered = new Map<string, Operation>();
  let asked = 0;
  const enough = Promise.withResolvers<void>();
  const clients = Array.from({ length: CLIENTS }, async () => {
    for (;;) {
      asked += 1;
      const key = `stop-${asked}`;
      const operation = operations.next();
      const told = await door.ask(key, operation);
      if (told.kind === 'silent' || told.kind === 'later') {
        unanswered.set(key, operation);
        return;
      }
      answers.set(key, told);
      if (answers.size === ANSWERS_BEFORE_STOP) enough.resolve();
    }
  });
  await enough.promise;

  expect(await server.stop()).toBe(0);
  await Promise.all(clients);
  server = await startServer({ databaseUrl, adminUrl });
  for (const [key, operation] of unanswered) answers.set(key, await door.ask(key, operation));

  const violations = new Violations();
  await checkBook(adminUrl, { platformId: world.platformId, answers }, violations);
  expect(violations.list).toEqual([]);
});
