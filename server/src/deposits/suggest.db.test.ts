// Goal: a person who looks at a deposit in suspense is told whom it may be for, and why, and nothing is decided.
// Method: a month of deposits by statement file; then payments with slips, known payers and known names.
import { expect, test } from 'vitest';
import { testApp, testPlatform } from '../../test/support/fixtures.ts';
import { openMainAccount, openVirtualAccount } from '../virtual-accounts/index.ts';
import { claimEntry } from './claim.ts';
import { importStatement } from './import-statement.ts';
import { listBankEntries } from './read-entries.ts';
import { suggestAccounts } from './suggest.ts';
import { CNY, camt, depositDeps, everything, line } from './testing.fixture.ts';

const app = await testApp();
const deps = depositDeps(app);
const platformId = 1n;
const { main, numbers, accounts } = await testPlatform(app, { platformId, members: 3 });
const [first = '', second = '', third = ''] = numbers;
let references = 0;

/** Takes lines in, and gives those that wait in suspense, in the order of the file. */
async function receive(...lines: Partial<Parameters<typeof line>[0]>[]) {
  const numbered = lines.map((each) => {
    references += 1;
    return line({ reference: `r${references}`, counterpartyAccount: '6222', ...each });
  });
  const { id } = await importStatement(deps, platformId, { source: camt(main.number, numbered) });
  const filter = { statementImport: id ?? '', state: 'suspended' as const, limit: 100 };
  return (await listBankEntries(deps, platformId, filter)).entries.map((entry) => entry.id);
}

const suggest = (id = '') => suggestAccounts(deps, platformId, id);

test('a number with one slip is told with the slip', async () => {
  const exchanged = first.slice(0, 17) + (first[18] ?? '') + (first[17] ?? '');
  const apart = second.replace(/(\d{5})(?=\d)/g, '$1 ');
  const ids = await receive(
    ...[{ remittance: `付 ${first.slice(0, 9)}${first.slice(10)}` }, { remittance: apart }],
    { remittance: 'two wrong: 1234567890123456789' },
  );
  const before = await everything(app);
  expect(await suggest(ids[0])).toEqual([
    { account: first, reasons: [{ code: 'digit_missing', times: 1 }] },
  ]);
  expect(await suggest(ids[1])).toEqual([
    { account: second, reasons: [{ code: 'written_apart', times: 1 }] },
  ]);
  expect(await suggest(ids[2])).toEqual([]);
  expect(await everything(app)).toEqual(before);
  if (exchanged !== first) {
    const [id] = await receive({ remittance: exchanged });
    expect(await suggest(id)).toMatchObject([
      { account: first, reasons: [{ code: 'digits_swapped' }] },
    ]);
  }
});

test('a payer who has paid before is known, most often first; two reasons go before one', async () => {
  const payer = { counterpartyAccount: '62220777' };
  await receive(...Array.from({ length: 3 }, () => ({ ...payer, remittance: second })));
  await receive({ ...payer, remittance: third });
  const [claimed = ''] = await receive(payer);
  await claimEntry(deps, platformId, { bankEntry: claimed, account: third, requestId: 'api/c1' });
  const [open] = await receive({ ...payer, remittance: '货款' });
  expect(await suggest(open)).toEqual([
    { account: second, reasons: [{ code: 'payer_paid_before', times: 3 }] },
    { account: third, reasons: [{ code: 'payer_paid_before', times: 2 }] },
  ]);
  const [named] = await receive({ ...payer, counterpartyName: 'Member 3' });
  expect(await suggest(named)).toEqual([
    {
      account: third,
      reasons: [
        { code: 'payer_paid_before', times: 2 },
        { code: 'payer_name', times: 1 },
      ],
    },
    { account: second, reasons: [{ code: 'payer_paid_before', times: 3 }] },
  ]);
});

test('names are the same in full width, and accounts of another main account are never told', async () => {
  const other = await openMainAccount(app, platformId, {
    ...{ number: '81102', name: 'Other', bankName: 'Bank', currency: CNY },
  });
  const memberId = accounts[0]?.memberId ?? '';
  await openVirtualAccount(app, platformId, { memberId, name: 'There', mainAccount: other.number });
  const [id] = await receive({ counterpartyName: 'Ｍｅｍｂｅｒ　1' });
  expect(await suggest(id)).toEqual([
    { account: first, reasons: [{ code: 'payer_name', times: 1 }] },
  ]);
});

test('only what waits in suspense has suggestions', async () => {
  await receive({ remittance: first });
  const { entries } = await listBankEntries(deps, platformId, { state: 'credited', limit: 1 });
  await expect(suggest(entries[0]?.id)).rejects.toThrow('entry_not_in_suspense');
  await expect(suggest('ben_none')).rejects.toThrow('bank_entry_not_found');
});
