/** The real side of the model test: two servers on one database, a platform for each story, and what breaks meanwhile. */
import { sql } from 'kysely';
import pg from 'pg';
import { turnBusinessDate } from '../../../src/background.ts';
import { type Database, isUnavailable, openDatabase } from '../../../src/db/database.ts';
import { entryTextId } from '../../../src/deposits/bank-entry.ts';
import { claimEntry, type DepositDeps, importStatement } from '../../../src/deposits/index.ts';
import { reverseClaim } from '../../../src/deposits/reverse-claim.ts';
import { disputeOrder, finishOrder, resolveDispute } from '../../../src/escrow/conclude.ts';
import { confirmOrder } from '../../../src/escrow/confirm.ts';
import { keepDeadlines } from '../../../src/escrow/index.ts';
import { orderTextId } from '../../../src/escrow/order.ts';
import { payOrder } from '../../../src/escrow/pay.ts';
import { refundOrder } from '../../../src/escrow/refund.ts';
import { currency } from '../../../src/kernel/currency.ts';
import { AppError } from '../../../src/kernel/error.ts';
import { uuidGenerator } from '../../../src/kernel/id.ts';
import { expireHolds, openLedger } from '../../../src/ledger/index.ts';
import { openLog } from '../../../src/logging.ts';
import {
  cancelSchedule,
  captureHold,
  freeze,
  payFreeze,
  placeHold,
  releaseHold,
  reverseTransfer,
  runSchedules,
  scheduleTransfer,
  submitBatch,
  transfer,
  unfreeze,
  unfreezePay,
} from '../../../src/transfers/index.ts';
import { FakeClock, seededRandom } from '../../support/fakes.ts';
import { type TestPlatform, testPlatform } from '../../support/fixtures.ts';
import { camtFile, type SampleLine } from '../../support/statement-samples.ts';
import { of } from './model.ts';
import { type Action, type ActionOf, MEMBERS, type Step } from './step.ts';

const HOUR_MS = 3_600_000;
const NOBODYS_NUMBER = '8888800000000000017';
/** What is asked is asked again while connections break; each try has new ones. */
const MAX_TRIES = 20;
const CNY = currency('CNY');

interface Server extends DepositDeps {
  readonly database: Database;
}

/** Two servers on a database of their own, that stories follow each other on. */
export interface Lane {
  readonly clock: FakeClock;
  readonly servers: Server[];
  readonly openServer: () => Promise<Server>;
  /** Breaks every connection of both. */
  readonly kill: () => Promise<void>;
  readonly nextPlatform: () => bigint;
  close(): Promise<void>;
}

