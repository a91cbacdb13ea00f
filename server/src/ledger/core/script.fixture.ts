import { expect } from 'vitest';
import { amount } from '../../kernel/amount.ts';
import { businessDate } from '../../kernel/business-date.ts';
import { currency } from '../../kernel/currency.ts';
import { parseDecimal } from '../../kernel/decimal.ts';
import { moveIdAt } from '../../kernel/id.ts';
import { type Account, type AccountId, accountId, accountState } from './account.ts';
import { BatchEvaluation } from './evaluate.ts';
import type { Move } from './move.ts';
import type { Answer, PostedTransfer } from './outcome.ts';
import { type Original, WorkingSet } from './working-set.ts';

const INSTANT = new Date('2026-03-02T01:00:00Z');
const FIRST_MOVE = moveIdAt(INSTANT);

/**
 * Runs a ledger script that finance can read, and compares each answer and the balances beside it:
 *
 *     account  alice  100.00  [state] [overdraft 5.00] [frozen 80.00] [currency USD] [main 2]
 *     internal fees
 *     transfer alice bob 60.00   ok   alice 40.00  bob 60.00
 *     hold     alice 10.00 as h1 [owner o1] [expires 2026-03-02T00:00:00Z]   ok   alice 30.00/10.00
 *     release  h1 [4.00] [owner o1]        ok
 *     capture  h1 bob [5.00] [owner o1]    hold_expired
 *     later    1000                        # milliseconds
 *     reverse  1                           already_reversed        # the first move of the script that paid
 *
 * Balances are available, or available/held.
 */
export function check(script: string): void {
  const run = new Script();
  for (const line of script.split('\n')) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/);
    if (words[0]) run.line(words, line.trim());
  }
}

class Script {
  readonly #accounts: Account[] = [];
  readonly #names = new Map<string, AccountId>();
  readonly #holds = new Map<string, bigint>();
  readonly #paid: Original[] = [];
  #set: WorkingSet | undefined;
  #requests = 0;
  #instant = INSTANT;

  line(words: readonly string[], text: string): void {
    const [verb = '', ...rest] = words;
    if (verb === 'later') this.#instant = new Date(this.#instant.getTime() + Number(rest[0]));
    else if (verb === 'account' || verb === 'internal') this.#declare(verb === 'account', rest);
    else this.#perform(verb, rest, text);
  }

