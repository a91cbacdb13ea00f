import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import { amount } from '../kernel/amount.ts';
import { textMoveId } from '../kernel/id.ts';
import {
  accountsByNumber,
  closeVirtualAccount,
  openMainAccount,
  openVirtualAccount,
  readVirtualAccount,
  stopVirtualAccount,
} from '../virtual-accounts/index.ts';
import { claimEntry } from './claim.ts';
import { importStatement } from './import-statement.ts';
import { listBankEntries, readBankEntry } from './read-entries.ts';
import { reverseClaim } from './reverse-claim.ts';
import { CNY, camt, depositDeps, everything, findings, line } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);
let platforms = 0n;
let keys = 0;
const key = () => {
  keys += 1;
  return `api/key-${keys}`;
};

/** A platform with one suspended entry of 10.00. */
async function suspended() {
  platforms += 1n;
  const platform = await testPlatform(app, { platformId: platforms, members: 3 });
  const { platformId, main, numbers } = platform;
  const source = camt(main.number, [line({ reference: 'S1', remittance: 'whose?' })]);
  await importStatement(deps, platformId, { source });
  const { entries } = await listBankEntries(app, platformId, { state: 'suspended', limit: 10 });
  expect(entries).toHaveLength(1);
  const [a = '', b = '', c = ''] = numbers;
  const bankEntry = entries[0]?.id ?? '';
  const balance = async (number: string) =>
    (await readVirtualAccount(app, platformId, number)).balance;
  const state = async () => {
    const entry = await readBankEntry(app, platformId, bankEntry);
    return [entry.state, entry.account, entry.claimCount];
  };
  const claim = (account: string, requestId: string | undefined = key()) =>
    claimEntry(deps, platformId, { bankEntry, account, requestId });
  const reverse = (requestId: string | undefined = key()) =>
    reverseClaim(deps, platformId, { bankEntry, requestId });
  return { ...platform, a, b, c, bankEntry, balance, state, claim, reverse };
}
const refusedWith = (code: string) => ({ definition: { code } });

test('an entry is claimed in whole, once; a repeat gets its first answer', async () => {
  const { platformId, main, a, b, balance, state, claim } = await suspended();
  const { suspense } = main.accounts;
  const requestId = key();
  const first = await claim(a, requestId);
  expect(first).toMatchObject({
    repeated: false,
    claim: { state: 'claimed', account: a, amount: 1000n, currency: 'CNY' },
  });
  expect([await balance(a), await balance(suspense)]).toEqual([1000n, 0n]);
  expect(await state()).toEqual(['claimed', a, 1]);
  const before = await everything(app);
  expect(await claim(a, requestId)).toEqual({ ...first, repeated: true });
  await expect(claim(b, requestId)).rejects.toMatchObject(refusedWith('request_id_reused'));
  await expect(claim(b)).rejects.toMatchObject({
    ...refusedWith('entry_not_in_suspense'),
    facts: { state: 'claimed' },
  });
  expect(await everything(app)).toEqual(before);
  expect(await findings(app, platformId)).toEqual([]);
});

test('of claims at once one wins, whoever they are for', async () => {
  const { platformId, a, b, c, balance, claim } = await suspended();
  const claims = await Promise.allSettled([a, b, c, a, b, c].map((number) => claim(number)));
  const won = claims.filter(({ status }) => status === 'fulfilled');
  expect(won).toHaveLength(1);
  for (const lost of claims) {
    if (lost.status === 'rejected') {
      expect(lost.reason).toMatchObject(refusedWith('entry_not_in_suspense'));
    }
  }
  const sums = await Promise.all([a, b, c].map(balance));
  expect(sums.reduce((sum, each) => sum + each, 0n)).toBe(1000n);
  expect(await findings(app, platformId)).toEqual([]);
});

test('the same claim at once, many times: one answer for all', async () => {
  const { a, balance, claim } = await suspended();
  const requestId = key();
  const answers = await Promise.all(Array.from({ length: 8 }, () => claim(a, requestId)));
  expect(new Set(answers.map(({ claim: { transferId } }) => transferId)).size).toBe(1);
  expect(await balance(a)).toBe(1000n);
});

test('a wrong claim is taken back, and the entry is claimed by another; repeats get their own answers', async () => {
  const { platformId, main, a, b, bankEntry, balance, state, claim, reverse } = await suspended();
  const keysOf = { claim: key(), reversal: key() };
  const claimed = await claim(a, keysOf.claim);
  const reversed = await reverse(keysOf.reversal);
  expect(reversed).toMatchObject({ repeated: false, claim: { state: 'suspended', account: a } });
  expect(await state()).toEqual(['suspended', main.accounts.suspense, 1]);
  expect(await findings(app, platformId)).toEqual([]);
  await expect(reverse()).rejects.toMatchObject(refusedWith('entry_not_claimed'));
  await claim(b);
  expect(await state()).toEqual(['claimed', b, 2]);

  const before = await everything(app);
  expect(await reverse(keysOf.reversal)).toEqual({ ...reversed, repeated: true });
  expect(await claim(a, keysOf.claim)).toEqual({ ...claimed, repeated: true });
  expect(await everything(app)).toEqual(before);
  expect([await balance(a), await balance(b)]).toEqual([0n, 1000n]);
  const { claims } = await readBankEntry(app, platformId, bankEntry);
  expect(claims).toMatchObject([
    { account: b, reversalTransferId: null },
    { account: a, reversalTransferId: reversed.claim.transferId },
  ]);
  expect(await findings(app, platformId)).toEqual([]);
});

