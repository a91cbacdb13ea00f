// Goal: the audit log holds what it promises. Method: writers, chainers and a tamperer on a real PostgreSQL; the
// tamperer is a superuser with the triggers off, which is the least that can change an entry at all.
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { type Database, type Db, openDatabase } from '../db/database.ts';
import { systemClock } from '../kernel/clock.ts';
import { openPlatform } from '../platforms/index.ts';
import { chainAudit, listAuditEntries, recordChange, verifyAudit } from './index.ts';

const { url, adminUrl } = await freshDatabase();
const database: Database = await openDatabase({ url, connections: 8 });
const { db } = database;
const tamperer = new pg.Client({ connectionString: adminUrl });
await tamperer.connect();
await tamperer.query('set session_replication_role = replica');
afterAll(async () => {
  await tamperer.end();
  await database.close();
});

let platforms = 0n;
async function newPlatform(): Promise<bigint> {
  platforms += 1n;
  const place = { name: 'P', timeZone: 'Asia/Shanghai', sandbox: false };
  await openPlatform({ db, clock: systemClock }, { platformId: platforms, ...place });
  return platforms;
}

const note = (tx: Db, platformId: bigint, id: string) =>
  recordChange(tx, platformId, {
    at: systemClock.now(),
    action: 'thing.changed',
    object: { type: 'thing', id },
    before: { amount: 9_007_199_254_740_991n },
    after: null,
  });
const write = (platformId: bigint, id: string) =>
  db.transaction().execute((tx) => note(tx, platformId, id));

/** A platform with a chain of five: its opening, and the things 1 to 4. */
async function chained(): Promise<bigint> {
  const platformId = await newPlatform();
  for (const id of ['1', '2', '3', '4']) await write(platformId, id);
  expect(await chainAudit(db, platformId)).toBe(5);
  expect((await verifyAudit(db, platformId)).findings).toEqual([]);
  return platformId;
}

const details = async (platformId: bigint) =>
  (await verifyAudit(db, platformId)).findings.map(({ subject, detail }) => `${subject} ${detail}`);
const idOf = async (platformId: bigint, object: string) => {
  const { entries } = await listAuditEntries({ db }, platformId, { object, limit: 1 });
  return entries[0]?.id ?? '';
};

test('an entry is there exactly when its change is', async () => {
  const platformId = await newPlatform();
  const undone = db.transaction().execute(async (tx) => {
    await note(tx, platformId, 'undone');
    throw new Error('no');
  });
  await expect(undone).rejects.toThrow('no');
  expect(await idOf(platformId, 'undone')).toBe('');
  await expect(note(db, platformId, 'outside')).rejects.toThrow('in the transaction');
});

test('writers and chainers at once leave one chain with every entry in it once', async () => {
  const platformId = await newPlatform();
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let i = 1; i <= 25; i += 1) await write(platformId, `${writer}/${i}`);
  });
  let done = false;
  const written = Promise.all(writers).finally(() => {
    done = true;
  });
  const chainers = [1, 2].map(async () => {
    let linked = 0;
    while (!done) linked += await chainAudit(db, platformId);
    return linked;
  });
  await written;
  const before = (await Promise.all(chainers)).reduce((sum, each) => sum + each, 0);
  const rest = await chainAudit(db, platformId);
  expect(before + rest).toBe(101);
  const { findings, head } = await verifyAudit(db, platformId);
  expect(findings).toEqual([]);
  expect(head.sequence).toBe(101n);
});

test('what commits late comes late, and nobody who writes waits for the chain', async () => {
  const platformId = await newPlatform();
  const late = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  const slow = db.transaction().execute(async (tx) => {
    await note(tx, platformId, 'slow');
    begun.resolve(undefined);
    await late.promise;
  });
  await begun.promise;
  // Somebody holds the end of the chain, as a chainer does; the writer passes all the same.
  await db.transaction().execute(async (tx) => {
    await tx
      .selectFrom('audit_head')
      .select('hash')
      .where('platform_id', '=', platformId)
      .forUpdate()
      .execute();
    await write(platformId, 'quick');
  });
  expect(await chainAudit(db, platformId)).toBe(2);
  late.resolve(undefined);
  await slow;
  expect(await chainAudit(db, platformId)).toBe(1);
  const { entries } = await listAuditEntries({ db }, platformId, { objectType: 'thing', limit: 9 });
  expect(entries.map(({ object, sequence }) => [object.id, sequence])).toEqual([
    ['quick', 2n],
    ['slow', 3n],
  ]);
  expect(await details(platformId)).toEqual([]);
});

