import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { fund, refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { currency } from '../kernel/currency.ts';
import { addMember } from '../members/index.ts';
import { transfer } from '../transfers/index.ts';
import {
  accountsById,
  accountsByNumber,
  bindPayerAccount,
  changeVirtualAccount,
  closeVirtualAccount,
  findByPayerAccounts,
  findByReferenceCodes,
  listMainAccounts,
  listPayerAccounts,
  listVirtualAccounts,
  openMainAccount,
  openVirtualAccount,
  readMainAccount,
  readMainAccountRecord,
  readVirtualAccount,
  rememberedAccount,
  reopenVirtualAccount,
  type StopSide,
  stopVirtualAccount,
  unbindPayerAccount,
} from './index.ts';
import { hasCheckDigit } from './numbering.ts';

const app = await testApp();
const first = await testPlatform(app, { platformId: 1n, members: 3 });
const foreign = await testPlatform(app, { platformId: 2n, members: 1 });
const cny = currency('CNY');

test('a main account comes with public accounts, the platform’s own, and internal ones', async () => {
  const { accounts } = first.main;
  const { suspense, interestAndFees, opening, platform } = accounts;
  for (const number of [suspense, interestAndFees, opening, platform]) {
    expect(number.startsWith(first.main.prefix) && hasCheckDigit(number)).toBe(true);
  }
  expect(await readVirtualAccount(app, 1n, accounts.suspense)).toMatchObject({
    ...{ kind: 'suspense', currency: 'CNY', balance: 0n, memberId: null, state: 'open' },
    mainAccount: first.main.number,
  });
  const { rows } = await sql<{ purpose: string; guarded: boolean }>`
    select purpose, guarded from account where platform_id = 1 and account_id <= 6
     order by account_id`.execute(app.db);
  expect(rows.map(({ purpose, guarded }) => `${purpose} ${guarded}`)).toEqual([
    'bank_clearing false',
    'bank_debits false',
    'suspense true',
    'interestAndFees true',
    'opening true',
    'platform true',
  ]);
});

test('sums of a main account are of one moment, folded or not', async () => {
  const { platformId, main, record, numbers } = await testPlatform(app, { platformId: 3n });
  await fund(app, platformId, { record, number: numbers[0]!, funds: 500n });
  await app.ledger.submit({
    platformId,
    requestId: 'bank-debit',
    moves: [
      {
        kind: 'transfer',
        code: 'bankDebit',
        debit: record.bankDebits,
        credit: record.bankClearing,
        amount: 30n as never,
      },
    ],
  });
  expect(await readMainAccount(app, platformId, main.number)).toMatchObject({
    bankBalance: 470n,
    virtualAccountsBalance: 500n,
    unexplainedDebits: 30n,
  });
});

test('main accounts are opened once, with prefixes of their own', async () => {
  const open = (number: string, prefix?: string) =>
    openMainAccount(app, 1n, { number, name: 'Main', currency: cny, prefix });
  const taken = first.main.prefix;
  await expect(open(first.main.number)).rejects.toEqual(refusal('main_account_exists'));
  await expect(open('900', taken)).rejects.toEqual(refusal('prefix_taken', { prefix: taken }));
  await expect(open('900', '123')).rejects.toEqual(refusal('number_invalid'));
  await expect(open('9*0')).rejects.toEqual(refusal('bank_account_invalid'));
  const long = await open('gb82 west 1234', '123456789012');
  expect(long).toMatchObject({ number: 'GB82WEST1234', prefix: '123456789012', bankName: null });
  expect(await readMainAccountRecord(app.db, 1n, 'GB82 WEST 1234')).toMatchObject({
    mainAccountId: 2n,
  });
  expect(await readMainAccountRecord(app.db, 2n, 'GB82 WEST 1234')).toBeUndefined();
  await expect(readMainAccount(app, 2n, 'GB82WEST1234')).rejects.toEqual(
    refusal('main_account_not_found'),
  );
  const page = await listMainAccounts(app, 1n, { limit: 1 });
  expect(page.mainAccounts.map(({ number }) => number)).toEqual([first.main.number]);
  const rest = await listMainAccounts(app, 1n, { limit: 1, after: page.next });
  expect(rest).toMatchObject({ mainAccounts: [{ number: 'GB82WEST1234' }], next: undefined });
});

test('numbers: generated, chosen in whole, or chosen behind the prefix', async () => {
  const { prefix, number: mainAccount } = first.main;
  const open = (chosen: { number?: string; suffix?: string; mainAccount?: string | undefined }) =>
    openVirtualAccount(app, 1n, { mainAccount, name: 'A', ...chosen });
  expect(hasCheckDigit((await open({})).number)).toBe(true);
  const chosen = await open({ suffix: '00000000000042' });
  expect(chosen.number).toBe(`${prefix}00000000000042`);
  await expect(open({ number: chosen.number })).rejects.toEqual(
    refusal('number_taken', { number: chosen.number }),
  );
  await expect(open({ suffix: '42' })).rejects.toEqual(refusal('number_invalid'));
  await expect(open({ number: '0'.repeat(19) })).rejects.toEqual(refusal('number_invalid'));
  const short = await open({ mainAccount: 'GB82WEST1234' });
  expect(short.number.startsWith('123456789012') && hasCheckDigit(short.number)).toBe(true);
  await expect(open({ mainAccount: undefined })).rejects.toEqual(
    refusal('main_account_required', { mainAccounts: 2 }),
  );
  await expect(open({ mainAccount: foreign.main.number })).rejects.toEqual(
    refusal('main_account_not_found'),
  );
  const only = await openVirtualAccount(app, 2n, { name: 'Only main account' });
  expect(only.mainAccount).toBe(foreign.main.number);
});

test('a generated number that is in use is drawn again', async () => {
  const { number: mainAccount } = foreign.main;
  // The same bytes twice, then others.
  const draws = [7, 7, 8];
  const random = { bytes: (count: number) => new Uint8Array(count).fill(draws.shift() ?? 9) };
  const open = () => openVirtualAccount({ ...app, random }, 2n, { mainAccount, name: 'A' });
  const one = await open();
  const two = await open();
  expect(one.number.slice(5, 18)).toBe('7'.repeat(13));
  expect(two.number.slice(5, 18)).toBe('8'.repeat(13));
});

test('a member’s account belongs to one of the platform’s members', async () => {
  const member = await addMember(app, 2n, { kind: 'person', name: 'Foreign' });
  const { number: mainAccount } = first.main;
  await expect(
    openVirtualAccount(app, 1n, { mainAccount, name: 'A', memberId: member.id }),
  ).rejects.toEqual(refusal('member_not_found'));
  const { accounts } = await listVirtualAccounts(app, 2n, { memberId: member.id, limit: 10 });
  expect(accounts).toEqual([]);
  const [account] = first.accounts;
  const own = await listVirtualAccounts(app, 1n, { memberId: account!.memberId!, limit: 10 });
  expect(own.accounts).toEqual([account]);
});

test('no account of another platform is seen, changed or remembered', async () => {
  const number = foreign.numbers[0]!;
  const notFound = refusal('account_not_found');
  await expect(readVirtualAccount(app, 1n, number)).rejects.toEqual(notFound);
  await expect(changeVirtualAccount(app, 1n, number, { name: 'Mine' })).rejects.toEqual(notFound);
  await expect(stopVirtualAccount(app, 1n, number, { side: 'both' })).rejects.toEqual(notFound);
  await expect(closeVirtualAccount(app, 1n, number)).rejects.toEqual(notFound);
  expect((await accountsByNumber(app.db, 2n, [number])).size).toBe(1);
  expect((await accountsByNumber(app.db, 1n, [number])).size).toBe(0);
  expect(rememberedAccount(app.db, 1n, number)).toBeUndefined();
  expect(rememberedAccount(app.db, 2n, number)?.currency).toBe('CNY');
});

test('numbers that do not exist are asked for again, and found once they do', async () => {
  const number = `${first.main.prefix}00000000000077`;
  expect((await accountsByNumber(app.db, 1n, [number])).size).toBe(0);
  const { number: mainAccount } = first.main;
  await openVirtualAccount(app, 1n, { mainAccount, name: 'Later', number });
  const found = (await accountsByNumber(app.db, 1n, [number])).get(number);
  expect(found).toMatchObject({ number, kind: 'trading', mainAccountId: 1n });
  const both = await accountsById(app.db, 1n, [found!.accountId, first.record.bankClearing]);
  expect(both.get(found!.accountId)).toBe(found);
  expect(both.get(first.record.bankClearing)).toMatchObject({ number: undefined, kind: undefined });
});

test('stops add up; reopening lifts them, one or both; closed is for ever', async () => {
  const { number } = await openVirtualAccount(app, 2n, { name: 'To be closed' });
  const state = async (work: Promise<{ state: string }>) => (await work).state;
  expect(await state(stopVirtualAccount(app, 2n, number, { side: 'debit' }))).toBe('debit_stopped');
  expect(await state(stopVirtualAccount(app, 2n, number, { side: 'debit' }))).toBe('debit_stopped');
  expect(await state(stopVirtualAccount(app, 2n, number, { side: 'credit' }))).toBe('stopped');
  const reopen = (side: StopSide) => state(reopenVirtualAccount(app, 2n, number, { side }));
  expect(await reopen('debit')).toBe('credit_stopped');
  expect(await reopen('debit')).toBe('credit_stopped');
  expect(await reopen('credit')).toBe('open');
  expect(await state(stopVirtualAccount(app, 2n, number, { side: 'both' }))).toBe('stopped');
  expect(await reopen('credit')).toBe('debit_stopped');
  expect(await reopen('both')).toBe('open');
  expect(await state(stopVirtualAccount(app, 2n, number, { side: 'both' }))).toBe('stopped');
  expect(await state(closeVirtualAccount(app, 2n, number))).toBe('closed');
  const closed = refusal('account_closed', { account: number });
  await expect(reopen('both')).rejects.toEqual(closed);
  await expect(closeVirtualAccount(app, 2n, number)).rejects.toEqual(closed);
});

test('an account with money, or with held money, is not closed', async () => {
  const { platformId, record, numbers } = await testPlatform(app, { platformId: 4n });
  const [number, other] = [numbers[0]!, numbers[1]!];
  await fund(app, platformId, { record, number, funds: 10n });
  await expect(closeVirtualAccount(app, platformId, number)).rejects.toEqual(
    refusal('account_not_empty', { account: number, balance: 10n, held: 0n }),
  );
  const pay = { debitAccount: number, creditAccount: other, amount: 10 };
  await transfer(app, platformId, pay, { requestId: 'api/empty' });
  expect((await closeVirtualAccount(app, platformId, number)).state).toBe('closed');
  await expect(
    transfer(app, platformId, { ...pay, amount: 1 }, { requestId: 'api/after' }),
  ).rejects.toEqual(refusal('account_closed', { account: number }));
});

test('public accounts are never stopped or closed, nor given a limit', async () => {
  const { suspense, opening } = first.main.accounts;
  const refused = refusal('public_account_refused');
  await expect(stopVirtualAccount(app, 1n, suspense, { side: 'credit' })).rejects.toEqual(refused);
  await expect(closeVirtualAccount(app, 1n, opening)).rejects.toEqual(refused);
  await expect(changeVirtualAccount(app, 1n, suspense, { overdraftLimit: 5n })).rejects.toEqual(
    refused,
  );
});

test('the platform’s own account is an account like any other, except that it is not closed', async () => {
  const { platform } = first.main.accounts;
  await expect(closeVirtualAccount(app, 1n, platform)).rejects.toEqual(
    refusal('platform_account_needed', { account: platform }),
  );
  const side = 'both';
  expect((await stopVirtualAccount(app, 1n, platform, { side })).state).toBe('stopped');
  await expect(closeVirtualAccount(app, 1n, platform)).rejects.toEqual(
    refusal('platform_account_needed'),
  );
  expect((await reopenVirtualAccount(app, 1n, platform, { side })).state).toBe('open');
});

test('changes are all or nothing', async () => {
  const { platformId, record, numbers } = await testPlatform(app, { platformId: 5n });
  const [one, two] = [numbers[0]!, numbers[1]!];
  const metadata = { shop: '一号店' };
  const change = { name: 'New', referenceCode: 'CODE1', metadata, overdraftLimit: 50n };
  expect(await changeVirtualAccount(app, platformId, one, change)).toMatchObject(change);
  await expect(changeVirtualAccount(app, platformId, two, change)).rejects.toEqual(
    refusal('reference_code_taken', { referenceCode: 'CODE1' }),
  );
  expect(await readVirtualAccount(app, platformId, two)).toMatchObject({ overdraftLimit: 0n });
  await fund(app, platformId, { record, number: one, funds: 10n });
  const pay = { debitAccount: one, creditAccount: two, amount: 60 };
  await transfer(app, platformId, pay, { requestId: 'api/overdraft' });
  await expect(
    changeVirtualAccount(app, platformId, one, { name: 'Newer', overdraftLimit: 49n }),
  ).rejects.toEqual(refusal('overdraft_in_use', { needed: 50n }));
  expect((await readVirtualAccount(app, platformId, one)).name).toBe('New');
  const none = { referenceCode: null, metadata: {} };
  expect(await changeVirtualAccount(app, platformId, one, none)).toMatchObject({
    ...{ name: 'New', referenceCode: null, metadata: {}, overdraftLimit: 50n },
    ...{ balance: -50n, held: 0n, available: -50n },
  });
});

test('no payer account is bound to a closed account; a stopped one may be opened again', async () => {
  const { platformId, numbers, accounts } = await testPlatform(app, { platformId: 8n });
  const bind = (accountNumber: string, virtualAccount: string) =>
    bindPayerAccount(app, platformId, accounts[0]!.memberId!, { accountNumber, virtualAccount });
  await stopVirtualAccount(app, platformId, numbers[0]!, { side: 'both' });
  expect(await bind('1', numbers[0]!)).toMatchObject({ virtualAccount: numbers[0]! });
  await closeVirtualAccount(app, platformId, numbers[0]!);
  await expect(bind('2', numbers[0]!)).rejects.toEqual(
    refusal('account_closed', { account: numbers[0]!, field: '/virtualAccount' }),
  );
});

test('deposits find accounts by reference code and by payer account', async () => {
  const { platformId, record, numbers, accounts } = await testPlatform(app, { platformId: 6n });
  const { mainAccountId } = record;
  const [one, two] = [numbers[0]!, numbers[1]!];
  await changeVirtualAccount(app, platformId, one, { referenceCode: 'SHOP01' });
  const codes = await findByReferenceCodes(app.db, platformId, {
    mainAccountId,
    referenceCodes: ['SHOP01', 'SHOP02'],
  });
  expect([...codes]).toMatchObject([['SHOP01', { number: one }]]);
  const bind = (member: number, virtualAccount: string) =>
    bindPayerAccount(app, platformId, accounts[member]!.memberId!, {
      accountNumber: '6222 0001',
      virtualAccount,
    });
  const find = () => findByPayerAccounts(app.db, platformId, ['62220001', '7']);
  expect(await bind(0, one)).toMatchObject({ accountNumber: '62220001', virtualAccount: one });
  expect([...(await find())]).toMatchObject([['62220001', [{ number: one }]]]);
  await expect(bind(0, one)).rejects.toEqual(refusal('payer_account_bound'));
  await expect(bind(0, two)).rejects.toEqual(refusal('account_of_another_member'));
  await expect(bind(0, foreign.numbers[0]!)).rejects.toEqual(
    refusal('account_not_found', { field: '/virtualAccount' }),
  );
  await bind(1, two);
  expect((await find()).get('62220001')).toHaveLength(2);
  const member = accounts[0]!.memberId!;
  const { payerAccounts } = await listPayerAccounts(app, platformId, member, { limit: 10 });
  expect(payerAccounts).toHaveLength(1);
  await unbindPayerAccount(app, platformId, member, '6222-0001');
  expect((await find()).get('62220001')).toMatchObject([{ number: two }]);
  await expect(unbindPayerAccount(app, platformId, member, '62220001')).rejects.toEqual(
    refusal('payer_account_not_found'),
  );
});
