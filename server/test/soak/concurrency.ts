import { checkBook } from './book.ts';
import { Dice } from './dice.ts';
import { type Door, sameAnswer, type Told } from './door.ts';
import { type Operation, Operations } from './operations.ts';
import { Violations } from './violations.ts';
import type { World } from './world.ts';

/** What a run came to. */
export interface ConcurrencyOutcome {
  readonly asked: number;
  readonly accepted: number;
  readonly refused: number;
  readonly repeated: number;
  readonly reused: number;
  readonly seconds: number;
  readonly violations: readonly string[];
}

const RECENT = 500;
/** In a hundred requests: asked of both servers at once; repeated at the other one; repeated, changed. */
const TWICE = 4;
const REPEATED = 5;
const CHANGED = 2;

interface Asked {
  readonly key: string;
  readonly operation: Operation;
  readonly told: Told;
}

/**
 * Many clients at two servers on one database, over the same accounts. Every answer must be in the ledger
 * exactly once and nothing else may be; a repeat must get the first answer, whichever server it comes to.
 */
export async function runConcurrency(options: {
  readonly doors: readonly [Door, Door];
  readonly world: World;
  /** As the owner, for looking at the tables afterwards. */
  readonly adminUrl: string;
  readonly clients: number;
  readonly requests: number;
  readonly seed: number;
}): Promise<ConcurrencyOutcome> {
  const { world, adminUrl, clients, requests, seed } = options;
  const run = new ConcurrencyRun(options);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: clients }, (_, i) => run.client(new Dice(seed * 1000 + i), requests)),
  );
  const seconds = Math.round((performance.now() - started) / 1000);
  const { answers, violations, repeated, reused } = run;
  await checkBook(adminUrl, { platformId: world.platformId, answers }, violations);
  const accepted = [...answers.values()].filter(({ kind }) => kind === 'accepted').length;
  return {
    ...{
      asked: answers.size,
      accepted,
      refused: answers.size - accepted,
      repeated,
      reused,
      seconds,
    },
    violations: violations.list,
  };
}

class ConcurrencyRun {
  readonly answers = new Map<string, Told>();
  readonly violations = new Violations();
  repeated = 0;
  reused = 0;
  readonly #doors: readonly [Door, Door];
  readonly #operations: Operations;
  readonly #seed: number;
  #asked = 0;
  #recent: Asked[] = [];

  constructor({
    doors,
    world,
    seed,
  }: { doors: readonly [Door, Door]; world: World; seed: number }) {
    this.#doors = doors;
    this.#seed = seed;
    this.#operations = new Operations(new Dice(seed), world.accounts.length);
  }

  async client(dice: Dice, requests: number): Promise<void> {
    while (this.#asked < requests) {
      this.#asked += 1;
      const key = `${this.#seed}-${this.#asked}`;
      const chance = dice.below(100);
      const server = dice.below(2);
      if (chance < TWICE) await this.#askBoth(key);
      else await this.#ask(key, server);
      if (chance >= 100 - REPEATED && this.#recent.length > 0)
        await this.#repeat(dice.pick(this.#recent), server);
      else if (chance >= 100 - REPEATED - CHANGED && this.#recent.length > 0)
        await this.#reuse(dice.pick(this.#recent), server);
    }
  }

  async #ask(key: string, server: number): Promise<void> {
    const operation = this.#operations.next();
    this.#note({ key, operation, told: await this.#door(server).ask(key, operation) });
  }

  async #askBoth(key: string): Promise<void> {
    const operation = this.#operations.next();
    const [one, other] = await Promise.all(this.#doors.map((door) => door.ask(key, operation)));
    if (!one || !other) throw new Error('there are two doors');
    this.#same(key, one, other);
    this.repeated += 1;
    this.#note({ key, operation, told: one });
  }

  async #repeat({ key, operation, told }: Asked, server: number): Promise<void> {
    this.repeated += 1;
    this.#same(key, told, await this.#door(server).ask(key, operation));
  }

  async #reuse({ key, operation }: Asked, server: number): Promise<void> {
    this.reused += 1;
    const told = await this.#door(server).ask(key, this.#operations.changed(operation));
    const reused = told.kind === 'refused' && told.code === 'request_id_reused';
    this.violations.check(reused, () => `${key} with another content was answered ${shown(told)}`);
  }

  #same(key: string, first: Told, again: Told): void {
    const story = () => `${key} was answered ${shown(first)}\n  and, repeated, ${shown(again)}`;
    this.violations.check(sameAnswer(first, again), story);
  }

  #note(asked: Asked): void {
    const { key, told } = asked;
    this.answers.set(key, told.kind === 'accepted' ? { ...told, whole: undefined } : told);
    if (told.kind === 'accepted') {
      for (const { hold, account } of told.holds) this.#operations.placed(hold, account);
    }
    if (told.kind === 'accepted' || told.kind === 'refused') {
      this.#recent.push(asked);
      if (this.#recent.length > RECENT) this.#recent = this.#recent.slice(RECENT / 2);
    } else this.violations.add(`${key}: ${shown(told)}`);
  }

  #door(server: number): Door {
    return this.#doors[server === 0 ? 0 : 1];
  }
}

function shown(told: Told): string {
  return JSON.stringify(told, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
}
