// Goal: the books always balance. Method: random acts of customers, of the operator and of time, with faults;
// after each, every balance is its lines, every movement has two sides, and all money adds up to zero.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bank, openBank, receiveTransfer, reverseEntry } from './bank.ts';
import { auditBooks, entriesAfter, findAccount, IN_FLIGHT, openAccount } from './books.ts';
import { faultKind } from './faults.ts';
import { submitPayout } from './payouts.ts';
import { Refusal } from './refusal.ts';

const MAIN = '8110888020000000017';
const PAYEES = [
  { payeeAccount: '6222000000000000029', payeeName: '张示例' },
  { payeeAccount: '6222000000000000029', payeeName: '王不符' },
  { payeeAccount: '6217000000000000045', payeeName: '已销户示例' },
  { payeeAccount: '9999999999', payeeName: '别处' },
  { payeeAccount: MAIN, payeeName: '示例平台' },
];
const START = new Date('2026-11-23T02:00:00Z');

const act = fc.oneof(
  fc.record({ do: fc.constant('receive' as const), fen: fc.bigInt(1n, 10_000_00n) }),
  fc.record({ do: fc.constant('reverse' as const), nth: fc.nat(20) }),
  fc.record({
    do: fc.constant('pay' as const),
    reference: fc.nat(30),
    fen: fc.bigInt(1n, 5_000_00n),
    payee: fc.constantFrom(...PAYEES),
    rail: fc.constantFrom('intra', 'instant', 'small', 'large', 'none'),
  }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 200_000 }) }),
  fc.record({
    do: fc.constant('fault' as const),
    kind: fc.constantFrom('refuse', 'bounce', 'not_found'),
    perMillion: fc.constantFrom(300_000, 1_000_000),
  }),
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

function perform(bank: Bank, step: Act): void {
  const { clock, faults, store } = bank;
  if (step.do === 'wait') {
    clock.moveTo(new Date(clock.now().getTime() + step.seconds * 1_000));
  } else if (step.do === 'fault') {
    const common = { operation: null, remaining: 2, value: 3, text: '' };
    faults.add({ ...common, kind: faultKind(step.kind), perMillion: step.perMillion });
  } else if (step.do === 'receive') {
    const payer = { payerName: '甲', payerAccount: '1', remittance: '' };
    receiveTransfer(bank, { ...payer, to: '88888000000001', amount: step.fen });
  } else if (step.do === 'reverse') {
    const entries = entriesAfter(store, { account: MAIN, after: 0n, limit: 100 });
    reverseEntry(bank, entries[step.nth]?.reference ?? 'none');
  } else {
    const { payee, rail, fen: amount } = step;
    const order = { ...payee, rail, amount, account: MAIN, payeeBank: '示例', remittance: '' };
    submitPayout(bank, { ...order, reference: `p${step.reference}` }, clock.now());
  }
}

function openAt(): Bank {
  const bank = openBank(':memory:', () => START);
  const account = { number: MAIN, name: '示例平台', bankName: '示例', virtualPrefix: '88888' };
  openAccount(bank.store, { ...account, kind: 'customer', closed: false });
  return bank;
}

test('whatever happens, the books balance', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const bank = openAt();
      for (const step of acts) {
        bank.catchUp();
        try {
          bank.store.transaction(() => perform(bank, step));
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
        expect(auditBooks(bank.store)).toEqual([]);
      }
      // When nothing is due any more, nothing is on its way.
      bank.clock.moveTo(new Date(bank.clock.now().getTime() + 30 * 86_400_000));
      bank.catchUp();
      expect(findAccount(bank.store, IN_FLIGHT)?.balance).toBe(0n);
      expect(auditBooks(bank.store)).toEqual([]);
      bank.close();
    }),
    { numRuns: 60 },
  );
});

test('books that are wrong are told', () => {
  const bank = openAt();
  const payer = { payerName: '甲', payerAccount: '1', remittance: '' };
  receiveTransfer(bank, { ...payer, to: MAIN, amount: 100n });
  bank.store.run('update account set balance = balance + 1 where number = ?', MAIN);
  expect(auditBooks(bank.store)).toHaveLength(2);
  bank.close();
});
