import { type Database, openDatabase } from '../../../src/db/database.ts';
import { businessDate } from '../../../src/kernel/business-date.ts';
import { currency } from '../../../src/kernel/currency.ts';
import {
  type AccountState,
  type Answer,
  accountId,
  changeAccount,
  expireHolds,
  foldInternal,
  type Ledger,
  openAccount,
  openLedger,
  readAccounts,
  rollDay,
} from '../../../src/ledger/index.ts';
import { verifyLedger } from '../../../src/ledger/verify.ts';
import { openPlatform } from '../../../src/platforms/index.ts';
import { FakeClock } from '../../support/fakes.ts';
import { Dice } from '../dice.ts';
import { Violations } from '../violations.ts';
import { answerText, expectedText, movesText, postingText, refusalText } from './answer-text.ts';
import { type Expected, LedgerModel, type ModelMove, refusalOfChange } from './ledger-model.ts';
import { randomMoves, toMove } from './moves.ts';
import { PastBalances } from './past-balances.ts';

const PLATFORM = 1n;
/** A group is submitted at once, and is decided in the order in which it was submitted. */
const MAX_GROUP = 16;
const MEMBERS = 8;
/** Moves of one group may be numbered a little ahead of the clock: by less than this. */
const NUMBERS_AHEAD_MS = 10;
/** Old holds and transfers are forgotten by the dice, so that a long run stays quick. */
const REMEMBERED = 60;
const STATES: readonly AccountState[] = ['open', 'debit_stopped', 'credit_stopped', 'stopped'];

interface Asked {
  readonly requestId: string;
  readonly moves: readonly ModelMove[];
}
/** The outcome of a run: what disagreed, and how much was compared. */
export interface ModelOutcome {
  readonly steps: number;
  readonly refused: number;
  readonly repeated: number;
  readonly violations: readonly string[];
}

/**
 * Does the same random things with the ledger, through a real database, and with the model, and compares
 * every answer, refusal, balance and past balance. `url` is a migrated database without platforms.
 */
export async function runModel(
  url: string,
  { seed, steps }: { seed: number; steps: number },
): Promise<ModelOutcome> {
  const database = await openDatabase({ url });
  try {
    const run = new ModelRun(database, seed);
    await run.open();
    while (run.steps < steps && run.violations.none) await run.group();
    await run.compareAll();
    await run.verify();
    const { refused, repeated, violations } = run;
    return { steps: run.steps, refused, repeated, violations: violations.list };
  } finally {
    await database.close();
  }
}

class ModelRun {
  readonly violations = new Violations();
  steps = 0;
  refused = 0;
  repeated = 0;
  readonly #model = new LedgerModel();
  readonly #clock = new FakeClock();
  readonly #dice: Dice;
  readonly #database: Database;
  readonly #ledger: Ledger;
  readonly #answered = new Map<string, { asked: Asked; text: string }>();
  readonly #past: PastBalances;
  #date = businessDate('2026-03-02');

  constructor(database: Database, seed: number) {
    this.#dice = new Dice(seed);
    this.#database = database;
    this.#past = new PastBalances(database.db, PLATFORM, this.#dice);
    this.#ledger = openLedger({ database, clock: this.#clock });
  }

  async open(): Promise<void> {
    const { db } = this.#database;
    const platform = { platformId: PLATFORM, name: 'Model', timeZone: 'UTC', sandbox: true };
    await openPlatform({ db, clock: this.#clock }, platform);
    // Members under one main account, one under another, one in another currency, and two internal accounts.
    for (let i = 0; i < MEMBERS; i += 1) {
      await this.#open({ guarded: true, limit: i === 0 ? 500n : 0n });
    }
    await this.#open({ guarded: true, main: 2n });
    await this.#open({ guarded: true, code: 'USD' });
    await this.#open({ guarded: false });
    await this.#open({ guarded: false });
  }

  async #open(wanted: { guarded: boolean; main?: bigint; code?: string; limit?: bigint }) {
    const { guarded, main = 1n, code = 'CNY', limit = 0n } = wanted;
    const account = {
      mainAccountId: main,
      purpose: 'model',
      guarded,
      currency: currency(code),
      overdraftLimit: limit,
    };
    const openedAt = this.#clock.now();
    const id = await openAccount(this.#database.db, PLATFORM, { account, openedAt });
    this.#model.accounts.set(id, {
      ...{ guarded, currency: code, main, limit },
      ...{ state: 'open', balance: 0n, held: 0n },
    });
  }

