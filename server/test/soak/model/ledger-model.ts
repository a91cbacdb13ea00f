/**
 * The ledger once more, as simply as it can be said: maps, one submission after another, no batches and no
 * database. Written from the description of the rules, and of purpose without a line of `src/ledger/core`:
 * what both get wrong in the same way must have been understood wrong, not typed wrong.
 */
export type Name = bigint;

export interface ModelAccount {
  readonly guarded: boolean;
  readonly currency: string;
  readonly main: bigint;
  state: 'open' | 'debit_stopped' | 'credit_stopped' | 'stopped' | 'closed';
  balance: bigint;
  held: bigint;
  limit: bigint;
}

export interface ModelHold {
  id: bigint | undefined;
  readonly account: Name;
  remaining: bigint;
  readonly owner: string | undefined;
  readonly expiresAt: Date | undefined;
}

export interface ModelTransfer {
  id: bigint | undefined;
  readonly debit: Name;
  readonly credit: Name;
  readonly amount: bigint;
  reversedBy: ModelTransfer | undefined;
}

export type ModelMove =
  | {
      kind: 'transfer';
      code: string;
      debit: Name;
      credit: Name;
      amount: bigint;
      reference?: string;
    }
  | {
      kind: 'hold';
      account: Name;
      amount: bigint;
      reason: string;
      owner?: string;
      expiresAt?: Date;
    }
  | { kind: 'release'; hold: bigint; amount?: bigint; owner?: string; expired?: boolean }
  | { kind: 'capture'; code: string; hold: bigint; credit: Name; amount?: bigint; owner?: string }
  | { kind: 'reversal'; code: string; transfer: bigint };

/** Facts whose numbers the ledger chooses are filled in when those are known: hence functions. */
export type Refused = { readonly code: string } & Record<string, unknown>;
export interface Done {
  readonly text: string;
  readonly transfer: ModelTransfer | undefined;
  readonly placed: ModelHold | undefined;
}
export type Expected =
  | { readonly accepted: true; readonly done: readonly Done[] }
  | { readonly accepted: false; readonly moveIndex: number; readonly refusal: () => Refused };

const HIGHEST = 2n ** 53n - 1n;

class No extends Error {
  readonly refusal: () => Refused;
  constructor(refusal: () => Refused) {
    super('refused');
    this.refusal = refusal;
  }
}
const no = (code: string, facts: Record<string, unknown> = {}): never => {
  throw new No(() => ({ code, ...facts }));
};

export class LedgerModel {
  readonly accounts = new Map<Name, ModelAccount>();
  readonly holds = new Map<bigint, ModelHold>();
  readonly transfers = new Map<bigint, ModelTransfer>();

  /** Decides and does a submission, all or nothing, at that moment. */
  submit(moves: readonly ModelMove[], now: Date): Expected {
    const before = this.#remember();
    const done: Done[] = [];
    for (const [moveIndex, move] of moves.entries()) {
      try {
        done.push(this.#do(move, now));
      } catch (error) {
        if (!(error instanceof No)) throw error;
        before();
        return { accepted: false, moveIndex, refusal: error.refusal };
      }
    }
    return { accepted: true, done };
  }

  /** The ledger has given a number to what was done. */
  learn({ transfer, placed }: Done, id: bigint): void {
    if (transfer) {
      transfer.id = id;
      this.transfers.set(id, transfer);
    }
    if (placed) {
      placed.id = id;
      this.holds.set(id, placed);
    }
  }

  /** Copies what may change; gives the way back. Small worlds only. */
  #remember(): () => void {
    const accounts = [...this.accounts.values()].map((each) => ({ each, was: { ...each } }));
    const holds = [...this.holds.values()].map((each) => ({ each, was: each.remaining }));
    const transfers = [...this.transfers.values()].map((each) => ({ each, was: each.reversedBy }));
    return () => {
      for (const { each, was } of accounts) Object.assign(each, was);
      for (const { each, was } of holds) each.remaining = was;
      for (const { each, was } of transfers) each.reversedBy = was;
    };
  }