  #declare(guarded: boolean, [name = '', balance = '0', ...rest]: readonly string[]): void {
    const option = (key: string) => (rest.includes(key) ? rest[rest.indexOf(key) + 1] : undefined);
    const id = accountId(BigInt(this.#names.size + 1));
    this.#names.set(name, id);
    const common = {
      id,
      currency: currency(option('currency') ?? 'CNY'),
      mainAccountId: BigInt(option('main') ?? 1),
    };
    if (!guarded) this.#accounts.push({ ...common, guarded });
    else {
      const state = rest.find((word) => /open|stopped|closed/.test(word)) ?? 'open';
      this.#accounts.push({
        ...common,
        guarded,
        state: accountState(state),
        balance: fen(balance),
        held: 0n,
        overdraftLimit: fen(option('overdraft') ?? '0'),
        frozen: fen(option('frozen') ?? '0'),
        lastMoveId: 0n,
      });
    }
  }

  #perform(verb: string, rest: readonly string[], text: string): void {
    const at = rest.findIndex((word) => word === 'ok' || /^[a-z]+(_[a-z]+)+$/.test(word));
    const [expected = '', ...balances] = rest.slice(at);
    const answer = this.#submit(this.#move(verb, rest.slice(0, at)), rest.slice(0, at));
    expect(answer.accepted ? 'ok' : answer.refusal.code, text).toBe(expected);
    for (let i = 0; i < balances.length; i += 2) {
      expect(this.#balance(balances[i] ?? ''), `${text}: ${balances[i]}`).toBe(
        balances[i + 1]?.includes('/') ? balances[i + 1] : `${balances[i + 1]}/0.00`,
      );
    }
  }

  /** Each line is a batch of its own, on what the lines before it have left. */
  #submit(move: Move, words: readonly string[]): Answer {
    const set = new WorkingSet({
      accounts: this.#accounts.map((account) => this.#set?.account(account.id) ?? account),
      holds: Array.from(this.#holds.values(), (id) => this.#set?.hold(id)).filter(
        (h) => h !== undefined,
      ),
      originals: this.#paid,
    });
    const firstMoveId = FIRST_MOVE + BigInt(++this.#requests);
    const booking = {
      instant: this.#instant,
      businessDate: businessDate('2026-03-02'),
      firstMoveId,
      rulesVersion: 0n,
    };
    const evaluation = new BatchEvaluation(set, { known: new Map(), booking });
    const requestId = `r${this.#requests}`;
    const [answer] = evaluation.decide([{ requestId, moves: [move], fingerprint: '' }]);
    if (!answer) throw new Error('no answer');
    this.#set = set;
    const posting = answer.accepted ? answer.postings[0] : undefined;
    if (posting && move.kind === 'hold')
      this.#holds.set(words[words.indexOf('as') + 1] ?? '', posting.moveId);
    if (posting?.transfer) this.#remember(posting.moveId, posting.transfer);
    return answer;
  }

  #remember(transferId: bigint, { debit, credit, amount: paid, reverses }: PostedTransfer): void {
    const reversed = this.#paid.findIndex((each) => each.transferId === reverses);
    const original = this.#paid[reversed];
    if (original) this.#paid[reversed] = { ...original, reversedBy: transferId };
    const sides = { debit: debit.account, credit: credit.account };
    this.#paid.push({ transferId, ...sides, amount: paid, reversedBy: undefined });
  }

  #move(verb: string, words: readonly string[]): Move {
    const option = (key: string) =>
      words.includes(key) ? words[words.indexOf(key) + 1] : undefined;
    const [first = '', second = '', third = ''] = words;
    const owner = option('owner');
    const optionalAmount = (text: string) =>
      /^[\d.]+$/.test(text) ? amount(fen(text)) : undefined;
    switch (verb) {
      case 'transfer': {
        const [debit, credit] = [this.#id(first), this.#id(second)];
        return { kind: 'transfer', code: 'payment', debit, credit, amount: amount(fen(third)) };
      }
      case 'hold': {
        const expires = option('expires');
        const expiresAt = expires ? new Date(expires) : undefined;
        const account = this.#id(first);
        return {
          kind: 'hold',
          account,
          amount: amount(fen(second)),
          reason: 'test',
          owner,
          expiresAt,
        };
      }
      case 'release':
        return { kind: 'release', hold: this.#hold(first), amount: optionalAmount(second), owner };
      case 'capture': {
        const [hold, credit] = [this.#hold(first), this.#id(second)];
        return {
          kind: 'capture',
          code: 'payment',
          hold,
          credit,
          amount: optionalAmount(third),
          owner,
        };
      }
      case 'reverse': {
        const original = this.#paid[Number(first) - 1];
        return { kind: 'reversal', code: 'reversal', transfer: original?.transferId ?? 1n };
      }
      default:
        throw new Error(`a script knows no ${verb}`);
    }
  }

  #id(name: string): AccountId {
    return this.#names.get(name) ?? accountId(999n);
  }

  #hold(name: string): bigint {
    return this.#holds.get(name) ?? 999n;
  }

  #balance(name: string): string {
    const account = this.#set?.account(this.#id(name));
    if (!account?.guarded) throw new Error(`${name} has no balance`);
    return `${yuan(account.balance - account.held)}/${yuan(account.held)}`;
  }
}

function fen(text: string): bigint {
  const parsed = parseDecimal(text, currency('CNY'));
  if (!parsed.ok) throw new Error(`not an amount: ${text}`);
  return parsed.minorUnits;
}

function yuan(minorUnits: bigint): string {
  const sign = minorUnits < 0n ? '-' : '';
  const digits = (minorUnits < 0n ? -minorUnits : minorUnits).toString().padStart(3, '0');
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
