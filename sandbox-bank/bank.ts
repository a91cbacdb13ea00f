import { type BankClock, openClock } from './bank-clock.ts';
import {
  type Account,
  BANK_NAME,
  creditedBy,
  type Entry,
  findAccount,
  findEntry,
  IN_FLIGHT,
  move,
  openAccount,
  WORLD,
} from './books.ts';
import { type Faults, openFaults } from './faults.ts';
import { type Notifications, openNotifications } from './notifications.ts';
import { runDue } from './payouts.ts';
import { seedRails } from './rails.ts';
import { Refusal } from './refusal.ts';
import { openStore, type Store } from './store.ts';

/** The bank: its books, its clock, and what is made to go wrong. */
export interface Bank {
  readonly store: Store;
  readonly clock: BankClock;
  readonly faults: Faults;
  readonly notifications: Notifications;
  /** Does what is due by the bank's clock. */
  catchUp(): void;
  close(): void;
}

/** A few people at other banks, so that there is somebody to pay and to be paid by. All invented. */
const NEIGHBOURS = [
  { number: '6222000000000000011', name: '示例买家甲有限公司', bankName: '示例二行 Second Bank' },
  { number: '6222000000000000029', name: '张示例', bankName: '示例二行 Second Bank' },
  { number: '6217000000000000037', name: '李示例', bankName: '示例三行 Third Bank' },
] as const;
const CLOSED = {
  number: '6217000000000000045',
  name: '已销户示例',
  bankName: '示例三行 Third Bank',
};

/** Opens the bank that a file holds, or a new one. `:memory:` is one that is forgotten. */
export function openBank(path: string, machine: () => Date): Bank {
  const store = openStore(path);
  const clock = openClock(store, machine);
  const faults = openFaults(store);
  const notifications = openNotifications(store, faults);
  const bank = { store, clock, faults, notifications };
  store.transaction(() => seed(store));
  return {
    ...bank,
    catchUp: () => runDue(bank, clock.now()),
    close: () => store.close(),
  };
}

function seed(store: Store): void {
  seedRails(store);
  const common = { virtualPrefix: null, closed: false } as const;
  const systems = [
    { number: WORLD, name: '其他银行 All other banks' },
    { number: IN_FLIGHT, name: '在途 Payouts on their way' },
  ];
  for (const account of systems) {
    openAccount(store, { ...common, ...account, bankName: BANK_NAME, kind: 'system' });
  }
  const people = [
    ...NEIGHBOURS.map((each) => ({ ...common, ...each })),
    { ...common, ...CLOSED, closed: true },
  ];
  for (const account of people) {
    if (!findAccount(store, account.number)) openAccount(store, { ...account, kind: 'customer' });
  }
}

export interface Transfer {
  /** The number that the payer writes: an account of this bank, or a virtual one of it. */
  readonly to: string;
  readonly amount: bigint;
  readonly payerName: string;
  readonly payerAccount: string;
  readonly remittance: string;
}

/**
 * A bank transfer from outside to an account or a virtual account number. The payer's money is not counted:
 * it comes from the world. Refuses a number that is nobody's.
 */
export function receiveTransfer({ store, clock, notifications }: Bank, transfer: Transfer): Entry {
  return store.transaction(() => {
    const payee = creditedBy(store, transfer.to);
    if (!payee || payee.closed) throw new Refusal(404, 'account_not_found', 'No such payee.');
    const telling = {
      ...{ debitName: transfer.payerName, debitAccount: transfer.payerAccount },
      ...{ creditName: payee.name, creditAccount: payee.number, remittance: transfer.remittance },
    };
    const isVirtual = payee.number !== transfer.to;
    const { credit } = move(store, {
      ...{ at: clock.now(), debit: WORLD, credit: payee.number, amount: transfer.amount },
      telling: isVirtual ? { ...telling, creditedAccount: transfer.to } : telling,
    });
    notifications.tell(credit);
    return credit;
  });
}

/** The bank takes back a credit that was wrong (冲正): a debit that names it. Refuses what was taken back before. */
export function reverseEntry({ store, clock, notifications }: Bank, reference: string): Entry {
  return store.transaction(() => {
    const wrong = findEntry(store, reference);
    const owner = wrong && findAccount(store, wrong.account);
    if (wrong?.direction !== 'credit' || owner?.kind !== 'customer' || wrong.reversalOf !== null) {
      throw new Refusal(404, 'entry_not_found', 'No credit of a customer has this reference.');
    }
    if (store.get('select seq from entry where reversal_of = ?', reference)) {
      throw new Refusal(409, 'already_reversed', 'The entry was taken back before.');
    }
    const { debit } = move(store, {
      ...{ at: clock.now(), debit: wrong.account, credit: WORLD, amount: wrong.amount },
      telling: {
        ...{ debitName: owner.name, debitAccount: owner.number },
        ...{ creditName: wrong.counterpartyName, creditAccount: wrong.counterpartyAccount },
        ...{ remittance: `冲正 ${reference}`, reversalOf: reference },
      },
    });
    notifications.tell(debit);
    return debit;
  });
}

/** Whether the name is that of the account. `cannot_tell`: it is an account that we know nothing of. */
export function verifyName(
  { store }: Bank,
  { account, name }: { account: string; name: string },
): 'match' | 'mismatch' | 'account_not_found' | 'cannot_tell' {
  const known: Account | undefined = findAccount(store, account);
  if (known?.kind !== 'customer') return 'cannot_tell';
  if (known.closed) return 'account_not_found';
  return known.name === name ? 'match' : 'mismatch';
}