  #do(move: ModelMove, now: Date): Done {
    switch (move.kind) {
      case 'transfer': {
        const { debit, credit, amount, code, reference } = move;
        return this.#pay({ debit, credit, amount, code, reference });
      }
      case 'hold':
        return this.#hold(move);
      case 'release':
        return this.#release(move, now);
      case 'capture':
        return this.#capture(move, now);
      case 'reversal':
        return this.#reverse(move);
    }
  }

  #pay(payment: {
    debit: Name;
    credit: Name;
    amount: bigint;
    code: string;
    reference?: string | undefined;
    fromHold?: ModelHold;
    reverses?: bigint;
  }): Done {
    const { amount, fromHold } = payment;
    const payer = this.accounts.get(payment.debit);
    const payee = this.accounts.get(payment.credit);
    if (!payer) return no('account_not_found', { account: payment.debit });
    if (!payee) return no('account_not_found', { account: payment.credit });
    if (payer === payee) return no('same_account', { account: payment.debit });
    if (payer.main !== payee.main)
      return no('different_main_accounts', { debit: payment.debit, credit: payment.credit });
    if (payer.currency !== payee.currency)
      return no('currencies_differ', { debit: payer.currency, credit: payee.currency });
    mayUse(payer, payment.debit, 'debit');
    mayUse(payee, payment.credit, 'credit');
    if (!fromHold) mayTake(payer, payment.debit, amount);
    if (payee.guarded && payee.balance + amount > HIGHEST)
      return no('balance_limit_exceeded', { account: payment.credit, limit: HIGHEST });
    payer.balance -= amount;
    payee.balance += amount;
    if (fromHold) {
      payer.held -= amount;
      fromHold.remaining -= amount;
    }
    const { debit, credit, code, reference, reverses } = payment;
    const text = `transfer ${code} ${debit}${after(payer)} -> ${credit}${after(payee)} ${amount} ref ${reference ?? '-'} reverses ${reverses ?? '-'}`;
    const event = fromHold ? ` | ${eventText(fromHold, 'captured', amount, payer)}` : '';
    const transfer = { id: undefined, debit, credit, amount, reversedBy: undefined };
    return { text: text + event, transfer, placed: undefined };
  }

  #hold(move: ModelMove & { kind: 'hold' }): Done {
    const account = this.accounts.get(move.account);
    if (!account?.guarded) return no('account_not_found', { account: move.account });
    mayUse(account, move.account, 'debit');
    mayTake(account, move.account, move.amount);
    account.held += move.amount;
    const { owner, expiresAt, amount } = move;
    const placed = { id: undefined, account: move.account, remaining: amount, owner, expiresAt };
    return { text: eventText(placed, 'placed', amount, account), transfer: undefined, placed };
  }

  #release(move: ModelMove & { kind: 'release' }, now: Date): Done {
    const { hold, taken, account } = this.#find(move, now);
    account.held -= taken;
    hold.remaining -= taken;
    const text = eventText(hold, move.expired ? 'expired' : 'released', taken, account);
    return { text, transfer: undefined, placed: undefined };
  }

  #capture(move: ModelMove & { kind: 'capture' }, now: Date): Done {
    const { hold, taken } = this.#find(move, now);
    const { expiresAt } = hold;
    if (isPast(expiresAt, now))
      return no('hold_expired', { hold: move.hold, expiredAt: expiresAt.toISOString() });
    const { code, credit } = move;
    return this.#pay({ debit: hold.account, credit, amount: taken, code, fromHold: hold });
  }

  #reverse(move: ModelMove & { kind: 'reversal' }): Done {
    const original = this.transfers.get(move.transfer);
    if (!original) return no('transfer_not_found', { transfer: move.transfer });
    const { reversedBy } = original;
    if (reversedBy)
      throw new No(() => ({
        code: 'already_reversed',
        transfer: move.transfer,
        reversedBy: reversedBy.id,
      }));
    const { debit: credit, credit: debit, amount } = original;
    const done = this.#pay({ debit, credit, amount, code: move.code, reverses: move.transfer });
    original.reversedBy = done.transfer;
    return done;
  }

  #find(move: { hold: bigint; amount?: bigint; owner?: string }, now: Date) {
    const hold = this.holds.get(move.hold);
    if (!hold) return no('hold_not_found', { hold: move.hold });
    if (hold.owner !== move.owner) return no('hold_owner_differs', { hold: move.hold });
    const taken = move.amount ?? hold.remaining;
    if (hold.remaining === 0n || taken > hold.remaining) {
      const expired = isPast(hold.expiresAt, now)
        ? { expiredAt: hold.expiresAt.toISOString() }
        : {};
      return no('hold_insufficient', {
        ...{ hold: move.hold, remaining: hold.remaining },
        ...expired,
      });
    }
    const account = this.accounts.get(hold.account);
    if (!account) throw new Error('a hold is on an account');
    return { hold, taken, account };
  }
}

const isPast = (moment: Date | undefined, now: Date): moment is Date =>
  moment !== undefined && moment.getTime() <= now.getTime();

function mayUse(account: ModelAccount, name: Name, side: 'debit' | 'credit'): void {
  if (!account.guarded) return;
  if (account.state === 'closed') no('account_closed', { account: name });
  if (account.state === 'stopped' || account.state === `${side}_stopped`)
    no('account_stopped', { account: name, side });
}

function mayTake(account: ModelAccount, name: Name, amount: bigint): void {
  if (!account.guarded) return;
  const lacking = amount - (account.balance - account.held + account.limit);
  if (lacking > 0n) no('insufficient_funds', { account: name, shortfall: lacking });
}

const after = ({ guarded, balance, held }: ModelAccount) => (guarded ? `(${balance},${held})` : '');

function eventText(hold: ModelHold, kind: string, taken: bigint, account: ModelAccount): string {
  return `hold ${kind} ${hold.account} ${taken} remaining ${hold.remaining}${after(account)}`;
}

/** Why an account may not be given that state and overdraft limit; undefined when it may. */
export function refusalOfChange(
  account: { state: string; balance: bigint; held: bigint },
  state: string,
  limit: bigint,
): string | undefined {
  if (account.state === 'closed') return 'account_closed';
  if (state === 'closed' && (account.balance !== 0n || account.held !== 0n))
    return 'account_not_empty';
  return account.held - account.balance > limit ? 'overdraft_in_use' : undefined;
}
