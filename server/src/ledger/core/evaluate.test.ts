import { expect, test } from 'vitest';
import { amount } from '../../kernel/amount.ts';
import { businessDate } from '../../kernel/business-date.ts';
import { currency } from '../../kernel/currency.ts';
import { type AccountId, accountId, accountState } from './account.ts';
import { BatchEvaluation } from './evaluate.ts';
import { refuseFrozen } from './evaluate-transfer.ts';
import { check } from './script.fixture.ts';
import { WorkingSet } from './working-set.ts';

const frozenWithHold = {
  ...{ id: accountId(1n), guarded: true as const, currency: currency('CNY'), mainAccountId: 1n },
  ...{ state: accountState('open'), balance: 100n, held: 60n, overdraftLimit: 0n, lastMoveId: 0n },
};

test('transfers, and every refusal by precedence', () => {
  check(`
    account  alice  100.00
    account  bob      0.00
    account  carol   50.00  debit_stopped
    account  dora    50.00  credit_stopped
    account  eve      9.00  stopped
    account  frank    0.00  closed
    account  gina    10.00  overdraft 5.00
    account  hank   100.00  currency USD
    account  ivy    100.00  main 2
    account  rich   90071992547409.91
    internal fees

    transfer nobody nobody2  1.00  account_not_found
    transfer alice  nobody   1.00  account_not_found
    transfer alice  alice  999.00  same_account
    transfer alice  ivy    999.00  different_main_accounts
    transfer alice  hank   999.00  currencies_differ
    transfer carol  frank   99.00  account_stopped          # the payer is looked at first
    transfer frank  bob      1.00  account_closed
    transfer alice  frank  999.00  account_closed           # before its funds
    transfer alice  dora   999.00  account_stopped
    transfer alice  eve      1.00  account_stopped
    transfer eve    bob      1.00  account_stopped
    transfer alice  bob    100.01  insufficient_funds  alice 100.00  bob 0.00
    transfer alice  rich     0.01  balance_limit_exceeded  alice 100.00
    transfer alice  bob     60.00  ok                  alice  40.00  bob 60.00
    transfer alice  carol   40.00  ok                  alice   0.00  carol 90.00   # may still receive
    transfer dora   alice   50.00  ok                  dora    0.00  alice 50.00   # may still pay
    transfer gina   bob     15.01  insufficient_funds  gina   10.00
    transfer gina   bob     15.00  ok                  gina   -5.00  bob 75.00
    transfer fees   bob      5.00  ok                  bob    80.00                # internal never refuses
    transfer bob    fees    80.00  ok                  bob     0.00
  `);
});

test('holds, releases and captures, and every refusal by precedence', () => {
  check(`
    account  alice  100.00
    account  bob      0.00
    account  carol   50.00  debit_stopped
    account  frank    0.00  closed
    internal fees

    hold nobody 1.00 as x                account_not_found
    hold fees   1.00 as x                account_not_found     # an internal account cannot hold
    hold frank  1.00 as x                account_closed
    hold carol  1.00 as x                account_stopped
    hold alice 100.01 as x               insufficient_funds    alice 100.00
    hold alice 60.00 as h1 owner shop    ok                    alice 40.00/60.00
    hold alice 40.01 as x                insufficient_funds
    transfer alice bob 40.01             insufficient_funds    # what is held cannot be paid
    release missing                      hold_not_found
    release h1 10.00                     hold_owner_differs
    release h1 10.00 owner other         hold_owner_differs
    release h1 60.01 owner shop          hold_insufficient
    release h1 10.00 owner shop          ok                    alice 50.00/50.00
    capture h1 bob                       hold_owner_differs
    capture h1 bob 50.01 owner shop      hold_insufficient
    capture h1 nobody 1.00 owner shop    account_not_found
    capture h1 alice 1.00 owner shop     same_account
    capture h1 frank 1.00 owner shop     account_closed
    capture h1 bob 20.00 owner shop      ok                    alice 50.00/30.00  bob 20.00
    capture h1 fees 10.00 owner shop     ok                    alice 50.00/20.00
    capture h1 bob owner shop            ok                    alice 50.00  bob 40.00
    capture h1 bob owner shop            hold_insufficient
    release h1 owner shop                hold_insufficient
    hold alice 5.00 as x expires 2026-03-02T01:00:00Z    hold_expiry_passed
    hold alice 5.00 as h2 expires 2026-03-02T01:00:00.001Z   ok    alice 45.00/5.00
    later 1                                                                # the moment itself is too late
    capture h2 bob                       hold_expired
    release h2                           ok                    alice 50.00
  `);
});

