// Goal: finance may read it. The bank tells of each line by itself; told twice, late, in the wrong order or with another
// amount, the money is what the bank's lines say, and what disagreed is named. Nobody else can tell us anything.
// Method: the sandbox bank as a process tells a server that listens.
import { createHmac } from 'node:crypto';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { keepNotifySecret } from '../../src/banking/index.ts';
import { pollBanks, pollFrom } from '../../src/deposits/index.ts';
import { readVirtualAccount } from '../../src/virtual-accounts/index.ts';
import { testApp } from '../support/app.ts';
import { testPlatform } from '../support/fixtures.ts';
import { type BankProcess, startSandboxBank } from '../support/sandbox-bank.ts';

const PLATFORM = 3n;
const SECRET = 'a-secret-of-the-test';
const { app, http, clock, keyOf } = await testApp();
const platform = await testPlatform(app, { platformId: PLATFORM });
const [member = ''] = platform.numbers;
const headers = { authorization: `Bearer ${await keyOf({ platformId: PLATFORM })}` };
let path = '';
beforeAll(async () => {
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  path = `${url}/bank-notifications/${PLATFORM}`;
});

async function openBank(): Promise<BankProcess> {
  const bank = await startSandboxBank();
  onTestFinished(() => bank[Symbol.asyncDispose]());
  const { number, name, prefix } = platform.main;
  await bank.operate('POST', '/accounts', { number, name, virtualPrefix: prefix });
  const { mainAccountId } = platform.record;
  await pollFrom(app, PLATFORM, { mainAccountId, connector: 'sandbox', url: bank.url });
  await keepNotifySecret(app, PLATFORM, { mainAccountId, secret: SECRET });
  await bank.operate('PUT', '/notifications', { url: path, secret: SECRET });
  return bank;
}

async function list(state = '') {
  const url = `/v1/bank-notifications${state && `?state=${state}`}`;
  const answer = await http.inject({ url, headers });
  return answer.json<{ data: { reference: string; state: string; amount: number }[] }>().data;
}

test('told twice, late and wrongly, the money is what the lines say, and what differed is named', async () => {
  const bank = await openBank();
  const pay = async (yuan: string) => {
    const entry = await bank.operate('POST', '/transfers', { to: member, amount: yuan });
    return (entry as { reference: string }).reference;
  };
  const fault = (kind: string, value = 1) =>
    bank.operate('POST', '/faults', { kind, times: 1, value });
  expect([await pollBanks(app, PLATFORM), await pollBanks(app, PLATFORM)]).toEqual([1, 0]);
  await fault('duplicate_notification');
  const twice = await pay('1.00');
  await fault('out_of_order_notification');
  const late = await pay('2.00');
  await fault('wrong_amount_notification', 5);
  const wrong = await pay('3.00');
  await expect.poll(async () => (await list()).length, { timeout: 10_000 }).toBe(3);
  expect(await list('awaited')).toHaveLength(3);
  expect((await readVirtualAccount(app, PLATFORM, member)).balance).toBe(0n);

  // The bank is asked at once, though it was not due.
  expect(await pollBanks(app, PLATFORM)).toBe(1);
  expect((await readVirtualAccount(app, PLATFORM, member)).balance).toBe(600n);
  expect(await list('agrees')).toMatchObject([{ reference: late }, { reference: twice }]);
  expect(await list('differs')).toMatchObject([
    { reference: wrong, amount: 305, bankEntry: { amount: 300, direction: 'credit' } },
  ]);
  clock.advance(60_000);
  await pollBanks(app, PLATFORM);
  expect((await readVirtualAccount(app, PLATFORM, member)).balance).toBe(600n);
});

test('what the bank has not signed is not taken, whatever it says', async () => {
  const before = (await list()).length;
  const fields = {
    ...{ account: platform.main.number, amount: '9.00', bookedAt: '2026-11-23T04:00:00.000Z' },
    ...{ cursor: '99', direction: 'credit', reference: 'forged', payoutReference: null },
  };
  const text = (given: object) =>
    Object.entries(given)
      .flatMap(([name, value]) => (value ? [`${name}=${String(value)}`] : []))
      .sort()
      .join('&');
  const sign = (given: object, secret = SECRET) =>
    createHmac('sha256', secret).update(text(given)).digest('hex');
  const send = (payload: object, signature: string, to = `/bank-notifications/${PLATFORM}`) =>
    http.inject({ method: 'POST', url: to, payload, headers: { 'x-bank-signature': signature } });
  const refused = await Promise.all([
    send(fields, sign(fields, 'another')),
    send({ ...fields, amount: '900.00' }, sign(fields)),
    send(fields, 'none'),
    send({ ...fields, account: '8110999' }, sign({ ...fields, account: '8110999' })),
    send(fields, sign(fields), '/bank-notifications/1'),
  ]);
  expect(refused.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 401, 401]);
  const none = { ...fields, amount: '9.001' };
  expect((await send(none, sign(none))).statusCode).toBe(400);
  expect(await list()).toHaveLength(before);
  expect((await send(fields, sign(fields))).json()).toEqual({ repeated: false });
  expect((await send(fields, sign(fields))).json()).toEqual({ repeated: true });
});