test.each([
  [`update audit_entry set after = '{"state":"open"}'`, 'was altered'],
  [`update audit_entry set at = at + interval '1 microsecond'`, 'was altered'],
  [`update audit_entry set origin_name = 'somebody else'`, 'was altered'],
  ['delete from audit_entry', 'was removed; it stood at place 3'],
])('%s: the entry is named', async (statement, detail) => {
  const platformId = await chained();
  await tamperer.query(`${statement} where platform_id = $1 and object_id = '2'`, [platformId]);
  const found = await details(platformId);
  expect(found).toEqual([expect.stringContaining(detail)]);
  expect(found[0]).toContain(`audit entry ${await idOf(platformId, '2')}`.trim());
});

test('entries that changed places are both named', async () => {
  const platformId = await chained();
  await tamperer.query(
    `update audit_link l set audit_id = -o.audit_id from audit_link o
      where l.platform_id = $1 and o.platform_id = $1 and l.sequence in (2, 3) and o.sequence = 5 - l.sequence`,
    [platformId],
  );
  await tamperer.query('update audit_link set audit_id = -audit_id where audit_id < 0');
  const found = await details(platformId);
  expect(found).toHaveLength(2);
  for (const [index, object] of ['2', '1'].entries()) {
    expect(found[index]).toContain(await idOf(platformId, object));
    expect(found[index]).toContain('stands in the place of another');
  }
});

test('an entry that was removed with its link is missed, in the middle and at the end', async () => {
  const middle = await chained();
  const end = await chained();
  for (const [platformId, place] of [
    [middle, 3],
    [end, 5],
  ] as const) {
    const where = 'where platform_id = $1 and';
    await tamperer.query(
      `delete from audit_entry ${where} audit_id = (select audit_id from audit_link ${where} sequence = $2)`,
      [platformId, place],
    );
    await tamperer.query(`delete from audit_link ${where} sequence = $2`, [platformId, place]);
  }
  expect((await details(middle)).join()).toContain('place 3 is missing');
  expect((await details(end)).join()).toContain('is at place 4, and place 5 was reached');
});

test('an entry that was put in, or lost before it had its place, is named', async () => {
  const platformId = await chained();
  await write(platformId, 'lost');
  await write(platformId, 'aside');
  await tamperer.query(`delete from audit_entry where platform_id = $1 and object_id = 'lost'`, [
    platformId,
  ]);
  await tamperer.query(
    `delete from audit_pending p using audit_entry e where p.platform_id = $1 and e.platform_id = $1
        and p.audit_id = e.audit_id and e.object_id = 'aside'`,
    [platformId],
  );
  expect(await chainAudit(db, platformId)).toBe(0);
  expect(
    (await details(platformId)).map((each) => each.slice(each.indexOf(' is') + 1 || 30)),
  ).toHaveLength(2);
  expect((await details(platformId)).join()).toMatch(
    /is not in the chain.*was removed before it was in the chain/,
  );
});

test('the log is read by filter, newest first, page by page', async () => {
  const platformId = await chained();
  const page = await listAuditEntries({ db }, platformId, { action: 'thing.changed', limit: 3 });
  expect(page.entries.map(({ object }) => object.id)).toEqual(['4', '3', '2']);
  const { entries, next } = await listAuditEntries({ db }, platformId, {
    ...{ action: 'thing.changed', limit: 3, before: page.next },
  });
  expect({ ids: entries.map(({ object }) => object.id), next }).toEqual({
    ids: ['1'],
    next: undefined,
  });
  expect(entries[0]).toMatchObject({
    origin: { kind: 'system', name: 'guanjia', address: null, requestId: null },
    before: { amount: '9007199254740991' },
    after: null,
  });
  const none = { origin: 'key_nobody', limit: 3 };
  expect((await listAuditEntries({ db }, platformId, none)).entries).toEqual([]);
});