test('reversals: in whole, once, and only while the money is there', () => {
  check(`
    account  alice  100.00
    account  bob      0.00
    account  carol    0.00

    reverse 1                     transfer_not_found
    transfer alice bob 60.00      ok                   # payment 1
    transfer bob carol 10.00      ok                   # payment 2
    reverse 1                     insufficient_funds   alice 40.00  bob 50.00
    reverse 2                     ok                   bob 60.00    carol 0.00
    reverse 2                     already_reversed
    reverse 1                     ok                   alice 100.00 bob 0.00
    reverse 1                     already_reversed     alice 100.00
  `);
});

// Goal: what a court keeps outranks holds, overdrafts and whoever asks first. Method: an order for 80.00 on 100.00 of
// which 60.00 are held, and one for more than there is, which keeps what arrives.
test('an order keeps its money: held or not, and what arrives until it has enough', () => {
  check(`
    account  alice  100.00  overdraft 50.00
    account  bob    100.00  frozen 80.00  overdraft 50.00
    account  carol   10.00  frozen 80.00
    account  dora   100.00
    hold     dora    60.00 as h0                 ok   dora 40.00/60.00
    hold     bob     20.00 as h1                 ok   bob 80.00/20.00
    transfer bob   alice  0.01  frozen_by_order  bob 80.00/20.00    # held or kept; nor is the overdraft lent
    hold     bob     0.01 as h2                  frozen_by_order
    transfer bob   alice 900.00 insufficient_funds                  # that comes first
    capture  h1 alice  20.00                     ok   bob 80.00/0.00  alice 120.00   # what is not kept may go

    transfer carol alice  1.00  frozen_by_order
    transfer alice carol 60.00  ok               alice 60.00  carol 70.00
    transfer carol alice  1.00  frozen_by_order  carol 70.00
    reverse  2                  frozen_by_order                     # the payment to carol is not taken back either
    transfer alice carol 15.00  ok               alice 45.00  carol 85.00
    transfer carol alice  5.01  frozen_by_order
    transfer carol alice  5.00  ok               alice 50.00  carol 80.00
  `);
});

test('an order that came after a hold comes before its capture', () => {
  const account = { ...frozenWithHold, frozen: 80n };
  expect(refuseFrozen(account, { amount: amount(20n), fromHeld: true })).toBeUndefined();
  expect(refuseFrozen(account, { amount: amount(21n), fromHeld: true })).toEqual({
    ...{ code: 'frozen_by_order', account: account.id, leavable: 20n },
  });
  // Of 100 the order keeps 80, and the hold has a claim on the rest: the owner has nothing to spend.
  expect(refuseFrozen(account, { amount: amount(1n) })).toMatchObject({ leavable: 0n });
  expect(refuseFrozen({ ...account, frozen: 0n }, { amount: amount(99n) })).toBeUndefined();
});