  /** One group of submissions, then perhaps something else that happens to a ledger. */
  async group(): Promise<void> {
    this.#clock.advance(this.#dice.between(50, 2_000));
    const asked = Array.from({ length: this.#dice.between(1, MAX_GROUP) }, () => this.#ask());
    const answers = await Promise.all(asked.map((each) => this.#submit(each)));
    // The model decides after the ledger has answered, but in the order in which it was asked.
    const expected = asked.map((each) => this.#expect(each));
    for (const [i, { done }] of expected.entries()) this.#learn(done, answers[i]);
    for (const [i, each] of asked.entries()) this.#compare(each, expected[i], answers[i]);
    this.steps += asked.length;
    this.#forget();
    await this.#somethingElse();
    this.#past.remember(this.#clock.advance(NUMBERS_AHEAD_MS), this.#balances());
  }

  #submit({ requestId, moves }: Asked): Promise<Answer> {
    return this.#ledger.submit({ platformId: PLATFORM, requestId, moves: moves.map(toMove) });
  }

  #ask(): Asked {
    const moves = randomMoves(this.#dice, this.#model, this.#clock.now());
    const known = [...this.#answered.keys()];
    if (known.length === 0 || !this.#dice.percent(8)) {
      return { requestId: `model-${this.steps}-${this.#dice.below(1e9)}`, moves };
    }
    const requestId = this.#dice.pick(known);
    const same = this.#answered.get(requestId)?.asked.moves;
    return { requestId, moves: same && this.#dice.percent(70) ? same : moves };
  }

  #expect(asked: Asked): { done?: Expected; repeats?: string } {
    const before = this.#answered.get(asked.requestId);
    if (!before) return { done: this.#model.submit(asked.moves, this.#clock.now()) };
    const same = movesText(before.asked.moves) === movesText(asked.moves);
    return { repeats: same ? before.text : refusalText(0, { code: 'request_id_reused' }) };
  }

  #learn(done: Expected | undefined, answer: Answer | undefined): void {
    if (!done?.accepted || !answer?.accepted) return;
    for (const [i, each] of done.done.entries()) {
      const posting = answer.postings[i];
      if (posting) this.#model.learn(each, posting.moveId);
    }
  }

  #compare(
    asked: Asked,
    expected: { done?: Expected; repeats?: string } | undefined,
    answer?: Answer,
  ): void {
    if (!answer || !expected) throw new Error('a submission has an answer');
    const { done, repeats } = expected;
    const text = answerText(answer);
    if (!answer.accepted) this.refused += 1;
    const story = () => `${asked.requestId} ${movesText(asked.moves)}`;
    if (repeats !== undefined) {
      this.repeated += 1;
      this.violations.check(
        text === repeats,
        () => `${story()}\n  repeat ${text}\n  first ${repeats}`,
      );
      return;
    }
    this.#answered.set(asked.requestId, { asked, text });
    const actual = answer.accepted ? answer.postings.map(postingText).join('\n') : text;
    const wanted = done && expectedText(done);
    this.violations.check(
      actual === wanted,
      () => `${story()}\n  ledger ${actual}\n  model  ${wanted}`,
    );
    if (answer.accepted) this.violations.equal('business date', answer.businessDate, this.#date);
  }

  async #somethingElse(): Promise<void> {
    const { db } = this.#database;
    const chance = this.#dice.below(100);
    if (chance < 20) await foldInternal(db, PLATFORM);
    else if (chance < 40) await this.#changeAccount();
    else if (chance < 55) await this.#expire();
    else if (chance < 62) await this.#roll();
    else if (chance < 80) await this.compareAll();
    else if (chance < 95) await this.#comparePast();
  }

  async #changeAccount(): Promise<void> {
    const members = [...this.#model.accounts].filter(([, { guarded }]) => guarded);
    const [id] = this.#dice.pick(members);
    const account = this.#model.accounts.get(id);
    if (!account) throw new Error('the account is known');
    // Closing is for ever, so it is rare; overdrafts now and then.
    const closing = this.#dice.percent(5);
    const state = closing ? 'closed' : this.#dice.percent(75) ? 'open' : this.#dice.pick(STATES);
    const limit = this.#dice.percent(30) ? BigInt(this.#dice.below(600)) : account.limit;
    const outcome = await changeAccount(this.#database.db, PLATFORM, accountId(id), {
      state,
      overdraftLimit: limit,
      at: this.#clock.now(),
    });
    const refusal = refusalOfChange(account, state, limit);
    this.violations.equal(`change of account ${id}`, outcome.refusal?.code, refusal);
    if (!refusal) Object.assign(account, { state, limit });
    const open = members.filter(([, each]) => each.state !== 'closed').length;
    if (open < MEMBERS) await this.#open({ guarded: true });
  }

  async #expire(): Promise<void> {
    const now = this.#clock.now();
    const due = [...this.#model.holds.values()].filter(
      ({ remaining, expiresAt }) => remaining > 0n && expiresAt && expiresAt <= now,
    );
    for (const hold of due) {
      const account = this.#model.accounts.get(hold.account);
      if (account) account.held -= hold.remaining;
      hold.remaining = 0n;
    }
    const deps = { db: this.#database.db, ledger: this.#ledger, clock: this.#clock };
    this.violations.equal('holds expired', await expireHolds(deps, PLATFORM), due.length);
  }

  async #roll(): Promise<void> {
    const at = this.#clock.advance(NUMBERS_AHEAD_MS);
    const next = businessDate(
      new Date(Date.parse(this.#date) + 86_400_000).toISOString().slice(0, 10),
    );
    const rolled = await rollDay(this.#database.db, PLATFORM, { next, at });
    this.violations.equal('the day rolled', rolled, true);
    this.#past.closed(this.#date, { at, balances: this.#balances() });
    this.#date = next;
  }

  /** Every balance, hold and state as it is now. */
  async compareAll(): Promise<void> {
    const ids = [...this.#model.accounts.keys()].map(accountId);
    const now = await readAccounts(this.#database.db, PLATFORM, ids);
    for (const [id, { balance, held, state, limit }] of this.#model.accounts) {
      const found = now.get(accountId(id));
      const actual = `${found?.balance} ${found?.held} ${found?.state} ${found?.overdraftLimit}`;
      this.violations.equal(`account ${id} now`, actual, `${balance} ${held} ${state} ${limit}`);
    }
  }

  async #comparePast(): Promise<void> {
    const id = this.#dice.pick([...this.#model.accounts.keys()]);
    const guarded = this.#model.accounts.get(id)?.guarded ?? false;
    await this.#past.compare({ accountId: accountId(id), guarded }, this.violations);
  }

  #balances(): Map<bigint, string> {
    return new Map(
      Array.from(this.#model.accounts, ([id, { balance, held }]) => [id, `${balance} ${held}`]),
    );
  }

  #forget(): void {
    for (const [id, { remaining }] of this.#model.holds) {
      if (this.#model.holds.size <= REMEMBERED) break;
      if (remaining === 0n) this.#model.holds.delete(id);
    }
    for (const map of [this.#model.transfers, this.#answered]) {
      for (const key of map.keys()) {
        if (map.size <= REMEMBERED) break;
        (map as Map<unknown, unknown>).delete(key);
      }
    }
  }

  async verify(): Promise<void> {
    for (const { findings } of await verifyLedger(this.#database.db, PLATFORM)) {
      for (const { check, subject, detail } of findings)
        this.violations.add(`verify, ${check}: ${subject}: ${detail}`);
    }
  }
}
