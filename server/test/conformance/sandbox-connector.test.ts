// Goal: the connector to the sandbox bank keeps the port's promises. Method: the cases of every connector, with
// the bank as a process of its own; then what only this connector can meet: a bank that is not there, or babbles.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { sandboxConnector } from '../../src/banking/index.ts';
import { startSandboxBank } from '../support/sandbox-bank.ts';
import { describeConnector } from './connector-conformance.ts';

const ACCOUNT = '8110888020000000017';
const PAYEE = { account: '6222000000000000029', name: '张示例', bankName: '示例二行 Second Bank' };
const WEEK_S = 7 * 86_400;
const TIMEOUT_MS = 500;

const bank = await startSandboxBank();
afterAll(() => bank[Symbol.asyncDispose]());
const account = { number: ACCOUNT, name: '示例平台', virtualPrefix: '88888' };
await bank.operate('POST', '/accounts', account);
await bank.operate('POST', '/transfers', { to: ACCOUNT, amount: '1000.00' });
const connector = sandboxConnector({ url: bank.url, timeoutMs: TIMEOUT_MS });
const fault = async (kind: string, more: object = {}) => {
  await bank.operate('POST', '/faults', { kind, times: 1, ...more });
};

describeConnector('the sandbox bank', () => ({
  ...{ connector, account: ACCOUNT, strangeAccount: '1234567890', payee: PAYEE },
  ...{ wrongName: '李示例', rail: 'instant', tooMuch: 99_000_000n },
  deposit: async (fen, remittance) => {
    const amount = `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`;
    await bank.operate('POST', '/transfers', { to: ACCOUNT, amount, remittance });
  },
  loseNextAnswer: (operation) => fault('timeout_after_acting', { operation }),
  failNextCall: (operation) => fault('down', { operation }),
  bounceNextPayout: () => fault('bounce', { value: 3 }),
  later: async () => void (await bank.operate('PUT', '/clock', { advanceSeconds: WEEK_S })),
}));

test('a transfer to a virtual account number tells that number', async () => {
  const number = '8888800000000000051';
  const told = await bank.operate('POST', '/transfers', { to: number, amount: '3.10' });
  const { cursor } = told as { cursor: string };
  const before = String(BigInt(cursor) - 1n);
  const page = await connector.entries({ account: ACCOUNT, cursor: before, limit: 1 });
  expect(page).toMatchObject({ entries: [{ creditedAccount: number, amount: 310n }] });
});

test('nobody there is unreachable; nonsense is unreadable; neither is an answer', async () => {
  const nobody = sandboxConnector({ url: 'http://127.0.0.1:9', timeoutMs: TIMEOUT_MS });
  expect(await nobody.balance(ACCOUNT)).toMatchObject({ kind: 'unknown', doubt: 'unreachable' });
  const says = [
    '<html>',
    '{}',
    '{"status":"settled"}',
    '{"entries":[{}],"cursor":"1"}',
    '[]',
    'null',
  ];
  for (const body of says) {
    await using babbler = await listen(body);
    const odd = sandboxConnector({ url: babbler.url, timeoutMs: TIMEOUT_MS });
    const unreadable = { kind: 'unknown', doubt: 'unreadable' };
    expect(await odd.balance(ACCOUNT), body).toMatchObject(unreadable);
    expect(await odd.entries({ account: ACCOUNT, limit: 1 }), body).toMatchObject(unreadable);
    expect(await odd.queryPayout('one'), body).toMatchObject(unreadable);
    expect(await odd.verifyName(PAYEE), body).toMatchObject(unreadable);
  }
});

async function listen(body: string) {
  const server = createServer((_, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
