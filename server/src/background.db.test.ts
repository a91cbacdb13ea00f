import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testApp } from '../test/support/app.ts';
import { camtFile } from '../test/support/statement-samples.ts';
import { backgroundLoops, startLoops, turnBusinessDate } from './background.ts';
import { hasWaitingEntries, importStatement } from './deposits/index.ts';
import { currency } from './kernel/currency.ts';
import { openLog } from './logging.ts';
import { listPlatforms, readPlatform } from './platforms/index.ts';
import { seedSandbox } from './seed.ts';

const { app, clock, proxy } = await testApp({ start: '2026-11-23T04:00:00.000Z' });
const dateOf = async (platformId: bigint) => (await readPlatform(app.db, platformId)).businessDate;
const [shanghai] = await listPlatforms(app.db);
if (!shanghai) throw new Error('there is a platform');

test('the business date turns at midnight of the platform, not of the server', async () => {
  const turn = () => turnBusinessDate(app, shanghai);
  await turn();
  expect(await dateOf(1n)).toBe('2026-11-23');
  clock.set('2026-11-23T15:59:59.999Z');
  await turn();
  expect(await dateOf(1n)).toBe('2026-11-23');
  clock.set('2026-11-23T16:00:00.000Z'); // midnight in Shanghai
  await turn();
  await turn();
  expect(await dateOf(1n)).toBe('2026-11-24');
  expect(await dateOf(2n)).toBe('2026-11-23');
});

test('a server that was off for days turns to today, once; a clock that goes back turns nothing', async () => {
  clock.set('2026-12-01T03:00:00.000Z');
  const [, , , roll] = backgroundLoops(app);
  await roll.run();
  clock.set('2026-11-01T03:00:00.000Z');
  await roll.run();
  expect([await dateOf(1n), await dateOf(2n)]).toEqual(['2026-12-01', '2026-12-01']);
  const days = await app.db
    .selectFrom('business_day')
    .select('business_date')
    .where('platform_id', '=', 1n)
    .orderBy('business_date')
    .execute();
  expect(days.map((day) => day.business_date)).toEqual(['2026-11-23', '2026-11-24', '2026-12-01']);
});

test('folding drains what internal accounts have yet to be told', async () => {
  clock.set('2026-12-01T04:00:00.000Z');
  await seedSandbox(app);
  const [fold] = backgroundLoops(app);
  await sql`insert into account_delta (platform_id, account_id, move_id, delta) values (1, 1, 900, -70), (1, 1, 901, 20)`.execute(
    app.db,
  );
  await fold.run();
  const { rows } = await sql<{ balance: bigint; waiting: bigint }>`
    select balance, (select count(*) from account_delta where platform_id = 1) as waiting
      from account where platform_id = 1 and account_id = 1`.execute(app.db);
  expect(rows).toEqual([{ balance: -50n, waiting: 0n }]);
});

// Goal: what an import has recorded is posted, though the process that imported it died. Method: the ledger
// answers nothing while the file is imported; then the loop runs on one that does.
test('entries that were recorded and not posted are posted by the sweep', async () => {
  const [, , post] = backgroundLoops(app);
  const dead = { ...app.ledger, submit: () => Promise.reject(new Error('the process died here')) };
  const number = '8110888020000000017';
  const source = camtFile({ accountNumber: number, currency: currency('CNY'), entries: 3 });
  const file = importStatement({ ...app, ledger: dead }, 1n, { source });
  await file.catch(() => {});
  const waiting = () => hasWaitingEntries(app, 1n);
  expect(await waiting()).toBe(true);
  await post.run();
  expect(await waiting()).toBe(false);
  const { rows } = await sql<{ state: string; entries: bigint; transfers: bigint }>`
    select p.state, count(*) as entries, count(distinct p.transfer_id) as transfers
      from bank_entry_posting p join bank_entry e using (platform_id, bank_entry_id)
     where platform_id = 1 and kind = 'line' group by p.state`.execute(app.db);
  expect(rows).toEqual([{ state: 'suspended', entries: 3n, transfers: 3n }]);
});

// Goal: a server with a backlog stops after what is under way, and the next one posts the rest. Method: it is told
// to stop while the first of several thousand entries are with the ledger.
test('a backlog does not hold up a stop', async () => {
  const number = '8110888020000000017';
  const source = camtFile({
    accountNumber: number,
    currency: currency('CNY'),
    entries: 20_000,
    prefix: 'backlog',
  });
  const dead = { ...app.ledger, submit: () => Promise.reject(new Error('the process died here')) };
  await importStatement({ ...app, ledger: dead }, 1n, { source }).catch(() => {});
  const stopping = new AbortController();
  let submitted = 0;
  const ledger: typeof app.ledger = {
    ...app.ledger,
    submit: (submission) => {
      submitted += 1;
      stopping.abort();
      return app.ledger.submit(submission);
    },
  };
  const [, , post] = backgroundLoops({ ...app, ledger });
  await post.run(stopping.signal).catch(() => {});
  expect(submitted).toBe(1);
  expect(await hasWaitingEntries(app, 1n)).toBe(true);
  const [, , next] = backgroundLoops(app);
  await next.run();
  expect(await hasWaitingEntries(app, 1n)).toBe(false);
});

// Goal: entries that nothing has room for do not cost a look at each of them every few seconds. Method: count what
// the ledger is asked in rounds at one moment, and in one that comes a minute later.
test('entries that cannot be posted now are tried again after a minute', async () => {
  const source = camtFile({
    accountNumber: '8110888020000000017',
    currency: currency('CNY'),
    entries: 2,
    lineAt: (i) => ({
      ...{ direction: 'credit', amount: 9_007_199_254_740_991n, bookingDate: '2026-03-02' },
      ...{ reference: `stuck${i}`, remittance: '', counterpartyName: '', counterpartyAccount: '' },
    }),
  });
  let asked = 0;
  const ledger: typeof app.ledger = {
    ...app.ledger,
    preview: (submission) => {
      asked += 1;
      return app.ledger.preview(submission);
    },
  };
  await importStatement(app, 1n, { source });
  const [, , post] = backgroundLoops({ ...app, ledger });
  await post.run();
  const once = asked;
  expect(once).toBeGreaterThan(0);
  await post.run();
  expect(asked).toBe(once);
  clock.set(new Date(clock.now().getTime() + 60_000).toISOString());
  await post.run();
  expect(asked).toBe(2 * once);
});

// Goal: an outage is said once, not at every try, and the loop is back by itself. Method: count the runs of a
// loop over a way to the database that is cut and mended; each wait is for a run, never for a time.
test('a loop outlives an outage of the database, and says so twice', async () => {
  const lines: string[] = [];
  const log = openLog({ level: 'info', stream: { write: (line) => void lines.push(line) } });
  let ran = Promise.withResolvers<unknown>();
  const run = async () => {
    try {
      await listPlatforms(app.db);
      ran.resolve(undefined);
    } catch (error) {
      ran.resolve(error);
      throw error;
    }
  };
  const next = () => {
    ran = Promise.withResolvers<unknown>();
    return ran.promise;
  };
  const loops = startLoops([{ name: 'probe', everyMs: 1, run }], log);
  expect(await ran.promise).toBeUndefined();
  await proxy.cut();
  let error = await next();
  while (error === undefined) error = await next();
  expect(await next()).toBeInstanceOf(Error);
  await proxy.mend();
  while (error !== undefined) error = await next();
  await next();
  await loops.stop();
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages).toEqual(['background work failed; trying again', 'background work goes on']);
});
