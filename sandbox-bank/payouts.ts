import {
  BANK_NAME,
  creditedBy,
  findAccount,
  IN_FLIGHT,
  move,
  type Telling,
  WORLD,
} from './books.ts';
import type { Faults } from './faults.ts';
import { MAX_FEN } from './money.ts';
import type { Notifications } from './notifications.ts';
import { daysOf, isOpen, listRails } from './rails.ts';
import { Refusal } from './refusal.ts';
import { type Row, type Store, textOf, textOrNull, wholeOf } from './store.ts';

const DAY_MS = 86_400_000;
/** A payee that is closed or has another name: its bank sends the money back on the next day. */
const WRONG_PAYEE_DAYS = 1;
const MAX_DUE = 10_000;

export interface PayoutOrder {
  /** The customer's own: what makes a repeat a repeat. */
  readonly reference: string;
  readonly account: string;
  readonly amount: bigint;
  readonly payeeAccount: string;
  readonly payeeName: string;
  readonly payeeBank: string;
  readonly rail: string;
  readonly remittance: string;
}

/** A payout as the bank has it. `returned`: it was settled, and the payee's bank sent it back (退汇). */
export interface Payout extends PayoutOrder {
  readonly status: 'processing' | 'settled' | 'returned' | 'refused';
  readonly code: string | null;
  readonly reason: string | null;
  readonly bankReference: string | null;
  readonly decidedAt: string | null;
}

export interface PayoutDeps {
  readonly store: Store;
  readonly faults: Faults;
  readonly notifications: Notifications;
}

/**
 * Takes an order. The same reference with the same content is answered with what became of the first; with
 * another content it is refused as `reference_taken`. A refused order is kept, so a repeat is refused as well.
 */
export function submitPayout(deps: PayoutDeps, order: PayoutOrder, now: Date): Payout {
  const { store } = deps;
  return store.transaction(() => {
    const known = findPayout(store, order.reference);
    if (known) return sameOr409(known, order);
    const refusal = refusalOf(deps, order, now);
    return refusal ? refuse(store, { order, refusal, now }) : accept(deps, order, now);
  });
}

function sameOr409(known: Payout, order: PayoutOrder): Payout {
  const names = Object.keys(order).filter((name): name is keyof PayoutOrder => name in known);
  if (names.every((name) => known[name] === order[name])) return known;
  throw new Refusal(409, 'reference_taken', 'Another payout has this reference.');
}

interface Why {
  readonly code: string;
  readonly reason: string;
}

function refusalOf({ store, faults }: PayoutDeps, order: PayoutOrder, now: Date): Why | undefined {
  const scripted = faults.take('refuse', 'submit');
  if (scripted) return { code: scripted.text || 'refused', reason: 'The bank refuses the payout.' };
  const payer = findAccount(store, order.account);
  if (payer?.kind !== 'customer') {
    return { code: 'account_not_found', reason: 'The paying account is none of this bank.' };
  }
  const rail = listRails(store).find(({ code }) => code === order.rail);
  if (!rail) return { code: 'rail_unknown', reason: 'There is no such rail.' };
  if (!isOpen(rail.hours, now, daysOf(store))) {
    return { code: 'rail_closed', reason: 'The rail is closed now.' };
  }
  if (rail.maximum !== null && order.amount > rail.maximum) {
    return { code: 'rail_limit', reason: 'The amount is over the limit of the rail.' };
  }
  if (rail.code === 'intra' && creditedBy(store, order.payeeAccount)?.bankName !== BANK_NAME) {
    return { code: 'payee_not_found', reason: 'No such payee at this bank.' };
  }
  if (payer.number === order.payeeAccount) {
    return { code: 'payee_is_payer', reason: 'The payee is the payer.' };
  }
  if (payer.balance < order.amount) {
    return { code: 'insufficient_funds', reason: 'The account has too little money.' };
  }
  return undefined;
}

function refuse(
  store: Store,
  { order, refusal, now }: { order: PayoutOrder; refusal: Why; now: Date },
): Payout {
  insert(store, order, { status: 'refused', now, dueAt: null, bouncesAt: null });
  store.run(
    'update payout set code = ?, reason = ?, decided_at = ? where reference = ?',
    ...[refusal.code, refusal.reason, now.toISOString(), order.reference],
  );
  return payoutNow(store, order.reference);
}

function accept(deps: PayoutDeps, order: PayoutOrder, now: Date): Payout {
  const { store, faults, notifications } = deps;
  const { reference, account, amount } = order;
  const { debit } = move(store, {
    ...{ at: now, debit: account, credit: IN_FLIGHT, amount },
    telling: tellingOf(store, order),
  });
  notifications.tell(debit);
  const rail = listRails(store).find(({ code }) => code === order.rail);
  const due = new Date(now.getTime() + (rail?.seconds ?? 0) * 1_000);
  const bounce = faults.take('bounce', 'submit');
  const wrong = wrongPayee(store, order);
  const days = bounce ? bounce.value : wrong === undefined ? undefined : WRONG_PAYEE_DAYS;
  const bouncesAt = days === undefined ? null : new Date(due.getTime() + days * DAY_MS);
  insert(store, order, { status: 'processing', now, dueAt: due, bouncesAt });
  store.run(
    'update payout set bank_reference = ?, reason = ?, hidden_queries = ? where reference = ?',
    debit.reference,
    bounce?.text || (wrong ?? (bounce ? '账户异常 The account cannot be credited' : null)),
    faults.take('not_found', 'submit')?.value ?? 0,
    reference,
  );
  runDue(deps, now);
  return payoutNow(store, reference);
}

