// Goal: the client does against a real server what its README says: repeats that keep the key, whatever gets lost on the
// way; lists from their first item to their last; problems with their facts. Method: the whole server on a fresh
// database, behind ways that the tests cut.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testApp } from '../../server/test/support/app.ts';
import { testPlatform } from '../../server/test/support/fixtures.ts';
import { LISTS } from './api.ts';
import { answerOf, createGuanjia, OutcomeUnknownError, ProblemError } from './index.ts';
import type { ListPath } from './pages.ts';

const { app, http, proxy, keyOf } = await testApp();
const platformId = 7n;
const { numbers } = await testPlatform(app, { platformId, members: 3, funds: 100_000n });
const [buyer = '', seller = '', partner = ''] = numbers;
const apiKey = await keyOf({ platformId });
let baseUrl = '';
beforeAll(async () => {
  baseUrl = await http.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => http.close());

/** A client, and what it sent; `lose` says of the n-th send whether its answer is lost. */
function clientOf({ lose = () => false, wait }: Partial<Way> = {}) {
  const sent: { key: string | null; url: string }[] = [];
  const guanjia = createGuanjia({
    ...{ baseUrl, apiKey },
    fetch: async (request) => {
      const { headers, url } = request;
      sent.push({ key: headers.get('idempotency-key'), url });
      const response = await fetch(request);
      if (!lose(sent.length)) return response;
      await response.text();
      throw new TypeError('the connection was lost');
    },
    wait: wait ?? (() => Promise.resolve()),
  });
  return { guanjia, sent };
}
interface Way {
  readonly lose: (send: number) => boolean;
  readonly wait: () => Promise<void>;
}

const transfer = (amount: number) => ({ debitAccount: buyer, creditAccount: seller, amount });

async function transfersOf(account: string): Promise<number[]> {
  const { guanjia } = clientOf();
  const amounts: number[] = [];
  for await (const { amount } of guanjia.each('/v1/transfers', { query: { account } }))
    amounts.push(amount);
  return amounts;
}

test('an answer that is lost is asked for again with the same key, and the money moved once', async () => {
  const { guanjia, sent } = clientOf({ lose: (send) => send < 3 });
  const { id } = await answerOf(guanjia.POST('/v1/transfers', { body: transfer(101) }));
  expect(sent).toHaveLength(3);
  expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
  expect((await transfersOf(buyer)).filter((amount) => amount === 101)).toHaveLength(1);
  expect(id).toMatch(/^trf_/);
});

test('while the database is away the server says 503, and the same call succeeds when it is back', async () => {
  await proxy.cut();
  let waits = 0;
  const wait = async () => {
    waits += 1;
    if (waits === 2) await proxy.mend();
  };
  const { guanjia, sent } = clientOf({ wait });
  const { response } = await guanjia.POST('/v1/transfers', { body: transfer(102) });
  expect(response.status).toBe(201);
  expect(sent.length).toBeGreaterThan(2);
  expect((await transfersOf(buyer)).filter((amount) => amount === 102)).toHaveLength(1);
});

test('when no answer ever comes the error has the key, with which it is asked again later', async () => {
  const { guanjia } = clientOf({ lose: () => true });
  const failure: unknown = await guanjia
    .POST('/v1/transfers', { body: transfer(103) })
    .catch((error: unknown) => error);
  if (!(failure instanceof OutcomeUnknownError)) throw new Error('the outcome is not known');
  expect(failure.message).toContain('the connection was lost');
  const key = failure.idempotencyKey ?? '';
  const later = clientOf().guanjia.POST('/v1/transfers', {
    body: transfer(103),
    headers: { 'Idempotency-Key': key },
  });
  expect((await later).response.headers.get('idempotent-replayed')).toBe('true');
  expect((await transfersOf(buyer)).filter((amount) => amount === 103)).toHaveLength(1);
});

test('a refusal is an error with its code and its facts', async () => {
  const { guanjia } = clientOf();
  const refused = answerOf(guanjia.POST('/v1/transfers', { body: transfer(90_000_000) }));
  const error: unknown = await refused.catch((thrown: unknown) => thrown);
  if (!(error instanceof ProblemError)) throw new Error('it is a problem');
  if (!error.is('insufficient_funds')) throw new Error(`it is ${error.code}`);
  expect(error.status).toBe(422);
  expect(error.facts.shortfall).toBeGreaterThan(89_000_000);
  expect(error.facts.account).toBe(buyer);
  expect(error.is('account_not_found')).toBe(false);
  expect(error.titles.zh).not.toBe('');
  // The members of every problem are no facts.
  expect(Object.keys(error.facts).sort()).toEqual(['account', 'field', 'shortfall']);
});

test('an escrow order with a split, and the list that it is in', async () => {
  const { guanjia } = clientOf();
  const split = [
    { role: 'partner' as const, account: partner, ratioPpm: 20_000 },
    { role: 'seller' as const, account: seller, remainderWeight: 1 },
  ];
  const body = { reference: 'sdk-1', buyer, sellers: [seller], amount: 10_000, split };
  const paid = await answerOf(guanjia.POST('/v1/escrow-orders', { body }));
  const id = paid.escrowOrder ?? '';
  const released = await answerOf(
    guanjia.POST('/v1/escrow-orders/{id}/confirm', { params: { path: { id } }, body: {} }),
  );
  expect(released.movements.map(({ amount }) => amount)).toEqual([200, 9_800]);
  const listed: string[] = [];
  for await (const order of guanjia.each('/v1/escrow-orders')) listed.push(order.reference);
  expect(listed).toEqual(['sdk-1']);
});

test('a list is walked from its first item to its last, each once, in pages of any size', async () => {
  const { guanjia, sent } = clientOf();
  const expected = await transfersOf(buyer);
  const found: number[] = [];
  const query = { account: buyer, limit: 2 };
  for await (const { amount } of guanjia.each('/v1/transfers', { query })) found.push(amount);
  expect(found).toEqual(expected);
  expect(found.length).toBeGreaterThan(3);
  expect(sent).toHaveLength(Math.ceil(found.length / 2));
  // Whoever has enough asks for no more pages.
  for await (const _ of guanjia.each('/v1/transfers', { query })) break;
  expect(sent).toHaveLength(Math.ceil(found.length / 2) + 1);
});

test('the lines of a statement come page by page too', async () => {
  const { guanjia } = clientOf();
  const balances: number[] = [];
  const options = { path: { number: buyer }, query: { limit: 2 } };
  for await (const line of guanjia.each('/v1/virtual-accounts/{number}/statement', options))
    balances.push(line.balanceAfter);
  expect(balances[0]).toBe(100_000);
  expect(balances.length).toBeGreaterThan(3);
});

// The compiler sees to it that the client can walk each of them.
const lists: readonly ListPath[] = LISTS;
type PlainList = Exclude<ListPath, `${string}{${string}`>;
const isPlain = (path: ListPath): path is PlainList => !path.includes('{');

test('every list of the API that has a cursor can be walked', async () => {
  const { guanjia } = clientOf();
  const plain = lists.filter(isPlain);
  expect(plain.length).toBeGreaterThan(10);
  for (const path of plain) for await (const item of guanjia.each(path)) expect(item).toBeTruthy();
});
