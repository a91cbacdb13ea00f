// Goal: the feed tells of everything that was committed, once, in an order that never changes, and of nothing else.
// Method: write through the functions that flows use, on a real database, with transactions that end late.
import { expect, test } from 'vitest';
import { refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { addMember, changeMember } from '../members/index.ts';
import {
  changeVirtualAccount,
  closeVirtualAccount,
  stopVirtualAccount,
} from '../virtual-accounts/index.ts';
import { eventStatement, type NewEvent, sequenceEvents, writeEvents } from './index.ts';
import { listEvents, readEvent } from './read-events.ts';

const app = await testApp();
await testPlatform(app, { platformId: 1n, members: 0 });
await testPlatform(app, { platformId: 2n, members: 0 });
await testPlatform(app, { platformId: 3n, members: 1 });

const told = (objectId: string, data: NewEvent['data'] = {}): NewEvent => ({
  ...{ type: 'test.done', objectId, data, createdAt: app.clock.now() },
});
const objects = async (platformId: bigint, after?: string) =>
  (await listEvents(app, platformId, { after, limit: 100 })).events.map(({ objectId }) => objectId);

test('what commits late comes behind what was seen, and is not skipped', async () => {
  const early = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const late = app.db.transaction().execute(async (tx) => {
    await writeEvents(tx, 1n, [told('late')]);
    written.resolve();
    await early.promise;
  });
  await written.promise;
  await writeEvents(app.db, 1n, [told('first'), told('second')]);

  expect(await sequenceEvents(app, 1n)).toBe(2);
  const seen = await listEvents(app, 1n, { limit: 10 });
  expect(seen.events.map(({ objectId }) => objectId)).toEqual(['first', 'second']);
  early.resolve();
  await late;
  expect(await sequenceEvents(app, 1n)).toBe(1);
  expect(await objects(1n, seen.events.at(-1)?.id)).toEqual(['late']);
  expect(await objects(1n)).toEqual(['first', 'second', 'late']);
});

test('what is rolled back is told nobody', async () => {
  const undone = app.db.transaction().execute(async (tx) => {
    await writeEvents(tx, 2n, [told('undone')]);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  expect(await sequenceEvents(app, 2n)).toBe(0);
  expect(await objects(2n)).toEqual([]);
});

test('two servers at once give each event one place', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `o${i}`);
  const before = (await objects(1n)).length;
  await Promise.all([
    ...names.map((name) => writeEvents(app.db, 1n, [told(name)])),
    ...names.map(() => sequenceEvents(app, 1n)),
  ]);
  await sequenceEvents(app, 1n);
  const all = await objects(1n);
  expect(all.slice(before).toSorted()).toEqual(names.toSorted());
  const { rows } = await app.database.sessions.query<{ position: bigint }>(
    'select position from event where platform_id = 1 order by position',
  );
  expect(rows.map(({ position }) => position)).toEqual(all.map((_, i) => BigInt(i + 1)));
});

test('the statement of document writers writes the same, amounts exactly', async () => {
  const amount = 9_007_199_254_740_991n;
  const { text, values } = eventStatement(2n, [
    told('one', { amount, note: '付"款' }),
    told('two'),
  ]);
  await app.database.sessions.query(text, [...values]);
  await sequenceEvents(app, 2n);
  const { events } = await listEvents(app, 2n, { limit: 10 });
  expect(events.map(({ objectId }) => objectId)).toEqual(['one', 'two']);
  expect(events[0]?.data).toEqual({ amount: Number.MAX_SAFE_INTEGER, note: '付"款' });
  expect(events[0]?.createdAt).toEqual(app.clock.now());
});

test('pages, filters, one event; another platform sees none of it', async () => {
  const whole = (await listEvents(app, 1n, { limit: 100 })).events;
  const first = await listEvents(app, 1n, { limit: 2 });
  expect(first).toEqual({ events: whole.slice(0, 2), hasMore: true });
  const last = whole.at(-1);
  expect(await listEvents(app, 1n, { after: last?.id, limit: 2 })).toEqual({
    events: [],
    hasMore: false,
  });
  const none = await listEvents(app, 1n, { types: ['other.done'], limit: 10 });
  expect(none.events).toEqual([]);
  const some = await listEvents(app, 1n, { types: ['test.done'], objectId: 'late', limit: 10 });
  expect(some.events.map(({ objectId }) => objectId)).toEqual(['late']);
  const id = first.events[0]?.id ?? '';
  expect(await readEvent(app, 1n, id)).toEqual(first.events[0]);
  await expect(readEvent(app, 2n, id)).rejects.toEqual(refusal('event_not_found'));
  const foreign = listEvents(app, 2n, { after: id, limit: 1 });
  await expect(foreign).rejects.toEqual(refusal('event_not_found'));
});

test('members and virtual accounts tell of what was done with them, and not of what was refused', async () => {
  await sequenceEvents(app, 3n);
  const [{ id: after } = { id: '' }] = (await listEvents(app, 3n, { limit: 100 })).events.slice(-1);
  const member = await addMember(app, 3n, { kind: 'person', name: '张三', reference: 'z' });
  await expect(
    addMember(app, 3n, { kind: 'person', name: '李四', reference: 'z' }),
  ).rejects.toEqual(refusal('member_reference_taken'));
  await changeMember(app, 3n, member.id, { name: '张四' });
  const { rows } = await app.database.sessions.query<{ number: string }>(
    `select number from virtual_account where platform_id = 3 and kind = 'trading'`,
  );
  const number = rows[0]?.number ?? '';
  await changeVirtualAccount(app, 3n, number, { name: 'New' });
  await stopVirtualAccount(app, 3n, number, { side: 'debit' });
  await closeVirtualAccount(app, 3n, number);
  await expect(closeVirtualAccount(app, 3n, number)).rejects.toEqual(refusal('account_closed'));
  await sequenceEvents(app, 3n);
  const { events } = await listEvents(app, 3n, { after, limit: 100 });
  expect(events.map(({ type, objectId, data }) => [type, objectId, data])).toEqual([
    ['member.added', member.id, { kind: 'person' }],
    ['member.changed', member.id, {}],
    ['virtual_account.changed', number, {}],
    ['virtual_account.stopped', number, { state: 'debit_stopped' }],
    ['virtual_account.closed', number, { state: 'closed' }],
  ]);
});