/** Why the payee's bank would send it back; undefined also for an account that we know nothing of. */
function wrongPayee(store: Store, { payeeAccount, payeeName }: PayoutOrder): string | undefined {
  const payee = creditedBy(store, payeeAccount);
  if (payee?.closed) return '账户已销户 The account is closed';
  if (payee && payee.number === payeeAccount && payee.name !== payeeName) {
    return '户名不符 The name is not that of the account';
  }
  return undefined;
}

function tellingOf(store: Store, order: PayoutOrder): Telling {
  return {
    debitName: findAccount(store, order.account)?.name ?? '',
    debitAccount: order.account,
    creditName: order.payeeName,
    creditAccount: order.payeeAccount,
    remittance: order.remittance,
    payoutReference: order.reference,
  };
}

/** Does what is due by now, in the order and at the times at which it was due. */
export function runDue(deps: PayoutDeps, now: Date): void {
  const { store } = deps;
  for (let done = 0; done < MAX_DUE; done += 1) {
    const row = store.get(
      'select * from payout where due_at <= ? order by due_at, reference limit 1',
      now.toISOString(),
    );
    if (!row) return;
    store.transaction(() => (textOf(row, 'status') === 'processing' ? arrive : bounce)(deps, row));
  }
}

/** The money is with the payee, or outside when it will come back or the payee is nobody we know. */
function arrive({ store, notifications }: PayoutDeps, row: Row): void {
  const payout = readPayout(row);
  const dueAt = textOf(row, 'due_at');
  const bouncesAt = textOrNull(row, 'bounces_at');
  const { reference, payeeAccount, amount } = payout;
  const known = bouncesAt === null ? creditedBy(store, payeeAccount) : undefined;
  const payee = known && known.balance + amount <= MAX_FEN ? known : undefined;
  const telling = tellingOf(store, payout);
  const isVirtual = payee !== undefined && payee.number !== payeeAccount;
  const { credit } = move(store, {
    ...{ at: new Date(dueAt), debit: IN_FLIGHT, credit: payee?.number ?? WORLD, amount },
    telling: isVirtual ? { ...telling, creditedAccount: payeeAccount } : telling,
  });
  notifications.tell(credit);
  store.run(
    `update payout set status = 'settled', decided_at = ?, due_at = ? where reference = ?`,
    ...[dueAt, bouncesAt, reference],
  );
}

/** 退汇: the payee's bank sends the money back, as a credit of its own. */
function bounce({ store, notifications }: PayoutDeps, row: Row): void {
  const payout = readPayout(row);
  const dueAt = textOf(row, 'due_at');
  const { reference, account, amount, payeeName, payeeAccount, reason } = payout;
  const { credit } = move(store, {
    ...{ at: new Date(dueAt), debit: WORLD, credit: account, amount },
    telling: {
      ...{
        debitName: payeeName,
        debitAccount: payeeAccount,
        creditName: '',
        creditAccount: account,
      },
      remittance: `退汇 ${reason ?? ''}`.trim(),
      payoutReference: reference,
    },
  });
  notifications.tell(credit);
  store.run(
    `update payout set status = 'returned', code = 'returned', decided_at = ?, due_at = null where reference = ?`,
    ...[dueAt, reference],
  );
}

/** What became of it. Undefined when there is none, and while a fault hides it: each query uncovers a little. */
export function queryPayout(store: Store, reference: string): Payout | undefined {
  return store.transaction(() => {
    const row = store.get('select hidden_queries from payout where reference = ?', reference);
    if (!row || wholeOf(row, 'hidden_queries') === 0n) return findPayout(store, reference);
    store.run(
      'update payout set hidden_queries = hidden_queries - 1 where reference = ?',
      reference,
    );
    return undefined;
  });
}

function findPayout(store: Store, reference: string): Payout | undefined {
  const row = store.get('select * from payout where reference = ?', reference);
  return row && readPayout(row);
}

function payoutNow(store: Store, reference: string): Payout {
  const payout = findPayout(store, reference);
  if (!payout) throw new Error('a payout that was written is not there');
  return payout;
}

interface Opening {
  readonly status: Payout['status'];
  readonly now: Date;
  readonly dueAt: Date | null;
  readonly bouncesAt: Date | null;
}

function insert(
  store: Store,
  order: PayoutOrder,
  { status, now, dueAt, bouncesAt }: Opening,
): void {
  store.run(
    `insert into payout (reference, account, amount, payee_account, payee_name, payee_bank, rail, remittance,
       status, submitted_at, due_at, bounces_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[order.reference, order.account, order.amount, order.payeeAccount, order.payeeName],
    ...[order.payeeBank, order.rail, order.remittance, status, now.toISOString()],
    ...[dueAt?.toISOString() ?? null, bouncesAt?.toISOString() ?? null],
  );
}

const STATUSES = ['processing', 'settled', 'returned', 'refused'] as const;

function readPayout(row: Row): Payout {
  const status = STATUSES.find((each) => each === row['status']);
  if (!status) throw new TypeError('a payout has a status that is none');
  return {
    status,
    reference: textOf(row, 'reference'),
    account: textOf(row, 'account'),
    amount: wholeOf(row, 'amount'),
    payeeAccount: textOf(row, 'payee_account'),
    payeeName: textOf(row, 'payee_name'),
    payeeBank: textOf(row, 'payee_bank'),
    rail: textOf(row, 'rail'),
    remittance: textOf(row, 'remittance'),
    code: textOrNull(row, 'code'),
    reason: status === 'returned' || status === 'refused' ? textOrNull(row, 'reason') : null,
    bankReference: textOrNull(row, 'bank_reference'),
    decidedAt: textOrNull(row, 'decided_at'),
  };
}
