// Goal: the sandbox bank misbehaves as told, and never in its books. Method: the real process, spoken with as a
// customer and as an operator.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { PayoutInstruction } from '../../src/banking/connector.ts';
import { sandboxConnector } from '../../src/banking/index.ts';
import { readEvents } from '../../src/banking/statement-files/testing/read-statement.ts';
import { amount } from '../../src/kernel/amount.ts';
import { currency } from '../../src/kernel/currency.ts';
import { type BankProcess, startSandboxBank } from '../support/sandbox-bank.ts';

const ACCOUNT = '8110888020000000017';
const PAYEE = { account: '6222000000000000029', name: '张示例', bankName: '示例二行 Second Bank' };
const CLIENTS = 8;
const PAYOUTS_PER_CLIENT = 25;
const WEEK_S = 7 * 86_400;

async function openBank(): Promise<BankProcess> {
  const bank = await startSandboxBank();
  onTestFinished(() => bank[Symbol.asyncDispose]());
  const account = { number: ACCOUNT, name: '示例平台 & <Co>', virtualPrefix: '88888' };
  await bank.operate('POST', '/accounts', account);
  await bank.operate('POST', '/transfers', {
    to: ACCOUNT,
    amount: '10000.00',
    remittance: '资本 & <金>',
  });
  return bank;
}

const order = (reference: string): PayoutInstruction => ({
  ...{ reference, account: ACCOUNT, amount: amount(100n), currency: currency('CNY') },
  ...{ payee: PAYEE, rail: 'instant', remittance: '' },
});

const booksOf = async (bank: BankProcess) =>
  (await bank.operate('GET', '/books')) as {
    wrong: string[];
    accounts: { number: string; balance: string }[];
  };

async function entriesOf(bank: BankProcess) {
  const connector = sandboxConnector({ url: bank.url });
  const page = await connector.entries({ account: ACCOUNT, limit: 500 });
  if (page.kind !== 'entries') throw new Error(page.kind);
  return page.entries;
}

test('killed in the midst of payouts, it goes on: what was answered is there, and nothing is paid twice', async () => {
  const bank = await openBank();
  const connector = sandboxConnector({ url: bank.url });
  const answered = new Set<string>();
  const asked: string[] = [];
  const midway = Promise.withResolvers<void>();
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    for (let i = 0; i < PAYOUTS_PER_CLIENT; i += 1) {
      const reference = `c${client}n${i}`;
      asked.push(reference);
      const { kind } = await connector.submitPayout(order(reference));
      if (kind === 'accepted') answered.add(reference);
      else expect(kind).toBe('unknown');
      if (answered.size === CLIENTS) midway.resolve();
    }
  });
  await midway.promise;
  await bank.crash();
  await Promise.all(clients);

  const paid = () =>
    entriesOf(bank).then((all) =>
      all.filter(({ direction }) => direction === 'debit').map((e) => e.payoutReference),
    );
  const paidAfterCrash = await paid();
  expect([...answered].filter((reference) => !paidAfterCrash.includes(reference))).toEqual([]);
  for (const reference of asked) await connector.submitPayout(order(reference));
  expect((await paid()).sort()).toEqual(asked.sort());
  expect((await booksOf(bank)).wrong).toEqual([]);
});

test('a seed gives the same row of faults again, over a crash as well', async () => {
  const run = async (crashAt: number) => {
    const bank = await openBank();
    await bank.operate('PUT', '/seed', { seed: 7 });
    await bank.operate('POST', '/faults', { kind: 'refuse', perMillion: 400_000, text: 'no_mood' });
    const kinds: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      if (i === crashAt) await bank.crash();
      const outcome = await sandboxConnector({ url: bank.url }).submitPayout(order(`p${i}`));
      kinds.push(outcome.kind === 'refused' ? outcome.code : outcome.kind);
    }
    return kinds;
  };
  const first = await run(10);
  expect(new Set(first)).toEqual(new Set(['accepted', 'no_mood']));
  expect(await run(-1)).toEqual(first);
});

test('early queries do not find a payout that is there; later ones do', async () => {
  const bank = await openBank();
  const connector = sandboxConnector({ url: bank.url });
  await bank.operate('POST', '/faults', { kind: 'not_found', times: 1, value: 2 });
  await connector.submitPayout(order('hidden'));
  const kinds: string[] = [];
  for (let i = 0; i < 3; i += 1) kinds.push((await connector.queryPayout('hidden')).kind);
  expect(kinds).toEqual(['not_found', 'not_found', 'accepted']);
});

test('rails keep their hours and limits by the bank’s clock, which goes forward only', async () => {
  const bank = await openBank();
  const connector = sandboxConnector({ url: bank.url });
  await bank.operate('PUT', '/clock', { now: '2030-06-01T04:00:00Z', frozen: true }); // a Saturday
  const large = { ...order('large'), rail: 'large' };
  expect(await connector.submitPayout(large)).toMatchObject({ code: 'rail_closed' });
  const million = { ...order('million'), amount: amount(100_000_001n) };
  expect(await connector.submitPayout(million)).toMatchObject({ code: 'rail_limit' });
  await bank.operate('PUT', '/clock', { now: '2030-06-03T04:00:00Z' });
  await bank.operate('PUT', '/days/2030-06-03', { working: false });
  const holiday = { ...large, reference: 'holiday' };
  expect(await connector.submitPayout(holiday)).toMatchObject({ code: 'rail_closed' });
  await bank.operate('PUT', '/days/2030-06-03', {});
  await expect(bank.operate('PUT', '/days/2030-13-03', {})).rejects.toThrow('invalid');
  expect(await connector.submitPayout({ ...large, reference: 'monday' })).toMatchObject({
    kind: 'accepted',
  });
  expect(await connector.queryPayout('monday')).toMatchObject({ kind: 'accepted' });
  await bank.operate('PUT', '/clock', { advanceSeconds: 60 });
  const at = new Date('2030-06-03T04:01:00Z');
  expect(await connector.queryPayout('monday')).toMatchObject({ kind: 'settled', at });
  await expect(bank.operate('PUT', '/clock', { now: '2029-01-01T00:00:00Z' })).rejects.toThrow(
    'clock_goes_back',
  );
});