export async function openLane(
  { url, adminUrl }: { url: string; adminUrl: string },
  seed: number,
): Promise<Lane> {
  const clock = new FakeClock();
  let opened = 0;
  const openServer = async () => {
    opened += 1;
    const database = await openDatabase({ url, connections: 3, batchConnections: 2 });
    const random = seededRandom(seed * 1_000 + opened);
    const { db, sessions } = database;
    const ledger = openLedger({ database, clock });
    return { database, db, sessions, ledger, clock, newUuid: uuidGenerator(clock, random) };
  };
  const servers = [await openServer(), await openServer()];
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  let platforms = 0n;
  return {
    ...{ clock, servers, openServer },
    kill: async () => {
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
                          where datname = current_database() and pid <> pg_backend_pid()`);
    },
    nextPlatform: () => {
      platforms += 1n;
      return platforms;
    },
    close: async () => {
      for (const server of servers) await stop(server);
      await admin.end();
    },
  };
}

async function stop({ ledger, database }: Server): Promise<void> {
  await ledger.drained();
  await database.close();
}

/** Something to be asked of a server. What it answers is the outcome: 'ok' unless the answer says more. */
interface Prepared {
  readonly ask: (server: Server) => Promise<Done>;
}

/** Notes the numbers that the server gave, once; says the outcome. */
type Done = () => string;

function prepared<T>(
  ask: (server: Server) => Promise<T>,
  done: (answer: T) => string | undefined = () => undefined,
): Prepared {
  return {
    ask: async (server) => {
      const answer = await ask(server);
      return () => done(answer) ?? 'ok';
    },
  };
}

interface Answered {
  readonly code: string;
  readonly done?: Done;
}

/** One story on a platform of its own. */
export class World {
  readonly #lane: Lane;
  readonly platform: TestPlatform;
  readonly #entries: { readonly line: SampleLine; readonly id: string }[] = [];
  readonly #payments: string[] = [];
  readonly #holds: string[] = [];
  readonly #freezes: string[] = [];
  readonly #orders: string[] = [];
  readonly #schedules: string[] = [];
  readonly #transferRequests: string[] = [];
  readonly #accepted: Prepared[] = [];
  #requests = 0;
  #lines = 0;
  #bank = 0n;

  private constructor(lane: Lane, platform: TestPlatform) {
    this.#lane = lane;
    this.platform = platform;
  }

  static async open(lane: Lane): Promise<World> {
    const [server] = lane.servers;
    if (!server) throw new Error('a lane has servers');
    const platformId = lane.nextPlatform();
    const deps = { ...server, random: seededRandom(Number(platformId)) };
    return new World(lane, await testPlatform(deps, { platformId, members: MEMBERS }));
  }

  get db() {
    return this.#server(0).db;
  }

  /** Does a step, with what goes wrong, and says its outcome. */
  async apply({ action, server, fault }: Step): Promise<string> {
    this.#lane.clock.advance(action.do === 'wait' ? action.hours * HOUR_MS : 1);
    if (fault === 'restart') await this.#restart(server);
    const asked = this.#prepare(action);
    const [first, second] = await this.#ask(asked, { server, fault });
    if (second && first.code !== second.code) return `${first.code}, then ${second.code}`;
    const outcome = first.done?.() ?? first.code;
    const isRequest = !['again', 'reuse', 'wait', 'statement', 'cancel'].includes(action.do);
    if (isRequest && outcome === 'ok') this.#accepted.push(asked);
    return outcome;
  }

  async #ask(
    asked: Prepared,
    { server, fault }: Pick<Step, 'server' | 'fault'>,
  ): Promise<readonly [Answered, Answered?]> {
    const at = this.#server(server);
    if (fault === 'twice') {
      return Promise.all([attempt(asked, at), attempt(asked, this.#server(1 - server))]);
    }
    if (fault === 'kill') {
      const [answer] = await Promise.all([attempt(asked, at), this.#lane.kill()]);
      for (const each of this.#lane.servers) await mended(each);
      return [answer];
    }
    const first = await attempt(asked, at);
    return fault === 'repeat' ? [first, await attempt(asked, at)] : [first];
  }

  /** Available and held of each member, then suspense, then what the ledger has for the bank. */
  async balances(): Promise<readonly (readonly [number, number])[]> {
    const { platformId, main } = this.platform;
    const numbers = [...this.platform.numbers, main.accounts.suspense];
    const { rows } = await sql<{ number: string; available: bigint; held: bigint }>`
      select v.number, a.balance - a.held as available, a.held
        from virtual_account v
        join account a on a.platform_id = v.platform_id and a.account_id = v.account_id
       where v.platform_id = ${platformId}`.execute(this.db);
    const found = new Map(rows.map((row) => [row.number, row]));
    return numbers.map((number) => {
      const { available, held } = found.get(number) ?? { available: -1n, held: -1n };
      return [Number(available), Number(held)] as const;
    });
  }

  #server(place: number): Server {
    const server = this.#lane.servers[place];
    if (!server) throw new Error(`there is no server ${place}`);
    return server;
  }

  async #restart(place: number): Promise<void> {
    await stop(this.#server(place));
    this.#lane.servers[place] = await this.#lane.openServer();
  }

  #number(place: number): string {
    return this.platform.numbers[place] ?? NOBODYS_NUMBER;
  }

  #mode(): { readonly requestId: string } {
    this.#requests += 1;
    return { requestId: `step/${this.#requests}` };
  }

  #prepare(asked: Action): Prepared {
    switch (asked.do) {
      case 'statement':
        return this.#statement(asked);
      case 'conflicting statement':
        return this.#conflict(asked);
      case 'claim':
      case 'claim reversal':
        return this.#onEntry(asked);
      case 'transfer':
      case 'reversal':
      case 'batch':
      case 'reuse':
        return this.#payment(asked);
      case 'hold':
      case 'release':
      case 'capture':
        return this.#onHold(asked);
      case 'freeze':
      case 'pay-freeze':
      case 'unfreeze':
      case 'unfreeze-pay':
        return this.#onFreeze(asked);
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
      case 'cancel':
        return this.#onSchedule(asked);
      case 'wait':
        return prepared(() => this.#sweep());
      case 'again': {
        const before = of(this.#accepted, asked.which);
        return prepared(async (server) => void (await before?.ask(server)));
      }
    }
  }

  #statement({ lines: asked }: ActionOf<'statement'>): Prepared {
    const known = [...this.#entries];
    const fresh: SampleLine[] = [];
    const lines = asked.flatMap((each) => {
      if (each.is === 'told before') return of(known, each.which)?.line ?? [];
      this.#lines += 1;
      const to = each.is === 'paid' ? this.#number(each.to) : '';
      const line: SampleLine = {
        ...{ direction: each.is === 'debit' ? 'debit' : 'credit', amount: BigInt(each.amount) },
        ...{ bookingDate: '2026-03-02', reference: `L${this.#lines}`, remittance: `货款 ${to}` },
        ...{ counterpartyName: '某某', counterpartyAccount: '622200009' },
      };
      fresh.push(line);
      return line;
    });
    // Of twins in one file each is a line of its own; a line that was told before is told once.
    const told = [...new Set(lines.filter((line) => !fresh.includes(line)))];
    const inFile = [...told, ...fresh];
    const opening = this.#bank - sumOf(told);
    const { platformId } = this.platform;
    return prepared(
      async (server) => {
        const source = camtFile({ ...this.#file(inFile), opening });
        if (inFile.length > 0) await importStatement(server, platformId, { source });
        return idsOf(server, platformId, fresh);
      },
      (ids) => {
        this.#bank += sumOf(fresh);
        for (const [i, line] of fresh.entries()) this.#entries.push({ line, id: ids[i] ?? '' });
        return undefined;
      },
    );
  }

  #file(lines: readonly SampleLine[]) {
    const [first] = lines;
    const lineAt = (index: number) => {
      const line = lines[index] ?? first;
      if (!line) throw new Error('a statement has lines');
      return line;
    };
    return {
      accountNumber: this.platform.main.number,
      ...{ currency: CNY, entries: lines.length, lineAt },
    };
  }

  #conflict({ which }: ActionOf<'conflicting statement'>): Prepared {
    const known = of(this.#entries, which)?.line;
    if (!known) return prepared(() => Promise.resolve());
    const { platformId } = this.platform;
    const lines = [{ ...known, amount: known.amount + 1n }];
    return prepared((server) =>
      importStatement(server, platformId, { source: camtFile(this.#file(lines)) }),
    );
  }

  #onEntry(asked: ActionOf<'claim' | 'claim reversal'>): Prepared {
    const { platformId } = this.platform;
    const bankEntry = of(this.#entries, asked.which)?.id ?? 'ben_none';
    const request = this.#mode();
    if (asked.do === 'claim reversal') {
      return prepared((server) => reverseClaim(server, platformId, { bankEntry, ...request }));
    }
    const claim = { bankEntry, account: this.#number(asked.to), ...request };
    return prepared((server) => claimEntry(server, platformId, claim));
  }

  #payment(asked: ActionOf<'transfer' | 'reversal' | 'batch' | 'reuse'>): Prepared {
    const { platformId } = this.platform;
    const mode = this.#mode();
    const paid = ({ from, to, amount }: { from: number; to: number; amount: number }) => ({
      ...{ debitAccount: this.#number(from), creditAccount: this.#number(to), amount },
    });
    switch (asked.do) {
      case 'transfer':
        return prepared(
          (server) => transfer(server, platformId, paid(asked), mode),
          ({ result }) => {
            this.#payments.push(result.id ?? '');
            this.#transferRequests.push(mode.requestId);
            return undefined;
          },
        );
      case 'reversal': {
        const id = of(this.#payments, asked.which) ?? 'trf_none';
        return prepared((server) => reverseTransfer(server, platformId, id, { mode }));
      }
      case 'batch': {
        const items = asked.items.map((item) => ({ type: 'transfer' as const, ...paid(item) }));
        return prepared(
          (server) => submitBatch(server, platformId, { mode: asked.mode, items }, mode),
          ({ result }) => {
            for (const item of result.items) {
              if (item.transfer) this.#payments.push(item.transfer.id ?? '');
            }
            if (asked.mode === 'atomic') return undefined;
            return result.items.map(({ error }) => error?.definition.code ?? 'posted').join(', ');
          },
        );
      }
      case 'reuse': {
        const requestId = of(this.#transferRequests, asked.which);
        if (requestId === undefined) return prepared(() => Promise.resolve());
        // More than any other step asks for: another content.
        const other = paid({
          ...asked,
          to: (asked.from + 1) % MEMBERS,
          amount: asked.amount + 1e9,
        });
        return prepared((server) => transfer(server, platformId, other, { requestId }));
      }
    }
  }

  #onHold(asked: ActionOf<'hold' | 'release' | 'capture'>): Prepared {
    const { platformId } = this.platform;
    const mode = this.#mode();
    if (asked.do === 'hold') {
      const { at, amount, hours } = asked;
      const expiresAt = hours === undefined ? undefined : this.#in(hours);
      const input = { account: this.#number(at), amount, reason: '押金', expiresAt };
      return prepared(
        (server) => placeHold(server, platformId, input, mode),
        ({ result }) => {
          this.#holds.push(result.id ?? '');
          return undefined;
        },
      );
    }
    const { amount } = asked;
    const hold = of(this.#holds, asked.which) ?? 'hld_none';
    if (asked.do === 'release') {
      return prepared((server) => releaseHold(server, platformId, { hold, amount }, mode));
    }
    const input = { hold, amount, creditAccount: this.#number(asked.to) };
    return prepared(
      (server) => captureHold(server, platformId, input, mode),
      ({ result }) => {
        this.#payments.push(result.transfer.id ?? '');
        return undefined;
      },
    );
  }

  #onFreeze(asked: ActionOf<'freeze' | 'pay-freeze' | 'unfreeze' | 'unfreeze-pay'>): Prepared {
    const { platformId } = this.platform;
    const mode = this.#mode();
    const reason = '保证金';
    const { amount } = asked;
    const keep = ({ result }: { result: { id: string | null } }) => {
      this.#freezes.push(result.id ?? '');
      return undefined;
    };
    switch (asked.do) {
      case 'freeze': {
        const input = { account: this.#number(asked.at), amount: asked.amount, reason };
        return prepared((server) => freeze(server, platformId, input, mode), keep);
      }
      case 'pay-freeze': {
        const [debitAccount, creditAccount] = [this.#number(asked.from), this.#number(asked.to)];
        const input = { debitAccount, creditAccount, amount: asked.amount, reason };
        return prepared((server) => payFreeze(server, platformId, input, mode), keep);
      }
      case 'unfreeze': {
        const id = of(this.#freezes, asked.which) ?? 'frz_none';
        return prepared((server) => unfreeze(server, platformId, { freeze: id, amount }, mode));
      }
      case 'unfreeze-pay': {
        const id = of(this.#freezes, asked.which) ?? 'frz_none';
        const creditAccount = asked.to === undefined ? undefined : this.#number(asked.to);
        const input = { freeze: id, amount, creditAccount };
        return prepared((server) => unfreezePay(server, platformId, input, mode));
      }
    }
  }

  #escrow({ from, to, amount, hours, late }: ActionOf<'escrow'>): Prepared {
    const { platformId } = this.platform;
    const mode = this.#mode();
    const [seller, commission] = [this.#number(to), this.#number(MEMBERS - 1)];
    const share = { kind: 'ratio', ppm: 50_000 } as const;
    const rest = { kind: 'remainder', weight: 1 } as const;
    const input = {
      ...{ reference: mode.requestId, buyer: this.#number(from), sellers: [seller] },
      ...{ amount: BigInt(amount), maxSharePpm: 300_000 },
      split: [
        { role: 'commission' as const, account: commission, share },
        { role: 'seller' as const, account: seller, share: rest },
      ],
      ...(hours === undefined ? {} : { deadline: { at: this.#in(hours), action: late } }),
    };
    return prepared(
      (server) => payOrder(server, platformId, input, mode),
      ({ action }) => {
        this.#orders.push(orderTextId(action.orderId));
        return undefined;
      },
    );
  }

  #onOrder(asked: ActionOf<'confirm' | 'refund' | 'dispute' | 'resolve' | 'finish'>): Prepared {
    const { platformId } = this.platform;
    const mode = this.#mode();
    const escrowOrder = of(this.#orders, asked.which) ?? 'eso_none';
    const order = { escrowOrder };
    const inFen = (amount: number | undefined) =>
      amount === undefined ? {} : { amount: BigInt(amount) };
    switch (asked.do) {
      case 'confirm': {
        const input = { ...order, ...inFen(asked.amount) };
        return prepared((server) => confirmOrder(server, platformId, input, mode));
      }
      case 'refund': {
        const { source: from, whenShort } = asked;
        const input = { ...order, ...inFen(asked.amount), from, whenShort };
        return prepared((server) => refundOrder(server, platformId, input, mode));
      }
      case 'dispute':
        return prepared((server) => disputeOrder(server, platformId, order, mode));
      case 'resolve':
        return prepared((server) => resolveDispute(server, platformId, order, mode));
      case 'finish': {
        const input = { ...order, rest: asked.rest };
        return prepared((server) => finishOrder(server, platformId, input, mode));
      }
    }
  }

  #onSchedule(asked: ActionOf<'schedule' | 'schedule daily' | 'cancel'>): Prepared {
    const { platformId } = this.platform;
    if (asked.do === 'cancel') {
      const id = of(this.#schedules, asked.which) ?? 'sch_none';
      return prepared((server) => cancelSchedule(server, platformId, id));
    }
    const mode = this.#mode();
    const [debitAccount, creditAccount] = [this.#number(asked.from), this.#number(asked.to)];
    const when =
      asked.do === 'schedule'
        ? { at: this.#in(asked.hours) }
        : { every: 'day' as const, from: this.#date(0), until: this.#date(asked.days) };
    const input = { debitAccount, creditAccount, amount: asked.amount, when };
    return prepared(
      (server) => scheduleTransfer(server, platformId, input, mode),
      ({ result }) => {
        this.#schedules.push(result.id ?? '');
        return undefined;
      },
    );
  }

  /** Both servers do what is due, at once; what is due on a date is made after the date was turned. */
  async #sweep(): Promise<void> {
    const { platformId } = this.platform;
    const log = openLog({ level: 'silent' });
    const [first, second] = [this.#server(0), this.#server(1)];
    const both = (work: (server: Server) => Promise<unknown>) =>
      Promise.all([work(first), work(second)]);
    await both((server) =>
      turnBusinessDate({ ...server, log }, { ...PLACE, platformId, name: '' }),
    );
    await both((server) => expireHolds(server, platformId));
    while ((await runSchedules(first, platformId)) > 0);
    await both((server) => keepDeadlines(server, platformId));
  }

  #in(hours: number): Date {
    return new Date(this.#lane.clock.now().getTime() + hours * HOUR_MS);
  }

  #date(days: number): string {
    return this.#in(8 + days * 24)
      .toISOString()
      .slice(0, 10);
  }
}

const PLACE = { timeZone: 'Asia/Shanghai', sandbox: false } as const;

const sumOf = (lines: readonly SampleLine[]): bigint =>
  lines.reduce(
    (sum, { direction, amount }) => sum + (direction === 'credit' ? amount : -amount),
    0n,
  );

async function idsOf(
  { db }: Server,
  platformId: bigint,
  lines: readonly SampleLine[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ reference: string; id: string }>`
    select reference, bank_entry_id as id from bank_entry
     where platform_id = ${platformId} and reference = any (${lines.map(({ reference }) => reference)}::text[])`.execute(
    db,
  );
  const ids = new Map(rows.map(({ reference, id }) => [reference, entryTextId(id)]));
  return lines.map(({ reference }) => ids.get(reference ?? '') ?? '');
}

/** Broken connections are noticed by who uses them: here, by nobody who tells the story. */
async function mended({ db, sessions }: Server): Promise<void> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const looks = [1, 2, 3].flatMap(() => [sql`select 1`.execute(db), sessions.query('select 1')]);
    const looked = await Promise.allSettled(looks);
    if (looked.every(({ status }) => status === 'fulfilled')) return;
  }
  throw new Error('connections stay broken');
}

/** Asks until there is an answer: whoever is left in doubt asks the same again. */
async function attempt({ ask }: Prepared, server: Server): Promise<Answered> {
  for (let tries = 1; ; tries += 1) {
    try {
      return { code: 'ok', done: await ask(server) };
    } catch (error) {
      const { definition } = error instanceof AppError ? error : { definition: undefined };
      const isDoubt = definition?.kind === 'unavailable' || definition?.kind === 'unknown';
      if (definition && !isDoubt) return { code: definition.code };
      if (tries >= MAX_TRIES || !(isDoubt || isUnavailable(error))) throw error;
    }
  }
}
