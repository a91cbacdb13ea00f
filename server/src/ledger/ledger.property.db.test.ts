import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { type LedgerBench, ledgerBench } from '../../test/support/ledger.ts';
import { amount } from '../kernel/amount.ts';
import { businessDate } from '../kernel/business-date.ts';
import { currency } from '../kernel/currency.ts';
import { type Account, type AccountId, accountId } from './core/account.ts';
import { BatchEvaluation } from './core/evaluate.ts';
import { fingerprintOf } from './core/fingerprint.ts';
import { WorkingSet } from './core/working-set.ts';
import { type Answer, type Move, readAccounts, verifyLedger } from './index.ts';

const { url } = await freshDatabase();

// Goal: what the pure core decides is what the database then has, after any sequence of submissions. Method:
// the same sequence goes through the core on plain values and, in batches of any size, through the ledger on
// PostgreSQL; answers and balances must be equal. A hold is named by how many moves ago it was placed, because
// numbers differ between the two.
interface Step {
  readonly id: number;
  readonly moves: readonly AbstractMove[];
}
type AbstractMove =
  | { kind: 'transfer'; debit: number; credit: number; amount: number }
  | { kind: 'hold'; account: number; amount: number }
  | { kind: 'release' | 'capture'; hold: number; credit: number; amount: number | undefined };

const GUARDED = 3;
const anyAccount = fc.integer({ min: 0, max: GUARDED });
const anyAmount = fc.integer({ min: 1, max: 40 });
const move: fc.Arbitrary<AbstractMove> = fc.oneof(
  fc.record({
    kind: fc.constant('transfer' as const),
    debit: anyAccount,
    credit: anyAccount,
    amount: anyAmount,
  }),
  fc.record({ kind: fc.constant('hold' as const), account: anyAccount, amount: anyAmount }),
  fc.record({
    kind: fc.constantFrom('release' as const, 'capture' as const),
    hold: fc.integer({ min: 0, max: 5 }),
    credit: anyAccount,
    amount: fc.option(anyAmount, { nil: undefined }),
  }),
);
const step = fc.record({
  id: fc.integer({ min: 1, max: 200 }),
  moves: fc.array(move, { minLength: 1, maxLength: 3 }),
});

/** One side of the comparison: accounts by index (0 is internal), and the holds it has placed. */
class Side {
  readonly accounts: readonly AccountId[];
  readonly holds: bigint[] = [];
  readonly requests = new Map<number, readonly Move[]>();

  constructor(accounts: readonly AccountId[]) {
    this.accounts = accounts;
  }

  /** A repeated id repeats the same concrete moves, as a client would. */
  concrete({ id, moves }: Step): readonly Move[] {
    const known = this.requests.get(id);
    if (known) return known;
    const made = moves.map((each) => this.#move(each));
    this.requests.set(id, made);
    return made;
  }

  note(moves: readonly Move[], answer: Answer): void {
    if (!answer.accepted || answer.repeated) return;
    for (const [i, each] of moves.entries()) {
      if (each.kind === 'hold') this.holds.push(answer.postings[i]!.moveId);
    }
  }

  #move(each: AbstractMove): Move {
    const id = (index: number) => this.accounts[index]!;
    if (each.kind === 'transfer') {
      const [debit, credit] = [id(each.debit), id(each.credit)];
      return { kind: 'transfer', code: 'payment', debit, credit, amount: amount(each.amount) };
    }
    if (each.kind === 'hold') {
      return {
        kind: 'hold',
        account: id(each.account),
        amount: amount(each.amount),
        reason: 'test',
      };
    }
    const hold = this.holds.at(-1 - each.hold) ?? 1n;
    const taken = each.amount === undefined ? undefined : amount(each.amount);
    return each.kind === 'release'
      ? { kind: 'release', hold, amount: taken }
      : { kind: 'capture', code: 'payment', hold, credit: id(each.credit), amount: taken };
  }
}