test('notifications come twice, late, and with another amount, as told; the entries stay right', async () => {
  const bank = await openBank();
  const told: { reference: string; amount: string }[] = [];
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const listener = createServer((request, response) => {
    void json(request).then((body) => {
      told.push(body as { reference: string; amount: string });
      response.end();
      if (told.length === 5) resolve();
    });
  });
  await new Promise<void>((listening) => listener.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void listener.close());
  const { port } = listener.address() as AddressInfo;
  await bank.operate('PUT', '/notifications', { url: `http://127.0.0.1:${port}/` });
  const pay = async (yuan: string) => {
    const entry = await bank.operate('POST', '/transfers', { to: ACCOUNT, amount: yuan });
    return (entry as { reference: string }).reference;
  };
  await bank.operate('POST', '/faults', { kind: 'duplicate_notification', times: 1 });
  const one = await pay('1.00');
  await bank.operate('POST', '/faults', { kind: 'out_of_order_notification', times: 1 });
  const two = await pay('2.00');
  await bank.operate('POST', '/faults', { kind: 'wrong_amount_notification', times: 1, value: 5 });
  const three = await pay('3.00');
  const four = await pay('4.00');
  await enough;
  expect(told.map(({ reference, amount: yuan }) => [reference, yuan])).toEqual([
    ...[
      [one, '1.00'],
      [one, '1.00'],
    ],
    ...[
      [three, '3.05'],
      [two, '2.00'],
      [four, '4.00'],
    ],
  ]);
  const amounts = (await entriesOf(bank)).map((entry) => entry.amount);
  expect(amounts).toEqual([1_000_000n, 100n, 200n, 300n, 400n]);
});

test('a day’s statement is camt.053 that our reader takes, line for line; faults make it disagree', async () => {
  const bank = await openBank();
  const connector = sandboxConnector({ url: bank.url });
  await bank.operate('PUT', '/clock', { now: '2031-03-03T02:00:00Z', frozen: true });
  await bank.operate('POST', '/transfers', {
    to: '8888800000000000051',
    amount: '12.30',
    remittance: 'A&B <1>',
  });
  await connector.submitPayout(order('out'));
  const wrong = (await bank.operate('POST', '/transfers', { to: ACCOUNT, amount: '5.00' })) as {
    reference: string;
  };
  await bank.operate('POST', '/reversals', { reference: wrong.reference });
  const statement = async () => {
    const answer = await fetch(`${bank.url}/v1/accounts/${ACCOUNT}/statements/2031-03-03`);
    return readEvents(Buffer.from(await answer.arrayBuffer()));
  };
  const [opening, ...rest] = await statement();
  expect(opening).toMatchObject({ accountNumber: ACCOUNT, opening: { amount: 1_000_000n } });
  const lines = rest.filter((event) => event.kind === 'line');
  const entries = (await entriesOf(bank)).slice(1);
  expect(lines).toMatchObject(
    entries.map(({ reference, direction, amount: fen, reversal, remittance }) => ({
      ...{ reference, direction, amount: fen, reversal, remittance, referenceSource: 'bank' },
    })),
  );
  expect(lines[0]).toMatchObject({ creditedAccount: '8888800000000000051', remittance: 'A&B <1>' });
  expect(lines.map(({ reversal }) => reversal)).toEqual([false, false, false, true]);
  expect(rest.at(-1)).toMatchObject({ closing: { amount: 1_001_130n } });

  await bank.operate('POST', '/faults', { kind: 'statement_balance', times: 1, value: 1 });
  await expect(statement()).rejects.toMatchObject({
    definition: { code: 'statement_totals_disagree' },
  });
  await bank.operate('POST', '/faults', { kind: 'statement_missing', times: 1 });
  expect((await statement()).filter(({ kind }) => kind === 'line')).toHaveLength(3);
});

test('a payout that nobody answers in time was paid once; days later it comes back (退汇)', async () => {
  const bank = await openBank();
  const connector = sandboxConnector({ url: bank.url, timeoutMs: 500 });
  await bank.operate('POST', '/faults', {
    kind: 'timeout_after_acting',
    operation: 'submit',
    times: 1,
  });
  await bank.operate('POST', '/faults', { kind: 'bounce', times: 1, value: 3, text: '账号不符' });
  expect(await connector.submitPayout(order('late'))).toMatchObject({ doubt: 'timeout' });
  await bank.operate('PUT', '/clock', { advanceSeconds: 86_400 });
  expect(await connector.queryPayout('late')).toMatchObject({ kind: 'settled' });
  await bank.operate('PUT', '/clock', { advanceSeconds: WEEK_S });
  expect(await connector.queryPayout('late')).toMatchObject({
    kind: 'returned',
    reason: '账号不符',
  });
  expect((await booksOf(bank)).wrong).toEqual([]);
});

test('pages of other sites reach nothing: neither by another name, nor by a form', async () => {
  const bank = await openBank();
  const form = { method: 'POST', body: '{"to":"1","amount":"1.00"}' };
  const asForm = await fetch(`${bank.url}/operator/transfers`, form);
  expect(asForm.status).toBe(415);
  const page = await fetch(bank.url);
  expect(await page.text()).toContain('示例平台 &amp; &lt;Co&gt;');
});
