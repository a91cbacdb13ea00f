import { amount } from '../../../src/kernel/amount.ts';
import { accountId, type Move } from '../../../src/ledger/index.ts';
import type { Dice } from '../dice.ts';
import type { LedgerModel, ModelMove, Name } from './ledger-model.ts';

const MAX_AMOUNT = 2n ** 53n - 1n;
const OWNERS = [undefined, 'escrow', 'shop'] as const;
const UNKNOWN = 999_999n;

/**
 * Throws the dice for moves that collide: few accounts, small sums, holds that run out, accounts that are
 * stopped or do not exist, and now and then the largest amount that there is.
 */
export function randomMoves(dice: Dice, model: LedgerModel, now: Date): ModelMove[] {
  const count = dice.percent(75) ? 1 : dice.between(2, 4);
  const reversed = new Set<bigint>();
  return Array.from({ length: count }, () => {
    const move = randomMove(dice, model, now);
    // Twice in one submission, the refusal would name a reversal that is then undone and never was.
    if (move.kind !== 'reversal' || !reversed.has(move.transfer)) {
      if (move.kind === 'reversal') reversed.add(move.transfer);
      return move;
    }
    return { kind: 'release', hold: UNKNOWN };
  });
}

function randomMove(dice: Dice, model: LedgerModel, now: Date): ModelMove {
  const names = [...model.accounts.keys()];
  // Most pairs are of one main account and currency, else nearly everything would be refused for that.
  const plain = names.filter((name) => isPlain(model, name));
  const account = (): Name => {
    if (dice.percent(1)) return UNKNOWN;
    return dice.pick(dice.percent(95) ? plain : names);
  };
  const some = () => BigInt(dice.between(1, 400));
  const owner = dice.pick(OWNERS);
  const throwOf = dice.below(100);
  if (throwOf < 45 || (throwOf >= 75 && model.holds.size === 0)) {
    const debit = account();
    const large = model.accounts.get(debit)?.guarded === false && dice.percent(1);
    return {
      kind: 'transfer',
      code: 'payment',
      debit,
      credit: account(),
      amount: large ? MAX_AMOUNT : some(),
      ...(dice.percent(50) ? { reference: `order-${dice.below(1000)}` } : {}),
    };
  }
  if (throwOf < 65) {
    const expiresAt = dice.percent(40) && new Date(now.getTime() + dice.between(1, 5_000));
    return {
      kind: 'hold',
      account: account(),
      amount: some(),
      reason: 'model',
      ...(owner ? { owner } : {}),
      ...(expiresAt ? { expiresAt } : {}),
    };
  }
  if (throwOf < 75) {
    const known = [...model.transfers.keys()];
    const transfer = known.length === 0 || dice.percent(3) ? UNKNOWN : dice.pick(known);
    return { kind: 'reversal', code: 'reversal', transfer };
  }
  return useOfHold(dice, model, { capture: throwOf < 88, credit: account(), part: some() });
}

function isPlain(model: LedgerModel, name: Name): boolean {
  const account = model.accounts.get(name);
  return account?.main === 1n && account.currency === 'CNY' && account.state !== 'closed';
}

function useOfHold(
  dice: Dice,
  model: LedgerModel,
  { capture, credit, part }: { capture: boolean; credit: Name; part: bigint },
): ModelMove {
  const all = [...model.holds.keys()];
  const alive = all.filter((id) => (model.holds.get(id)?.remaining ?? 0n) > 0n);
  const hold = dice.percent(2)
    ? UNKNOWN
    : dice.pick(alive.length > 0 && dice.percent(80) ? alive : all);
  const theirs = model.holds.get(hold)?.owner;
  const owner = dice.percent(95) ? theirs : 'somebody else';
  const options = {
    hold,
    ...(dice.percent(60) ? { amount: part / 2n + 1n } : {}),
    ...(owner ? { owner } : {}),
  };
  return capture
    ? { kind: 'capture', code: 'payment', credit, ...options }
    : { kind: 'release', ...options };
}

/** The same move in the words of the ledger. */
export function toMove(move: ModelMove): Move {
  switch (move.kind) {
    case 'transfer': {
      const { debit, credit, amount: sum } = move;
      return { ...move, debit: accountId(debit), credit: accountId(credit), amount: amount(sum) };
    }
    case 'hold':
      return { ...move, account: accountId(move.account), amount: amount(move.amount) };
    case 'release':
      return { ...move, amount: optional(move.amount) };
    case 'capture':
      return { ...move, credit: accountId(move.credit), amount: optional(move.amount) };
    case 'reversal':
      return move;
  }
}

const optional = (sum: bigint | undefined) => (sum === undefined ? undefined : amount(sum));
