// Goal: finance may read it. What is paid at the bank is credited by itself, once, however often and from wherever it
// is told: by the bank's answer, to a second server, by a statement file of the same day. What the bank does not say
// costs time and no money. Method: the sandbox bank as a process, with its faults.
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { sandboxConnector } from '../../src/banking/index.ts';
import {
  type DepositDeps,
  type FindPayouts,
  importStatement,
  listBankEntries,
  pollBanks,
  pollFrom,
  verifyDeposits,
} from '../../src/deposits/index.ts';
import { selectPolls } from '../../src/deposits/poll-store.ts';
import { depositDeps } from '../../src/deposits/testing.fixture.ts';
import { amount } from '../../src/kernel/amount.ts';
import { currency } from '../../src/kernel/currency.ts';
import { openAccount } from '../../src/ledger/index.ts';
import { readVirtualAccount } from '../../src/virtual-accounts/index.ts';
import { testApp, testPlatform } from '../support/fixtures.ts';
import { type BankProcess, startSandboxBank } from '../support/sandbox-bank.ts';

const app = await testApp();
const deps = depositDeps(app);
const SOON_MS = 60_000;
const LEASE_MS = 120_000;
const THREE_DAYS_S = 3 * 86_400;
let platforms = 0n;

/** A platform whose main account is kept by a bank of its own, and is asked about. */
async function openStory() {
  platforms += 1n;
  const platformId = platforms;
  const platform = await testPlatform(app, { platformId, mainAccount: `81109${platformId}` });
  const bank = await startSandboxBank();
  onTestFinished(() => bank[Symbol.asyncDispose]());
  const { number, name, prefix } = platform.main;
  await bank.operate('POST', '/accounts', { number, name, virtualPrefix: prefix });
  const { mainAccountId } = platform.record;
  await pollFrom(deps, platformId, { mainAccountId, connector: 'sandbox', url: bank.url });
  const [first = '', second = ''] = platform.numbers;
  const balanceOf = async (account: string) =>
    (await readVirtualAccount(app, platformId, account)).balance;
  return { ...{ platformId, platform, bank, mainAccountId, number, first, second }, balanceOf };
}

const pay = (bank: BankProcess, to: string, yuan: string, remittance = '') =>
  bank.operate('POST', '/transfers', { to, amount: yuan, remittance });

/** What a server does every other second; `waitMs` is how much later it is. */
async function poll(platformId: bigint, on: DepositDeps = deps, waitMs = SOON_MS) {
  app.clock.advance(waitMs);
  return pollBanks(on, platformId);
}

const entriesOf = async (platformId: bigint) =>
  (await listBankEntries(deps, platformId, { limit: 100 })).entries;

test('a transfer to a member’s number is the member’s; one to nobody waits in suspense; once each', async () => {
  const { platformId, bank, platform, number, first, balanceOf } = await openStory();
  await pay(bank, first, '12.30');
  await pay(bank, number, '7.00', '货款');
  await poll(platformId);
  expect(await balanceOf(first)).toBe(1_230n);
  expect(await entriesOf(platformId)).toMatchObject([
    { state: 'credited', matchReason: 'account_number', amount: 1_230n, account: first },
    { state: 'suspended', matchReason: 'no_match', amount: 700n },
  ]);

  // The cursor is lost: all is read again, and nothing of it is new.
  await sql`update bank_poll set cursor = null where platform_id = ${platformId}`.execute(app.db);
  await poll(platformId);
  const [entry] = await entriesOf(platformId);
  expect(await entriesOf(platformId)).toHaveLength(2);

  // The same day as a statement file: known, and the balances agree.
  const url = `${bank.url}/v1/accounts/${number}/statements/${entry?.bookingDate}`;
  const file = Buffer.from(await (await fetch(url)).arrayBuffer());
  const report = await importStatement(deps, platformId, { source: ReadableStream.from([file]) });
  expect(report).toMatchObject({ lines: 2, alreadyKnown: 2, recorded: 0, notes: [] });
  expect(await balanceOf(first)).toBe(1_230n);
  expect(await verifyDeposits(app.db, platformId)).toEqual([]);
  expect(platform.record.number).toBe(number);
});

