import fc from 'fast-check';
import { expect, test } from 'vitest';
import { amount } from '../../kernel/amount.ts';
import { businessDate } from '../../kernel/business-date.ts';
import { currency } from '../../kernel/currency.ts';
import { type Account, type AccountId, accountId, accountState } from './account.ts';
import { BatchEvaluation, type Fingerprinted } from './evaluate.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Move } from './move.ts';
import type { Answer } from './outcome.ts';
import { type Hold, WorkingSet } from './working-set.ts';

// Few accounts and small sums on purpose: moves then collide, run dry, and refuse as often as they pass.
const FEES = accountId(9n);
const FIRST_MOVE = 1_000_000n;
const INSTANT = new Date('2026-03-02T01:00:00Z');
const booking = {
  instant: INSTANT,
  businessDate: businessDate('2026-03-02'),
  firstMoveId: FIRST_MOVE,
  rulesVersion: 0n,
};
const common = { currency: currency('CNY'), mainAccountId: 1n };

const guarded = fc
  .record({
    state: fc
      .constantFrom('open', 'open', 'open', 'debit_stopped', 'credit_stopped')
      .map(accountState),
    balance: fc.bigInt(0n, 60n),
    overdraftLimit: fc.constantFrom(0n, 0n, 5n),
    frozen: fc.constantFrom(0n, 0n, 30n, 200n),
  })
  .map((account) => ({ ...common, ...account, guarded: true as const, held: 0n, lastMoveId: 0n }));
const accounts = fc
  .tuple(guarded, guarded, guarded)
  .map((list): Account[] => [
    ...list.map((account, i) => ({ ...account, id: accountId(BigInt(i + 1)) })),
    { ...common, id: FEES, guarded: false },
  ]);

const anyAccount = fc.constantFrom(1n, 2n, 3n, 9n, 4n).map(accountId);
const anyAmount = fc.integer({ min: 1, max: 40 }).map(amount);
// A hold is named by the number of its move: small offsets hit the holds that earlier moves have placed.
const anyHold = fc.bigInt(0n, 25n).map((offset) => FIRST_MOVE + offset);
const owner = fc.constantFrom(undefined, undefined, 'shop');
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant('transfer' as const),
    code: fc.constant('payment'),
    ...{ debit: anyAccount, credit: anyAccount, amount: anyAmount },
  }),
  fc.record({
    kind: fc.constant('hold' as const),
    reason: fc.constant('test'),
    ...{ account: anyAccount, amount: anyAmount, owner },
  }),
  fc.record({
    kind: fc.constant('release' as const),
    ...{ hold: anyHold, amount: fc.option(anyAmount, { nil: undefined }), owner },
  }),
  fc.record({
    kind: fc.constant('capture' as const),
    code: fc.constant('payment'),
    ...{ hold: anyHold, credit: anyAccount, owner },
    amount: fc.option(anyAmount, { nil: undefined }),
  }),
);
const submission = fc
  .record({
    id: fc.integer({ min: 1, max: 60 }),
    moves: fc.array(move, { minLength: 1, maxLength: 4 }),
  })
  .map(
    ({ id, moves }): Fingerprinted => ({
      ...{ requestId: `r${id}`, moves },
      fingerprint: fingerprintOf(moves),
    }),
  );
const submissions = fc.array(submission, { maxLength: 60 });

interface Run {
  readonly set: WorkingSet;
  readonly answers: readonly Answer[];
}

function run(
  start: readonly Account[],
  batch: readonly Fingerprinted[],
  piece = batch.length,
): Run {
  const set = new WorkingSet({ accounts: start });
  const evaluation = new BatchEvaluation(set, { known: new Map(), booking });
  const answers: Answer[] = [];
  for (let i = 0; i < batch.length; i += Math.max(piece, 1)) {
    answers.push(...evaluation.decide(batch.slice(i, i + Math.max(piece, 1))));
  }
  return { set, answers };
}

const guardedOf = (set: WorkingSet) =>
  [1n, 2n, 3n]
    .map((id) => set.account(accountId(id)))
    .filter((account) => account?.guarded === true);
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const total = (set: WorkingSet) => sum(guardedOf(set).map(({ balance }) => balance));
const deltaOf = (set: WorkingSet, id: AccountId) => new Map(set.deltas()).get(id) ?? 0n;

test('no run of moves makes, loses, or overdraws a fen, and holds never exceed what is held', () => {
  fc.assert(
    fc.property(accounts, submissions, (start, batch) => {
      const before = total(new WorkingSet({ accounts: start }));
      const { set } = run(start, batch);
      expect(total(set) + deltaOf(set, FEES)).toBe(before);
      const holds = set.changedHolds();
      for (const { id, balance, held, overdraftLimit } of guardedOf(set)) {
        expect(balance - held >= -overdraftLimit).toBe(true);
        const own = holds.filter(({ account }) => account === id);
        expect(sum(own.map(({ remaining }) => remaining))).toBe(held);
      }
      for (const { remaining, amount: placed } of holds) {
        expect(remaining >= 0n && remaining <= placed).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});

test('a submission is done whole or leaves nothing', () => {
  fc.assert(
    fc.property(accounts, submissions, (start, batch) => {
      const { answers } = run(start, batch);
      // The same run without the submissions that were refused must end in the same place.
      const kept = batch.filter((_, i) => answers[i]?.accepted);
      const whole = run(start, batch).set;
      const without = run(start, kept).set;
      expect(guardedOf(without)).toEqual(guardedOf(whole));
      expect(without.deltas()).toEqual(whole.deltas());
      expect(stripped(without)).toEqual(stripped(whole));
    }),
    { numRuns: 2000 },
  );
});

const stripped = (set: WorkingSet): Hold[] =>
  set.changedHolds().toSorted((a, b) => Number(a.holdId - b.holdId));

test('a repeat gets the same answer, other content under the id is told so', () => {
  fc.assert(
    fc.property(accounts, submissions, (start, batch) => {
      const { answers } = run(start, batch);
      const first = new Map<string, { fingerprint: string; answer: Answer }>();
      for (const [i, { requestId, fingerprint }] of batch.entries()) {
        const answer = answers[i];
        if (!answer) throw new Error('no answer');
        const before = first.get(requestId);
        if (!before) first.set(requestId, { fingerprint, answer });
        else if (before.fingerprint === fingerprint) {
          expect(answer).toEqual({ ...before.answer, repeated: true });
        } else expect(answer).toMatchObject({ refusal: { code: 'request_id_reused' } });
      }
    }),
    { numRuns: 2000 },
  );
});

test('pieces decide as the whole does', () => {
  fc.assert(
    fc.property(accounts, submissions, fc.integer({ min: 1, max: 7 }), (start, batch, piece) => {
      expect(run(start, batch, piece).answers).toEqual(run(start, batch).answers);
    }),
    { numRuns: 500 },
  );
});

test('numbers of accepted moves follow one another without a gap', () => {
  fc.assert(
    fc.property(accounts, submissions, (start, batch) => {
      const { answers } = run(start, batch);
      const ids = answers.flatMap((answer) =>
        answer.accepted && !answer.repeated ? answer.postings.map(({ moveId }) => moveId) : [],
      );
      expect(ids).toEqual(ids.map((_, i) => FIRST_MOVE + BigInt(i)));
    }),
    { numRuns: 500 },
  );
});
