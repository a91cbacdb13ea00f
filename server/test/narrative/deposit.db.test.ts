// Goal: how money comes in (入金), as finance tells it: matched, unmatched, claimed, claimed wrongly, told twice, taken
// back by the bank. Method: money arrives at the sandbox bank, whose statements we take in; after each story the eight
// invariants hold, and the bank's books are ours.
import { expect, test } from 'vitest';
import { claimEntry, listBankEntries } from '../../src/deposits/index.ts';
import { reverseClaim } from '../../src/deposits/reverse-claim.ts';
import { transfer } from '../../src/transfers/index.ts';
import { bindPayerAccount } from '../../src/virtual-accounts/index.ts';
import { fen, tellStories } from './story.ts';

const tell = await tellStories();

const suspended = async ({ app, platformId }: Awaited<ReturnType<typeof tell>>) => {
  const { entries } = await listBankEntries(app, platformId, { state: 'suspended', limit: 10 });
  return entries.map(({ id }) => id);
};

test('买家小王 pays to the number of his account, and the money is there; a statement that is read again changes nothing', async () => {
  const story = await tell(['买家小王', '卖家老李']);
  await story.arrives({ to: '买家小王', amount: '500.00', payer: '王小明' });
  await story.arrives({ to: '卖家老李', amount: '0.01' });
  expect(await story.statement()).toMatchObject({
    recorded: 2,
    credited: { count: 2, sum: 50001n },
  });
  expect(await story.everybody()).toEqual({ 买家小王: '500.00', 卖家老李: '0.01' });

  expect(await story.statement()).toMatchObject({ recorded: 0, alreadyKnown: 2, changed: false });
  expect(await story.everybody()).toEqual({ 买家小王: '500.00', 卖家老李: '0.01' });
  await story.end();
});

test('a payer writes the number in the text, or has an account that only one member has bound', async () => {
  const story = await tell(['买家小王', '卖家老李']);
  await story.arrives({ amount: '20.00', text: `货款 ${story.number('买家小王')}` });
  await bindPayerAccount(story.app, story.platformId, story.member('卖家老李'), {
    accountNumber: '6222000000000000777',
    virtualAccount: story.number('卖家老李'),
  });
  await story.arrives({ amount: '30.00', payer: '李建国', payerAccount: '6222000000000000777' });
  await story.statement();
  expect(await story.everybody()).toEqual({ 买家小王: '20.00', 卖家老李: '30.00' });
  await story.end();
});

test('nobody knows whose it is: it waits in suspense, is claimed by the wrong one, taken back, and claimed by the right one', async () => {
  const story = await tell(['买家小王', '卖家老李']);
  const { app, platformId } = story;
  await story.arrives({ amount: '88.00', payer: '某某', text: '货款' });
  expect(await story.statement()).toMatchObject({ suspended: { count: 1, sum: 8800n } });
  expect(await story.everybody()).toEqual({ 买家小王: '0.00', 卖家老李: '0.00' });
  const [bankEntry = ''] = await suspended(story);
  const claim = (name: '买家小王' | '卖家老李', request = story.ask()) =>
    claimEntry(app, platformId, { bankEntry, account: story.number(name), ...request });

  await claim('卖家老李');
  expect(await story.has('卖家老李')).toBe('88.00');
  // The right one comes: it is claimed already.
  expect(await story.refusal(claim('买家小王'))).toBe('entry_not_in_suspense');

  // 卖家老李 has spent some: it cannot be taken back until he has it again.
  const spend = { debitAccount: story.number('卖家老李'), creditAccount: story.number('买家小王') };
  await transfer(app, platformId, { ...spend, amount: fen('8.00') }, story.ask());
  const takeBack = () => reverseClaim(app, platformId, { bankEntry, ...story.ask() });
  expect(await story.refusal(takeBack())).toBe('insufficient_funds');
  const giveBack = { debitAccount: spend.creditAccount, creditAccount: spend.debitAccount };
  await transfer(app, platformId, { ...giveBack, amount: fen('8.00') }, story.ask());
  await takeBack();
  expect(await story.everybody()).toEqual({ 买家小王: '0.00', 卖家老李: '0.00' });
  expect(await story.refusal(takeBack())).toBe('entry_not_claimed');

  const request = story.ask();
  await claim('买家小王', request);
  // The answer got lost, and it is asked again: it is the same claim.
  expect(await claim('买家小王', request)).toMatchObject({ repeated: true });
  expect(await story.everybody()).toEqual({ 买家小王: '88.00', 卖家老李: '0.00' });
  await story.end();
});

test('the bank takes a line back: the money is gone from the main account, and we name what it was', async () => {
  const story = await tell(['买家小王']);
  const reference = await story.arrives({ to: '买家小王', amount: '40.00' });
  await story.arrives({ to: '买家小王', amount: '60.00' });
  await story.statement();
  await story.takesBack(reference);
  const report = await story.statement();
  expect(report).toMatchObject({ recorded: 1, alreadyKnown: 2, debited: { count: 1, sum: 4000n } });
  await story.end();
});

test('a day later there is another statement; the first one comes again, and changes nothing', async () => {
  const story = await tell(['买家小王']);
  await story.arrives({ to: '买家小王', amount: '1.00' });
  await story.statement();
  await story.later(24);
  await story.arrives({ to: '买家小王', amount: '2.00' });
  expect(await story.statement()).toMatchObject({ recorded: 1 });
  expect(await story.has('买家小王')).toBe('3.00');
  await story.end();
});
