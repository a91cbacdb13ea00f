import { setTimeout as pause } from 'node:timers/promises';
import { checkBook } from './book.ts';
import { Dice } from './dice.ts';
import { type Door, httpDoor, type Told } from './door.ts';
import type { EmbeddedHome } from './embedded-home.ts';
import { type Operation, Operations } from './operations.ts';
import { type ServerProcess, startServer } from './server-process.ts';
import { Violations } from './violations.ts';

/** What is killed: the server, PostgreSQL with all its processes, or both at once. */
export const FAULTS = ['server', 'postgres', 'both'] as const;
export type Fault = (typeof FAULTS)[number];

/** What a run came to. */
export interface CrashOutcome {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Requests that got no answer, or were told to come again, and were repeated under the same key. */
  readonly repeated: number;
  readonly toldToWait: number;
  readonly longestOutageMs: number;
  readonly violations: readonly string[];
}

/** How many ask at once, at most how many answers come before the fault, and how many after it. */
export interface CrashLoad {
  readonly clients: number;
  readonly before: number;
  readonly after: number;
}
const LOAD: CrashLoad = { clients: 24, before: 600, after: 200 };
/** Between two looks at a server that does not answer yet, and until it is given up. */
const LOOK_MS = 50;
const DEADLINE_MS = 60_000;

/**
 * Load over HTTP, with one fault a round, at moments that the dice choose by the number of answers. What was
 * acknowledged must be there afterwards, once and with that content; what was not is repeated under its key,
 * and must then be there once. A server whose PostgreSQL was killed must bring it back by itself.
 */
export async function runCrashes(
  home: EmbeddedHome,
  { seed, faults, load = LOAD }: { seed: number; faults: readonly Fault[]; load?: CrashLoad },
): Promise<CrashOutcome> {
  const run = new CrashRun(home, { seed, load });
  try {
    for (const fault of faults) if (run.violations.none) await run.round(fault);
    await run.finish();
  } finally {
    await run.kill();
  }
  const { repeated, toldToWait, longestOutageMs, violations } = run;
  const acknowledged = run.answers.size;
  return {
    ...{ rounds: faults.length, acknowledged, repeated, toldToWait, longestOutageMs },
    violations: violations.list,
  };
}

class CrashRun {
  readonly answers = new Map<string, Told>();
  readonly violations = new Violations();
  repeated = 0;
  toldToWait = 0;
  longestOutageMs = 0;
  readonly #home: EmbeddedHome;
  readonly #dice: Dice;
  readonly #operations: Operations;
  readonly #door: Door;
  readonly #seed: number;
  readonly #load: CrashLoad;
  #server: ServerProcess | undefined;
  #asked = 0;
  #stopped = false;
  #lastAnswerAt = 0;
  #watchers: (() => void)[] = [];

  constructor(home: EmbeddedHome, { seed, load }: { seed: number; load: CrashLoad }) {
    this.#home = home;
    this.#load = load;
    this.#seed = seed;
    this.#dice = new Dice(seed);
    this.#operations = new Operations(this.#dice, home.world.accounts.length);
    this.#door = httpDoor(() => this.#server?.baseUrl ?? '', home.world);
  }

  /** Load, a fault in the middle of it, load again; then the books. */
  async round(fault: Fault): Promise<void> {
    this.#server ??= await startServer({ dataDir: this.#home.dataDir });
    this.#stopped = false;
    this.#lastAnswerAt = performance.now();
    const clients = Promise.all(Array.from({ length: this.#load.clients }, () => this.#client()));
    await Promise.race([clients, this.#answered(this.#dice.between(1, this.#load.before))]);
    await this.#strike(fault);
    await Promise.race([clients, this.#answered(this.#load.after)]);
    this.#stopped = true;
    await clients;
    await this.#checkBook();
  }

  /** Stops in order, in the middle of load: nobody is left without an answer or with a wrong one. */
  async finish(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    const code = await server.stop();
    this.#server = undefined;
    this.violations.equal('the exit code after SIGTERM', code, 0);
  }

  async kill(): Promise<void> {
    await this.#server?.kill();
  }

  async #strike(fault: Fault): Promise<void> {
    const before = this.#server;
    if (!before) throw new Error('there is a server to strike');
    if (fault !== 'server') {
      const killed = this.#home.killPostgres();
      this.violations.check(killed > 0, () => 'there was no PostgreSQL to kill');
    }
    if (fault === 'postgres') return;
    await before.kill();
    this.#server = await startServer({ dataDir: this.#home.dataDir });
  }

  async #client(): Promise<void> {
    while (!this.#stopped) {
      this.#asked += 1;
      const key = `${this.#seed}-${this.#asked}`;
      const operation = this.#operations.next();
      const told = await this.#insist(key, operation);
      this.answers.set(key, told);
      if (told.kind === 'accepted') {
        for (const { hold, account } of told.holds) this.#operations.placed(hold, account);
      }
      if (told.kind !== 'accepted' && told.kind !== 'refused')
        this.violations.add(`${key}: ${JSON.stringify(told)}\n${this.#server?.log() ?? ''}`);
      for (const watcher of this.#watchers) watcher();
    }
  }

  /** Asks under the same key until there is an answer, as the API tells its callers to. */
  async #insist(key: string, operation: Operation): Promise<Told> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const told = await this.#door.ask(key, operation);
      if (told.kind !== 'later' && told.kind !== 'silent') {
        this.#noteOutage();
        return told;
      }
      if (told.kind === 'later') {
        this.toldToWait += 1;
        const seconds = Number(told.retryAfter);
        if (!(seconds >= 1)) return { kind: 'failed', why: `${told.code} without Retry-After` };
      }
      if (performance.now() > deadline)
        return { ...told, kind: 'failed', why: `no answer: ${JSON.stringify(told)}` };
      this.repeated += 1;
      await pause(LOOK_MS);
    }
  }

  #noteOutage(): void {
    const now = performance.now();
    this.longestOutageMs = Math.max(this.longestOutageMs, Math.round(now - this.#lastAnswerAt));
    this.#lastAnswerAt = now;
  }

  /** Resolves after so many more answers. */
  #answered(count: number): Promise<void> {
    return new Promise((resolve) => {
      let left = count;
      const watcher = () => {
        left -= 1;
        if (left > 0) return;
        this.#watchers = this.#watchers.filter((each) => each !== watcher);
        resolve();
      };
      this.#watchers.push(watcher);
    });
  }

  async #checkBook(): Promise<void> {
    this.violations.check(this.#server?.running() === true, () => 'the server ended by itself');
    const { platformId } = this.#home.world;
    const { answers } = this;
    await checkBook(this.#home.adminUrl(), { platformId, answers }, this.violations);
  }
}
