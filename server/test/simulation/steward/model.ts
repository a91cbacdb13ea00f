/**
 * The steward as arithmetic: members, what is put aside, what waits, what is due. Knows no SQL, no ledger and no code of
 * the server; each method answers 'ok' or the code of the refusal, and 'ok' means that it was done. Amounts are fen.
 */
import { type Action, type ActionOf, MEMBERS } from './step.ts';

interface Hold {
  readonly at: number;
  left: number;
  readonly expires: number | undefined;
}
interface Payment {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  undone: boolean;
}
interface Freeze {
  readonly payer: number;
  readonly payee: number | undefined;
  left: number;
}
interface Entry {
  readonly amount: number;
  readonly is: 'credit' | 'debit';
  /** Where it was credited by itself, or by a claim; undefined while it waits. */
  at: number | undefined;
  claimed: boolean;
}
interface Receiver {
  readonly at: number;
  net: number;
}
interface Order {
  readonly buyer: number;
  readonly receivers: readonly [seller: Receiver, commission: Receiver];
  left: number;
  state: 'held' | 'disputed' | 'settled' | 'finished';
  deadline: number | undefined;
  disputedAt: number;
  readonly late: 'release' | 'refund';
}
interface Schedule {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  /** An instant, for one that is made once; else the dates of the next and last occurrence, in days. */
  readonly at: number | undefined;
  day: number;
  readonly lastDay: number;
  attempt: number;
  retryAt: number;
  state: 'active' | 'finished' | 'cancelled';
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** After a refused attempt of a scheduled transfer; then the occurrence is given up. */
const PAUSES_MS = [5, 30, 120, 720].map((minutes) => minutes * 60_000);
const NOBODY = MEMBERS;

export class Model {
  readonly available: number[] = Array.from({ length: MEMBERS }, () => 0);
  readonly held: number[] = Array.from({ length: MEMBERS }, () => 0);
  suspense = 0;
  /** What the bank has. */
  bank = 0;
  now: number;
  readonly holds: Hold[] = [];
  readonly payments: Payment[] = [];
  readonly freezes: Freeze[] = [];
  readonly entries: Entry[] = [];
  readonly orders: Order[] = [];
  readonly schedules: Schedule[] = [];
  /** Plain transfers that were made. */
  transfers = 0;

  constructor(now: number) {
    this.now = now;
  }

  apply(asked: Action): string {
    switch (asked.do) {
      case 'statement':
        return this.#statement(asked);
      case 'conflicting statement':
        return of(this.entries, asked.which) ? 'statement_reference_conflict' : 'ok';
      case 'claim':
        return this.#claim(asked);
      case 'claim reversal':
        return this.#claimReversal(asked);
      case 'transfer':
        return this.#transfer(asked);
      case 'reversal':
        return this.#reversal(asked);
      case 'batch':
        return asked.mode === 'atomic' ? this.#atomic(asked) : this.#independent(asked);
      case 'hold':
        return this.#hold(asked);
      case 'release':
        return this.#release(asked);
      case 'capture':
        return this.#capture(asked);
      case 'freeze':
        return this.#freeze(asked);
      case 'pay-freeze':
        return this.#payFreeze(asked);
      case 'unfreeze':
        return this.#unfreeze(asked);
      case 'unfreeze-pay':
        return this.#unfreezePay(asked);
      case 'escrow':
        return this.#escrow(asked);
      case 'confirm':
      case 'refund':
      case 'dispute':
      case 'resolve':
      case 'finish':
        return this.#onOrder(asked);
      case 'schedule':
      case 'schedule daily':
        return this.#schedule(asked);
      case 'cancel':
        return this.#cancel(asked);
      case 'wait':
        return this.#wait(asked);
      case 'again':
        return 'ok';
      case 'reuse':
        return this.transfers > 0 ? 'request_id_reused' : 'ok';
    }
  }

  #statement({ lines }: ActionOf<'statement'>): string {
    const known = this.entries.length;
    for (const each of lines) {
      if (each.is === 'told before') {
        // A line of an earlier statement; when there is none, the file is shorter.
        if (known > 0) continue;
      } else if (each.is === 'debit') {
        this.bank -= each.amount;
        this.entries.push({ amount: each.amount, is: 'debit', at: undefined, claimed: false });
      } else {
        this.bank += each.amount;
        const at = each.is === 'paid' ? each.to : undefined;
        if (at === undefined) this.suspense += each.amount;
        else this.#give(at, each.amount);
        this.entries.push({ amount: each.amount, is: 'credit', at, claimed: false });
      }
    }
    return 'ok';
  }