test('a statement that came first is not credited again by the poll', async () => {
  const { platformId, bank, number, first, balanceOf } = await openStory();
  await pay(bank, first, '5.00');
  const connector = sandboxConnector({ url: bank.url });
  const page = await connector.entries({ account: number, limit: 10 });
  if (page.kind !== 'entries') throw new Error(page.kind);
  const url = `${bank.url}/v1/accounts/${number}/statements/${page.entries[0]?.bookingDate}`;
  const file = Buffer.from(await (await fetch(url)).arrayBuffer());
  await importStatement(deps, platformId, { source: ReadableStream.from([file]) });
  await pay(bank, first, '0.50');
  await poll(platformId);
  expect(await balanceOf(first)).toBe(550n);
  expect(await entriesOf(platformId)).toHaveLength(2);
});

test('two servers ask at once, and one dies with the lease: each line is there once', async () => {
  const { platformId, bank, first, balanceOf } = await openStory();
  for (let i = 0; i < 20; i += 1) await pay(bank, first, '1.00');
  app.clock.advance(SOON_MS);
  const asked = await Promise.all([1, 2, 3].map(() => pollBanks(deps, platformId)));
  expect(asked.toSorted()).toEqual([0, 0, 1]);
  expect(await balanceOf(first)).toBe(2_000n);

  await pay(bank, first, '1.00');
  const dead = new Date(app.clock.now().getTime() + SOON_MS + LEASE_MS);
  await sql`update bank_poll set lease = ${deps.newUuid()}, leased_until = ${dead}
             where platform_id = ${platformId}`.execute(app.db);
  expect(await poll(platformId)).toBe(0);
  expect(await poll(platformId, deps, LEASE_MS)).toBe(1);
  expect(await balanceOf(first)).toBe(2_100n);
});

test('a bank that is down is a named problem, and asked again later', async () => {
  const { platformId, bank, number, first, balanceOf } = await openStory();
  await pay(bank, first, '1.00');
  await bank.operate('POST', '/faults', { kind: 'down', operation: 'entries', times: 1 });
  await poll(platformId);
  expect(await selectPolls(app.db, platformId)).toMatchObject([
    { mainAccount: number, failures: 1, problem: 'bank_unavailable', answeredAt: null },
  ]);
  expect(await balanceOf(first)).toBe(0n);
  await poll(platformId);
  expect(await selectPolls(app.db, platformId)).toMatchObject([{ failures: 0, problem: null }]);
  expect(await balanceOf(first)).toBe(100n);
});

test('a payout of ours leaves what was on its way, and comes back to it; any other debit is to be explained', async () => {
  const { platformId, bank, platform, number, first } = await openStory();
  await pay(bank, first, '100.00');
  await poll(platformId);
  const { mainAccountId } = platform.record;
  const onItsWay = await app.db.transaction().execute((tx) =>
    openAccount(tx, platformId, {
      account: {
        mainAccountId,
        purpose: 'payouts',
        guarded: false,
        currency: currency('CNY'),
      },
      openedAt: app.clock.now(),
    }),
  );
  const findPayouts: FindPayouts = (_, lines) =>
    Promise.resolve(
      new Map(
        lines
          .filter(({ references }) => references.includes('ours'))
          .map(({ entryId }) => [entryId, onItsWay]),
      ),
    );
  await bank.operate('POST', '/faults', { kind: 'bounce', times: 1, value: 1, text: '账号不符' });
  const connector = sandboxConnector({ url: bank.url });
  for (const reference of ['ours', 'another']) {
    await connector.submitPayout({
      ...{ reference, account: number, amount: amount(300n), currency: currency('CNY') },
      payee: { account: '6222000000000000029', name: '张示例', bankName: 'Second Bank' },
      ...{ rail: 'instant', remittance: '' },
    });
  }
  await bank.operate('PUT', '/clock', { advanceSeconds: THREE_DAYS_S });
  await poll(platformId, { ...deps, findPayouts });
  expect((await entriesOf(platformId)).slice(1)).toMatchObject([
    { direction: 'debit', references: ['ours'], state: 'paid_out' },
    { direction: 'debit', references: ['another'], state: 'debited' },
    { direction: 'credit', references: ['ours'], state: 'payout_returned' },
  ]);
  expect(await verifyDeposits(app.db, platformId)).toEqual([]);
});