test('a claim is not taken back when the money is gone, and the refusal is repeated too', async () => {
  const { platformId, a, b, balance, state, claim, reverse, record } = await suspended();
  await claim(a);
  const accounts = await accountsByNumber(app.db, platformId, [a, b]);
  const [debit, credit] = [accounts.get(a)?.accountId, accounts.get(b)?.accountId];
  if (!debit || !credit) throw new Error('the accounts were opened');
  const move = { kind: 'transfer' as const, code: 'payment', debit, credit, amount: amount(1n) };
  await app.ledger.submit({ platformId, requestId: key(), moves: [move] });
  const requestId = key();
  await expect(reverse(requestId)).rejects.toMatchObject({
    ...refusedWith('insufficient_funds'),
    facts: { account: a, shortfall: 1n },
  });
  await app.ledger.submit({
    ...{ platformId, requestId: key() },
    moves: [{ ...move, code: 'deposit', debit: record.bankClearing, credit: debit }],
  });
  await expect(reverse(requestId)).rejects.toMatchObject(refusedWith('insufficient_funds'));
  expect(await state()).toEqual(['claimed', a, 1]);
  await reverse();
  expect(await balance(a)).toBe(0n);
});

test('claims to where they cannot go are refused, and change nothing', async () => {
  const { platformId, main, a, c, bankEntry, claim, reverse } = await suspended();
  const other = await suspended();
  await closeVirtualAccount(app, platformId, c);
  const before = await everything(app);
  const { suspense } = main.accounts;
  await expect(claim(suspense)).rejects.toMatchObject(refusedWith('public_account_refused'));
  await expect(claim(other.a)).rejects.toMatchObject(refusedWith('account_not_found'));
  await expect(claim(c, '')).rejects.toMatchObject({
    constraint: 'ledger_request_request_id_check',
  });
  await expect(reverse()).rejects.toMatchObject(refusedWith('entry_not_claimed'));
  const foreign = { bankEntry: other.bankEntry, account: a, requestId: key() };
  await expect(claimEntry(deps, platformId, foreign)).rejects.toMatchObject(
    refusedWith('bank_entry_not_found'),
  );
  expect(await everything(app)).toEqual(before);
  // The ledger's own refusal is an answer, and is kept.
  await expect(claim(c)).rejects.toMatchObject(refusedWith('account_closed'));
  expect((await readBankEntry(app, platformId, bankEntry)).state).toBe('suspended');
});

test('a dry run of a claim and of a reversal decides the same way and changes nothing', async () => {
  const { platformId, bankEntry, a, c, claim, reverse } = await suspended();
  const dryClaim = (account: string) =>
    claimEntry(deps, platformId, { bankEntry, account, requestId: undefined });
  const dryReversal = () => reverseClaim(deps, platformId, { bankEntry, requestId: undefined });
  await closeVirtualAccount(app, platformId, c);
  const before = await everything(app);
  const dry = await dryClaim(a);
  expect(dry.claim).toMatchObject({
    state: 'claimed',
    account: a,
    amount: 1000n,
    transferId: null,
  });
  await expect(dryClaim(c)).rejects.toMatchObject(refusedWith('account_closed'));
  await expect(dryReversal()).rejects.toMatchObject(refusedWith('entry_not_claimed'));
  expect(await everything(app)).toEqual(before);
  await claim(a);
  await expect(dryClaim(a)).rejects.toMatchObject(refusedWith('entry_not_in_suspense'));
  expect((await dryReversal()).claim).toMatchObject({ state: 'suspended', account: a });
  await reverse();
});

test('a refusal because of the account that was named says so in its field', async () => {
  const { platformId, main, a, b, c, bankEntry } = await suspended();
  const elsewhere = { number: `78${platformId}`, name: 'Second', currency: CNY };
  await openMainAccount(app, platformId, elsewhere);
  const other = await openVirtualAccount(app, platformId, {
    name: 'elsewhere',
    mainAccount: elsewhere.number,
  });
  await stopVirtualAccount(app, platformId, a, { side: 'both' });
  await closeVirtualAccount(app, platformId, b);
  const all = [line({ reference: 'ALL', amount: 9_007_199_254_740_991n, remittance: c })];
  await importStatement(deps, platformId, { source: camt(main.number, all, { opening: 1000n }) });
  const cases: [code: string, account: string][] = [
    ['account_not_found', '1234567890123456789'],
    ['account_stopped', a],
    ['account_closed', b],
    ['balance_limit_exceeded', c],
    ['different_main_accounts', other.number],
    ['public_account_refused', main.accounts.suspense],
  ];
  for (const [code, account] of cases) {
    for (const requestId of [key(), undefined]) {
      const work = claimEntry(deps, platformId, { bankEntry, account, requestId });
      await expect(work).rejects.toMatchObject({
        ...refusedWith(code),
        facts: { field: '/account' },
      });
    }
  }
});

test('the platform is told of a deposit, its claims and their reversals, once and in order', async () => {
  const { platformId, main, a, b, bankEntry, claim, reverse } = await suspended();
  const requestId = key();
  const { claim: claimed } = await claim(a, requestId);
  await claim(a, requestId);
  await expect(claim(b)).rejects.toMatchObject(refusedWith('entry_not_in_suspense'));
  await claim(b, undefined).catch(() => {});
  await reverse();
  const { rows } = await app.database.sessions.query<{ type: string; data: object }>(
    `select type, data from outbox where platform_id = $1 and object_id = $2 order by sequence`,
    [platformId, bankEntry],
  );
  expect(rows.map(({ type }) => type)).toEqual([
    ...['bank_entry.suspended', 'bank_entry.claimed', 'bank_entry.claim_reversed'],
  ]);
  expect(rows[0]?.data).toMatchObject({ amount: 1000, currency: 'CNY', mainAccount: main.number });
  const transfer = textMoveId('trf', claimed.transferId ?? 0n);
  expect(rows[1]?.data).toEqual({ amount: 1000, account: a, transfer });
});