/** An answer without what two runs may differ in: numbers and moments. */
function essence(answer: Answer): unknown {
  if (!answer.accepted) {
    const { code } = answer.refusal;
    const shortfall = 'shortfall' in answer.refusal ? answer.refusal.shortfall : undefined;
    return { code, shortfall, moveIndex: answer.moveIndex, repeated: answer.repeated };
  }
  const postings = answer.postings.map(({ transfer, holdEvent }) => ({
    transfer: transfer && [transfer.amount, transfer.debit.after, transfer.credit.after],
    holdEvent: holdEvent && [
      holdEvent.kind,
      holdEvent.amount,
      holdEvent.remaining,
      holdEvent.after,
    ],
  }));
  return { postings, repeated: answer.repeated };
}

function pureRun(steps: readonly Step[]): { answers: Answer[]; balances: unknown } {
  const common = { currency: currency('CNY'), mainAccountId: 1n };
  const ids = Array.from({ length: GUARDED + 1 }, (_, i) => accountId(BigInt(i + 1)));
  const accounts = ids.map(
    (id, i): Account =>
      i === 0
        ? { ...common, id, guarded: false }
        : {
            ...{ ...common, id, guarded: true, state: 'open', balance: 50n, held: 0n },
            ...{ overdraftLimit: 0n, frozen: 0n, lastMoveId: 0n },
          },
  );
  const set = new WorkingSet({ accounts });
  const booking = {
    ...{ instant: new Date(0), businessDate: businessDate('2026-03-02'), firstMoveId: 1_000_000n },
    rulesVersion: 0n,
  };
  const evaluation = new BatchEvaluation(set, { known: new Map(), booking });
  const side = new Side(ids);
  const answers = steps.map((each) => {
    const moves = side.concrete(each);
    const request = { requestId: `r${each.id}`, moves, fingerprint: fingerprintOf(moves) };
    const answer = evaluation.decide([request])[0]!;
    side.note(moves, answer);
    return answer;
  });
  const balances = ids.slice(1).map((id) => {
    const account = set.account(id);
    return account?.guarded ? [account.balance, account.held] : undefined;
  });
  return { answers, balances };
}

async function databaseRun(bench: LedgerBench, run: number, steps: readonly Step[], batch: number) {
  const guarded = await Promise.all(
    Array.from({ length: GUARDED }, () => bench.open({ available: 50n })),
  );
  const side = new Side([bench.bank, ...guarded]);
  const answers: Answer[] = [];
  for (let i = 0; i < steps.length; i += batch) {
    const submitted = steps.slice(i, i + batch).map((each) => {
      const moves = side.concrete(each);
      const requestId = `run-${run}-${each.id}`;
      return {
        moves,
        answer: bench.ledger.submit({ platformId: bench.platformId, requestId, moves }),
      };
    });
    for (const { moves, answer } of submitted) {
      answers.push(await answer);
      side.note(moves, answers.at(-1)!);
    }
  }
  const now = await readAccounts(bench.database.db, bench.platformId, guarded);
  const balances = guarded.map((id) => [now.get(id)?.balance, now.get(id)?.held]);
  return { answers, balances };
}

test('the database has what the pure core decides, after any sequence', async () => {
  const bench = await ledgerBench(url);
  afterAll(() => bench.close());
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const pure = pureRun(steps);
      const stored = await databaseRun(bench, ++run, steps, 1);
      expect(stored.answers.map(essence)).toEqual(pure.answers.map(essence));
      expect(stored.balances).toEqual(pure.balances);
    }),
    { numRuns: 60 },
  );
  const results = await verifyLedger(bench.database.db, bench.platformId);
  expect(results.flatMap(({ findings }) => findings)).toEqual([]);
});

test('batches of any size answer as one by one', async () => {
  const bench = await ledgerBench(url);
  afterAll(() => bench.close());
  let run = 0;
  const transfers = fc.array(
    step
      .map(({ id, moves }) => ({ id, moves: moves.filter(({ kind }) => kind === 'transfer') }))
      .filter(({ moves }) => moves.length > 0),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(transfers, fc.integer({ min: 2, max: 60 }), async (steps, batch) => {
      const pure = pureRun(steps);
      const stored = await databaseRun(bench, ++run, steps, batch);
      expect(stored.answers.map(essence)).toEqual(pure.answers.map(essence));
      expect(stored.balances).toEqual(pure.balances);
    }),
    { numRuns: 60 },
  );
});
