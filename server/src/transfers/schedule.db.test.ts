// Goal: what is scheduled is made once, on its date, whoever makes it; what is refused is kept and tried again; what
// is cancelled moves nothing. Method: a clock and business dates that the test turns, on a real PostgreSQL; two
// ledgers on one database stand for two servers.
import { expect, test } from 'vitest';
import { fund, refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { businessDate } from '../kernel/business-date.ts';
import { openBusinessDate, openLedger, rollDay } from '../ledger/index.ts';
import { openVirtualAccount } from '../virtual-accounts/index.ts';
import {
  cancelSchedule,
  listSchedules,
  readBalance,
  readSchedule,
  readTransfer,
  runSchedules,
  scheduleTransfer,
} from './index.ts';

const app = await testApp();
let platforms = 0n;
let keys = 0;
const next = () => {
  keys += 1;
  return { requestId: `api/schedule-${keys}` };
};

/** A platform of its own, on the business date 2026-03-02, with 1,000 in the first account. */
async function platform() {
  platforms += 1n;
  const platformId = platforms;
  app.clock.set('2026-03-02T01:00:00.000Z');
  const { record, main } = await testPlatform(app, { platformId, members: 0 });
  const opened = [];
  for (const name of ['Payer', 'Payee']) {
    opened.push(await openVirtualAccount(app, platformId, { mainAccount: main.number, name }));
  }
  const [payer, payee] = opened.map(({ number }) => number) as [string, string];
  await fund(app, platformId, { record, number: payer, funds: 1000n });
  const input = { debitAccount: payer, creditAccount: payee };
  return {
    ...{ platformId, payer, payee, record },
    schedule: async (amount: number, when: Parameters<typeof scheduleTransfer>[2]['when']) =>
      (await scheduleTransfer(app, platformId, { ...input, amount, when }, next())).result.id!,
    turnTo: async (date: string) => {
      app.clock.set(`${date}T01:00:00.000Z`);
      await rollDay(app.db, platformId, { next: businessDate(date), at: app.clock.now() });
      expect(await openBusinessDate(app.db, platformId)).toBe(date);
    },
    run: () => runSchedules(app, platformId),
    read: (id: string) => readSchedule(app, platformId, id),
    has: async (number: string) => (await readBalance(app, platformId, number)).available,
  };
}

test('once at an instant: not before it, at it, and never again', async () => {
  const { platformId, schedule, run, read, has, payee } = await platform();
  const id = await schedule(100, { at: new Date('2026-03-02T01:00:10.000Z') });
  app.clock.set('2026-03-02T01:00:09.999Z');
  expect([await run(), await has(payee)]).toEqual([0, 0n]);
  app.clock.set('2026-03-02T01:00:10.000Z');
  expect([await run(), await has(payee)]).toEqual([1, 100n]);
  expect([await run(), await has(payee)]).toEqual([0, 100n]);
  const { state, next: nothing, runs } = await read(id);
  expect([state, nothing]).toEqual(['finished', null]);
  expect(runs).toMatchObject([{ occurrence: 1, attempt: 1, status: 'posted', problem: null }]);
  const made = await readTransfer(app, platformId, runs[0]!.transferId!);
  expect(made).toMatchObject({ amount: 100n, code: 'transfer' });
});

test('on a business date: booked under it, when it is open', async () => {
  const { platformId, schedule, run, read, turnTo } = await platform();
  const id = await schedule(100, { businessDate: '2026-03-05' });
  app.clock.set('2026-03-05T03:00:00.000Z'); // the calendar has gone on, the business date has not
  expect(await run()).toBe(0);
  await turnTo('2026-03-05');
  expect(await run()).toBe(1);
  const { runs } = await read(id);
  const made = await readTransfer(app, platformId, runs[0]!.transferId!);
  expect(made.businessDate).toBe('2026-03-05');
});

test('again and again: in order, and what was missed is made up', async () => {
  const { schedule, run, read, turnTo, has, payee } = await platform();
  const id = await schedule(10, { every: 'day', from: '2026-03-03', until: '2026-03-07' });
  await turnTo('2026-03-03');
  expect([await run(), await run()]).toEqual([1, 0]);
  expect(await read(id)).toMatchObject({ next: { occurrence: 2, businessDate: '2026-03-04' } });
  await turnTo('2026-03-09'); // the server was off
  while ((await run()) > 0);
  const { state, runs } = await read(id);
  expect([state, await has(payee)]).toEqual(['finished', 50n]);
  expect(runs.map(({ occurrence, businessDate: date }) => [occurrence, date])).toEqual([
    [5, '2026-03-07'],
    [4, '2026-03-06'],
    [3, '2026-03-05'],
    [2, '2026-03-04'],
    [1, '2026-03-03'],
  ]);
});

test('what is refused is kept, tried again, and made when there is money', async () => {
  const { platformId, schedule, run, read, has, payer, payee, record } = await platform();
  const id = await schedule(1500, { businessDate: '2026-03-02' });
  expect([await run(), await run()]).toEqual([1, 0]);
  expect(await read(id)).toMatchObject({
    state: 'active',
    next: { occurrence: 1, attempt: 2, notBefore: new Date('2026-03-02T01:05:00.000Z') },
    runs: [
      { attempt: 1, status: 'refused', transferId: null, problem: { code: 'insufficient_funds' } },
    ],
  });
  await fund(app, platformId, { record, number: payer, funds: 500n });
  app.clock.set('2026-03-02T01:05:00.000Z');
  expect([await run(), await has(payee)]).toEqual([1, 1500n]);
  const { state, runs } = await read(id);
  expect([state, runs.map(({ status }) => status)]).toEqual(['finished', ['posted', 'refused']]);
});

test('an occurrence is given up after the last attempt, and the next one has its turn', async () => {
  const { platformId, schedule, run, read, turnTo, payer, payee, has, record } = await platform();
  const id = await schedule(1500, { every: 'month', from: '2026-03-02' });
  for (const time of ['01:00', '01:05', '01:35', '03:35', '15:35']) {
    app.clock.set(`2026-03-02T${time}:00.000Z`);
    expect(await run()).toBe(1);
  }
  expect(await read(id)).toMatchObject({
    next: { occurrence: 2, businessDate: '2026-04-02', attempt: 1, notBefore: null },
  });
  await fund(app, platformId, { record, number: payer, funds: 500n });
  await turnTo('2026-04-02');
  expect([await run(), await has(payee)]).toEqual([1, 1500n]);
});

test('two servers make each occurrence once, and note each refusal once', async () => {
  const { platformId, schedule, turnTo, read, has, payee } = await platform();
  const ids = [];
  for (let i = 1; i <= 20; i += 1)
    ids.push(await schedule(10, { every: 'day', from: '2026-03-02' }));
  const poor = await schedule(5000, { businessDate: '2026-03-02' });
  const other = { ...app, ledger: openLedger({ database: app.database, clock: app.clock }) };
  await turnTo('2026-03-04');
  const both = () => Promise.all([runSchedules(app, platformId), runSchedules(other, platformId)]);
  for (let round = 1; round <= 5; round += 1) await both();
  await other.ledger.drained();
  expect(await has(payee)).toBe(600n); // 20 schedules × 3 days × 10
  for (const id of ids) {
    const { runs, next: coming } = await read(id);
    expect([runs.length, coming?.occurrence]).toEqual([3, 4]);
  }
  expect((await read(poor)).runs).toHaveLength(1);
});

test('what is cancelled moves nothing, a cancellation in the midst of a sweep either wins or comes too late', async () => {
  const { platformId, schedule, run, read, turnTo, has, payee } = await platform();
  const id = await schedule(100, { every: 'day', from: '2026-03-03' });
  const cancelled = await cancelSchedule(app, platformId, id);
  expect(cancelled).toMatchObject({ state: 'cancelled', next: null });
  expect(await cancelSchedule(app, platformId, id)).toEqual(cancelled);
  await turnTo('2026-03-03');
  expect([await run(), await has(payee)]).toEqual([0, 0n]);
  const raced = [];
  for (let i = 1; i <= 10; i += 1)
    raced.push(await schedule(1, { every: 'day', from: '2026-03-03' }));
  await Promise.all([run(), ...raced.map((each) => cancelSchedule(app, platformId, each))]);
  await run();
  const histories = await Promise.all(raced.map(read));
  expect(histories.every(({ state }) => state === 'cancelled')).toBe(true);
  const made = histories.reduce((sum, { runs }) => sum + runs.length, 0);
  expect(await has(payee)).toBe(BigInt(made));
  const once = await schedule(1, { businessDate: '2026-03-03' });
  await run();
  await expect(cancelSchedule(app, platformId, once)).rejects.toEqual(
    refusal('schedule_finished', { schedule: once }),
  );
  await expect(cancelSchedule(app, platformId, 'sch_x')).rejects.toEqual(
    refusal('schedule_not_found'),
  );
});

test('a repeat makes no second one, whatever has happened since; other content is refused', async () => {
  const { platformId, payer, payee, run } = await platform();
  const input = {
    ...{ debitAccount: payer, creditAccount: payee, amount: 10, memo: '房租' },
    when: { businessDate: '2026-03-02' },
  };
  const mode = next();
  const [first, second] = await Promise.all([
    scheduleTransfer(app, platformId, input, mode),
    scheduleTransfer(app, platformId, input, mode),
  ]);
  expect(second.result).toEqual(first.result);
  expect([first.repeated, second.repeated].sort()).toEqual([false, true]);
  await run();
  app.clock.set('2026-03-09T01:00:00.000Z');
  expect(await scheduleTransfer(app, platformId, input, mode)).toEqual({
    ...first,
    repeated: true,
  });
  const other = { ...input, amount: 11 };
  await expect(scheduleTransfer(app, platformId, other, mode)).rejects.toEqual(
    refusal('request_id_reused'),
  );
  expect((await listSchedules(app, platformId, { limit: 10 })).schedules).toHaveLength(1);
});

test('what cannot be is refused, with the field; a dry run keeps nothing', async () => {
  const { platformId, payer, payee } = await platform();
  const input = { debitAccount: payer, creditAccount: payee, amount: 10 };
  const dry = { dryRun: true } as const;
  const ask = (when: Parameters<typeof scheduleTransfer>[2]['when'], rest: object = {}) =>
    scheduleTransfer(app, platformId, { ...input, when, ...rest }, dry);
  const at = (pointer: string) =>
    refusal('schedule_invalid', { errors: [expect.objectContaining({ pointer })] });
  await expect(ask({ at: app.clock.now() })).rejects.toEqual(at('/when/at'));
  await expect(ask({ businessDate: '2026-03-01' })).rejects.toEqual(at('/when/businessDate'));
  await expect(ask({ businessDate: '2026-02-30' })).rejects.toEqual(at('/when/businessDate'));
  await expect(ask({ every: 'day', from: '2026-03-01' })).rejects.toEqual(at('/when/from'));
  const backwards = { every: 'week', from: '2026-03-05', until: '2026-03-04' } as const;
  await expect(ask(backwards)).rejects.toEqual(at('/when/until'));
  const same = ask({ businessDate: '2026-03-02' }, { creditAccount: payer });
  await expect(same).rejects.toEqual(refusal('same_account', { field: '/creditAccount' }));
  const { result } = await ask({ businessDate: '2026-03-02' });
  expect(result).toMatchObject({ id: null, dryRun: true, next: { businessDate: '2026-03-02' } });
  expect((await listSchedules(app, platformId, { limit: 10 })).schedules).toEqual([]);
});