  #claim({ which, to }: ActionOf<'claim'>): string {
    const entry = of(this.entries, which);
    if (!entry) return 'bank_entry_not_found';
    if (to === NOBODY) return 'account_not_found';
    if (entry.is === 'debit' || entry.at !== undefined) return 'entry_not_in_suspense';
    entry.at = to;
    entry.claimed = true;
    this.suspense -= entry.amount;
    this.#give(to, entry.amount);
    return 'ok';
  }

  #claimReversal({ which }: ActionOf<'claim reversal'>): string {
    const entry = of(this.entries, which);
    if (!entry) return 'bank_entry_not_found';
    if (!entry.claimed || entry.at === undefined) return 'entry_not_claimed';
    if (this.#has(entry.at) < entry.amount) return 'insufficient_funds';
    this.#give(entry.at, -entry.amount);
    this.suspense += entry.amount;
    entry.at = undefined;
    entry.claimed = false;
    return 'ok';
  }

  /** Why a payment may not be made; undefined when it may. */
  #refusal({ from, to, amount }: { from: number; to: number; amount: number }) {
    if (from === NOBODY || to === NOBODY) return 'account_not_found';
    if (from === to) return 'same_account';
    return this.#has(from) < amount ? 'insufficient_funds' : undefined;
  }

  #pay({ from, to, amount }: { from: number; to: number; amount: number }): void {
    this.#give(from, -amount);
    this.#give(to, amount);
    this.payments.push({ from, to, amount, undone: false });
  }

  #transfer(asked: ActionOf<'transfer'>): string {
    const refusal = this.#refusal(asked);
    if (refusal) return refusal;
    this.#pay(asked);
    this.transfers += 1;
    return 'ok';
  }

  #reversal({ which }: ActionOf<'reversal'>): string {
    const payment = of(this.payments, which);
    if (!payment) return 'transfer_not_found';
    if (payment.undone) return 'already_reversed';
    const { from, to, amount } = payment;
    if (this.#has(to) < amount) return 'insufficient_funds';
    this.#give(to, -amount);
    this.#give(from, amount);
    payment.undone = true;
    return 'ok';
  }

  #atomic({ items }: ActionOf<'batch'>): string {
    // An item that can be no transfer is refused before any money is looked at.
    for (const { from, to } of items) {
      if (from === NOBODY || to === NOBODY) return 'account_not_found';
      if (from === to) return 'same_account';
    }
    const before = [...this.available];
    const payments = this.payments.length;
    for (const item of items) {
      const refusal = this.#refusal(item);
      if (refusal) {
        for (const [i, was] of before.entries()) this.available[i] = was;
        this.payments.length = payments;
        return refusal;
      }
      this.#pay(item);
    }
    return 'ok';
  }

  #independent({ items }: ActionOf<'batch'>): string {
    const outcomes = items.map((item) => {
      const refusal = this.#refusal(item);
      if (!refusal) this.#pay(item);
      return refusal ?? 'posted';
    });
    return outcomes.join(', ');
  }

  #hold({ at, amount, hours }: ActionOf<'hold'>): string {
    if (at === NOBODY) return 'account_not_found';
    if (this.#has(at) < amount) return 'insufficient_funds';
    this.#putAside(at, amount);
    const expires = hours === undefined ? undefined : this.now + hours * HOUR_MS;
    this.holds.push({ at, left: amount, expires });
    return 'ok';
  }

  #release({ which, amount }: ActionOf<'release'>): string {
    const hold = of(this.holds, which);
    if (!hold) return 'hold_not_found';
    const taken = amount ?? hold.left;
    if (hold.left === 0 || taken > hold.left) return 'hold_insufficient';
    hold.left -= taken;
    this.#putAside(hold.at, -taken);
    return 'ok';
  }

  #capture({ which, to, amount }: ActionOf<'capture'>): string {
    const hold = of(this.holds, which);
    if (!hold) return 'hold_not_found';
    if (to === NOBODY) return 'account_not_found';
    const taken = amount ?? hold.left;
    if (hold.left === 0 || taken > hold.left) return 'hold_insufficient';
    if (to === hold.at) return 'same_account';
    hold.left -= taken;
    this.#putAside(hold.at, -taken);
    this.#pay({ from: hold.at, to, amount: taken });
    return 'ok';
  }

  #freeze({ at, amount }: ActionOf<'freeze'>): string {
    if (at === NOBODY) return 'account_not_found';
    if (this.#has(at) < amount) return 'insufficient_funds';
    this.#putAside(at, amount);
    this.freezes.push({ payer: at, payee: undefined, left: amount });
    return 'ok';
  }

  #payFreeze(asked: ActionOf<'pay-freeze'>): string {
    const refusal = this.#refusal(asked);
    if (refusal) return refusal;
    const { from, to, amount } = asked;
    this.#give(from, -amount);
    this.#give(to, amount);
    this.#putAside(to, amount);
    this.freezes.push({ payer: from, payee: to, left: amount });
    return 'ok';
  }

  #unfreeze({ which, amount }: ActionOf<'unfreeze'>): string {
    const frozen = of(this.freezes, which);
    if (!frozen) return 'freeze_not_found';
    const taken = amount ?? frozen.left;
    if (frozen.left === 0 || taken > frozen.left) return 'freeze_insufficient';
    frozen.left -= taken;
    this.#putAside(frozen.payee ?? frozen.payer, -taken);
    if (frozen.payee !== undefined) {
      this.#give(frozen.payee, -taken);
      this.#give(frozen.payer, taken);
    }
    return 'ok';
  }

  #unfreezePay({ which, amount, to }: ActionOf<'unfreeze-pay'>): string {
    const frozen = of(this.freezes, which);
    if (!frozen) return 'freeze_not_found';
    const { payer, payee } = frozen;
    if (payee !== undefined && to !== undefined && to !== payee) return 'freeze_payee_differs';
    if (payee === undefined && to === undefined) return 'freeze_payee_required';
    if (to === NOBODY) return 'account_not_found';
    const taken = amount ?? frozen.left;
    if (frozen.left === 0 || taken > frozen.left) return 'freeze_insufficient';
    if (payee === undefined && to === payer) return 'same_account';
    frozen.left -= taken;
    this.#putAside(payee ?? payer, -taken);
    if (payee === undefined && to !== undefined) {
      this.#give(payer, -taken);
      this.#give(to, taken);
    }
    return 'ok';
  }

  #escrow({ from, to, amount, hours, late }: ActionOf<'escrow'>): string {
    if (from === to) return 'escrow_account_refused';
    if (this.#has(from) < amount) return 'insufficient_funds';
    this.#putAside(from, amount);
    const receivers = [
      { at: to, net: 0 },
      { at: MEMBERS - 1, net: 0 },
    ] as const;
    const deadline = hours === undefined ? undefined : this.now + hours * HOUR_MS;
    const order = { buyer: from, receivers, left: amount, deadline, disputedAt: 0, late };
    this.orders.push({ ...order, state: 'held' });
    return 'ok';
  }

  #onOrder(asked: ActionOf<'confirm' | 'refund' | 'dispute' | 'resolve' | 'finish'>): string {
    const order = of(this.orders, asked.which);
    if (!order) return 'escrow_order_not_found';
    switch (asked.do) {
      case 'confirm':
        if (order.state !== 'held') return 'escrow_state_refuses';
        if ((asked.amount ?? 0) > order.left) return 'escrow_remaining_insufficient';
        return this.#split(order, asked.amount ?? order.left);
      case 'refund':
        return this.#refund(order, asked);
      case 'dispute':
        if (order.state !== 'held') return 'escrow_state_refuses';
        order.state = 'disputed';
        order.disputedAt = this.now;
        return 'ok';
      case 'resolve':
        if (order.state !== 'disputed') return 'escrow_state_refuses';
        order.state = 'held';
        if (order.deadline !== undefined) order.deadline += this.now - order.disputedAt;
        return 'ok';
      case 'finish':
        if (order.state === 'finished' || order.state === 'disputed') return 'escrow_state_refuses';
        if (order.left > 0) {
          if (asked.rest === undefined) return 'escrow_rest_undecided';
          this.#end(order, asked.rest);
        }
        order.state = 'finished';
        return 'ok';
    }
  }

  #end(order: Order, how: 'release' | 'refund'): void {
    if (how === 'release') this.#split(order, order.left);
    else this.#giveBack(order, order.left);
  }

  /** 5% to the platform, rounded down; the rest to the seller. */
  #split(order: Order, amount: number): string {
    const [seller, commission] = order.receivers;
    const share = Math.floor((amount * 5) / 100);
    for (const [receiver, part] of [
      [seller, amount - share],
      [commission, share],
    ] as const) {
      receiver.net += part;
      this.#give(receiver.at, part);
    }
    this.#putAside(order.buyer, -amount);
    this.#give(order.buyer, -amount);
    this.#leave(order, amount);
    return 'ok';
  }

  #giveBack(order: Order, amount: number): void {
    this.#putAside(order.buyer, -amount);
    this.#leave(order, amount);
  }

  #leave(order: Order, amount: number): void {
    order.left -= amount;
    if (order.left === 0) order.state = 'settled';
  }

  #refund(order: Order, { amount, source, whenShort }: ActionOf<'refund'>): string {
    if (order.state === 'finished') return 'escrow_state_refuses';
    const held = source === 'receivers' ? 0 : order.left;
    const receivers = source === 'held' ? [] : order.receivers;
    const most = receivers.reduce((sum, { net }) => sum + net, held);
    const wanted = amount ?? most;
    if (wanted === 0 || wanted > most) return 'escrow_refund_exceeds';
    const returned = Math.min(held, wanted);
    let owed = wanted - returned;
    const takes: [Receiver, number][] = [];
    for (const receiver of receivers) {
      const asked = Math.min(receiver.net, owed);
      const has = this.#has(receiver.at);
      if (asked > has && whenShort === 'refuse') return 'insufficient_funds';
      takes.push([receiver, Math.min(asked, has)]);
      owed -= Math.min(asked, has);
    }
    if (owed === wanted) return 'escrow_refund_unfunded';
    for (const [receiver, taken] of takes) {
      receiver.net -= taken;
      this.#give(receiver.at, -taken);
      this.#give(order.buyer, taken);
    }
    if (returned > 0) this.#giveBack(order, returned);
    return 'ok';
  }

  #schedule(asked: ActionOf<'schedule' | 'schedule daily'>): string {
    const { from, to, amount } = asked;
    if (from === to) return 'same_account';
    const isOnce = asked.do === 'schedule';
    const today = dayOf(this.now);
    this.schedules.push({
      ...{ from, to, amount, attempt: 1, retryAt: 0, state: 'active' },
      at: isOnce ? this.now + asked.hours * HOUR_MS : undefined,
      day: today,
      lastDay: isOnce ? today : today + asked.days,
    });
    return 'ok';
  }

  #cancel({ which }: ActionOf<'cancel'>): string {
    const schedule = of(this.schedules, which);
    if (!schedule) return 'schedule_not_found';
    if (schedule.state === 'finished') return 'schedule_finished';
    schedule.state = 'cancelled';
    return 'ok';
  }

  /** Time goes by; then holds expire, scheduled transfers are made, deadlines are kept. */
  #wait({ hours }: ActionOf<'wait'>): string {
    this.now += hours * HOUR_MS;
    for (const hold of this.holds) {
      if (hold.expires === undefined || hold.expires > this.now) continue;
      this.#putAside(hold.at, -hold.left);
      hold.left = 0;
    }
    for (let due = this.#due(); due.length > 0; due = this.#due()) {
      for (const schedule of due) this.#attempt(schedule);
    }
    for (const order of this.orders) {
      const isDue = order.deadline !== undefined && order.deadline <= this.now;
      if (order.state === 'held' && isDue) this.#end(order, order.late);
    }
    return 'ok';
  }

  /** By date, those with an instant last. */
  #due(): Schedule[] {
    const today = dayOf(this.now);
    const isDue = ({ state, at, day, retryAt }: Schedule) =>
      state === 'active' &&
      retryAt <= this.now &&
      (at === undefined ? day <= today : at <= this.now);
    const dateOf = ({ at, day }: Schedule) => (at === undefined ? day : Number.POSITIVE_INFINITY);
    return this.schedules.filter(isDue).sort((a, b) => Math.sign(dateOf(a) - dateOf(b)) || 0);
  }

  #attempt(schedule: Schedule): void {
    const { from, to, amount } = schedule;
    const pause = PAUSES_MS[schedule.attempt - 1];
    if (this.#refusal({ from, to, amount }) && pause !== undefined) {
      schedule.attempt += 1;
      schedule.retryAt = this.now + pause;
      return;
    }
    if (!this.#refusal({ from, to, amount })) {
      this.#give(from, -amount);
      this.#give(to, amount);
    }
    schedule.day += 1;
    schedule.attempt = 1;
    schedule.retryAt = 0;
    if (schedule.at !== undefined || schedule.day > schedule.lastDay) schedule.state = 'finished';
  }

  #has(at: number): number {
    return this.available[at] ?? 0;
  }

  #give(at: number, amount: number): void {
    this.available[at] = this.#has(at) + amount;
  }

  #putAside(at: number, amount: number): void {
    this.#give(at, -amount);
    this.held[at] = (this.held[at] ?? 0) + amount;
  }
}

/** The one that is meant, counted round; undefined when there is none. */
export function of<T>(list: readonly T[], which: number): T | undefined {
  return list[which % Math.max(1, list.length)];
}

/** The date in Shanghai, in days. */
const dayOf = (now: number): number => Math.floor((now + 8 * HOUR_MS) / DAY_MS);
