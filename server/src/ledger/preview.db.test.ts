import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { ledgerBench } from '../../test/support/ledger.ts';
import type { Db } from '../db/database.ts';
import { amount } from '../kernel/amount.ts';
import { lockLane } from './day.ts';
import type { AccountId, Move } from './index.ts';
import { MAX_WAITING_PREVIEWS } from './previews.ts';

const { url } = await freshDatabase();
const bench = await ledgerBench(url);
const { ledger, platformId, database, clock } = bench;
const { db } = database;
afterAll(() => bench.close());
const [payer, payee] = [await bench.open({ available: 100n }), await bench.open()];

const pay = (debit: AccountId, credit: AccountId, sum: bigint): Move => ({
  ...{ kind: 'transfer', code: 'payment', debit, credit, amount: amount(sum) },
});
const preview = (sum = 1n) => ledger.preview({ platformId, moves: [pay(payer, payee, sum)] });

/** Holds the platform's lane until it is told to let go, after turning the business day if `next` is given. */
async function holdLane(next?: string) {
  const held = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  const done = db.transaction().execute(async (tx) => {
    const { lastMoveId } = await lockLane(tx, platformId);
    if (next !== undefined) await turnDay(tx, { next, firstMoveId: lastMoveId + 1n });
    held.resolve();
    await letGo.promise;
  });
  await held.promise;
  return async () => {
    letGo.resolve();
    await done;
  };
}

async function turnDay(tx: Db, { next, firstMoveId }: { next: string; firstMoveId: bigint }) {
  const at = clock.now();
  await sql`update business_day set closed_at = ${at}
             where platform_id = ${platformId} and closed_at is null`.execute(tx);
  await sql`
    insert into business_day (platform_id, business_date, first_move_id, last_move_id, opened_at)
    values (${platformId}, ${next}, ${firstMoveId}, ${firstMoveId - 1n}, ${at})`.execute(tx);
}

test('submissions are decided each on what the ones before it leave, in one transaction', async () => {
  let transactions = 0;
  database.batches.on('acquire', () => {
    transactions += 1;
  });
  const sums = [60n, 60n, 40n, 1n];
  const submissions = sums.map((sum) => [pay(payer, payee, sum)]);
  const answers = await ledger.previewEach({ platformId, submissions });
  expect(answers.map(({ accepted }) => accepted)).toEqual([true, false, true, false]);
  expect(transactions).toBe(1);
  expect(await preview(100n)).toMatchObject({ accepted: true });
});

// Goal: previews neither wait for batches nor make them wait. Method: a transaction holds the lane, as a batch
// does, after turning the day; the preview is answered meanwhile, from what is committed.
test('a preview waits for nobody, and sees what is committed', async () => {
  const letGo = await holdLane('2026-03-03');
  expect(await preview()).toMatchObject({ accepted: true, businessDate: '2026-03-02' });
  await letGo();
  expect(await preview()).toMatchObject({ accepted: true, businessDate: '2026-03-03' });
});

test('previews of a platform take one connection, wait for each other, and are refused beyond a limit', async () => {
  let most = 0;
  database.batches.on('acquire', () => {
    most = Math.max(most, database.batches.totalCount - database.batches.idleCount);
  });
  const taken = Array.from({ length: 1 + MAX_WAITING_PREVIEWS }, () => preview());
  await expect(preview()).rejects.toMatchObject({ definition: { code: 'busy' } });
  for (const answer of await Promise.all(taken)) expect(answer).toMatchObject({ accepted: true });
  expect(await preview()).toMatchObject({ accepted: true });
  expect(most).toBe(1);
});