// Goal: a refusal names nothing that is not there. Method: a group reverses one transfer twice; the first
// reversal is undone with the group, so its number must not be told. One of an earlier request is.
test('a refused group does not name the moves that were undone with it', () => {
  const [payer, payee] = [accountId(1n), accountId(2n)];
  const guarded = (id: AccountId) => ({
    ...{ id, currency: currency('CNY'), mainAccountId: 1n, lastMoveId: 0n },
    ...{ state: accountState('open'), balance: 10n, held: 0n, overdraftLimit: 0n, frozen: 0n },
  });
  const original = { debit: payer, credit: payee, amount: 1n, reversedBy: undefined };
  const set = new WorkingSet({
    accounts: [payer, payee].map((id) => ({ ...guarded(id), guarded: true as const })),
    originals: [7n, 8n].map((transferId) => ({ ...original, transferId })),
  });
  const booking = {
    ...{ instant: new Date('2026-03-02T01:00:00Z'), businessDate: businessDate('2026-03-02') },
    firstMoveId: 100n,
    rulesVersion: 0n,
  };
  const evaluation = new BatchEvaluation(set, { known: new Map(), booking });
  const reverse = (requestId: string, ...transfers: bigint[]) => ({
    ...{ requestId, fingerprint: '' },
    moves: transfers.map((transfer) => ({ kind: 'reversal' as const, code: 'reversal', transfer })),
  });
  const answers = evaluation.decide([reverse('a', 7n, 7n), reverse('b', 8n), reverse('c', 7n, 8n)]);
  expect(answers).toMatchObject([
    { refusal: { code: 'already_reversed', transfer: 7n }, moveIndex: 1 },
    { accepted: true },
    { refusal: { code: 'already_reversed', transfer: 8n, reversedBy: 100n }, moveIndex: 1 },
  ]);
  expect(answers[0]).not.toHaveProperty('refusal.reversedBy');
});

test('a series of which the first request was used for something else is not done', () => {
  const booking = {
    ...{ instant: new Date('2026-03-02T01:00:00Z'), businessDate: businessDate('2026-03-02') },
    firstMoveId: 100n,
    rulesVersion: 0n,
  };
  const evaluation = new BatchEvaluation(new WorkingSet({ accounts: [] }), {
    known: new Map(),
    booking,
  });
  const request = (requestId: string, fingerprint: string, follows = false) => ({
    ...{ requestId, fingerprint, follows, moves: [] },
  });
  const series = (content: string) => [
    request('key', content),
    request('key 1', 'same', true),
    request('key 2', content, true),
  ];
  const single = request('other', 'x');
  const answers = evaluation.decide([
    ...series('one'),
    ...series('two'),
    single,
    ...series('one'),
    ...series('two'),
  ]);
  const told = answers.map((answer) =>
    answer.accepted ? (answer.repeated ? 'again' : 'done') : answer.refusal.code,
  );
  const reused = ['request_id_reused', 'request_id_reused', 'request_id_reused'];
  expect(told).toEqual([
    ...['done', 'done', 'done', ...reused, 'done'],
    ...['again', 'again', 'again', ...reused],
  ]);
});

// Goal: rules above the ledger refuse like it does, and only under the version that holds. Method: one submission that
// they bar, and one that was looked at under other rules: the first is an answer for ever, the second none at all.
test('what rules bar is answered and known; what was looked at under other rules is looked at again', () => {
  const booking = {
    ...{ instant: new Date('2026-03-02T01:00:00Z'), businessDate: businessDate('2026-03-02') },
    ...{ firstMoveId: 100n, rulesVersion: 2n },
  };
  const evaluation = new BatchEvaluation(new WorkingSet({ accounts: [] }), {
    known: new Map(),
    booking,
  });
  const refusal = {
    ...{ code: 'counterparty_refused' as const, list: 'block' as const },
    ...{ account: 1n, counterparty: 2n },
  };
  const barred = { refusal, moveIndex: 3 };
  const request = { requestId: 'r', fingerprint: 'x', moves: [] };
  const answers = evaluation.decide([
    { ...request, rulesVersion: 1n, barred },
    { ...request, rulesVersion: 2n, barred },
    { ...request, rulesVersion: 1n },
  ]);
  expect(answers).toMatchObject([
    { accepted: false, refusal: { code: 'rules_changed' } },
    { accepted: false, repeated: false, ...barred },
    { accepted: false, repeated: true, ...barred },
  ]);
});
