import type pg from 'pg';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { Account, AccountId } from '../core/account.ts';
import type { Answer } from '../core/outcome.ts';
import {
  asBatchFailure,
  begin,
  commitAll,
  giveBack,
  sender,
  takeConnection,
  together,
} from './connection.ts';
import { type Evaluated, evaluateBatch, type Work, writesOf } from './evaluate-batch.ts';
import { Overtaken } from './failure.ts';
import type { Memories, Memory } from './memory.ts';
import { type Named, named } from './named.ts';
import { type BatchState, readState } from './read-state.ts';

/** What a batch needs of its surroundings. */
export interface BatchDeps {
  readonly database: Pick<Database, 'batches'>;
  readonly clock: Clock;
  readonly random: Random;
  /** What is known of the platform, and the memories that share one limit with it. */
  readonly memory: Memory;
  readonly memories: Memories;
  readonly observe?: (batch: CommittedBatch) => void;
}

/** What is told of a batch that was committed. */
export interface CommittedBatch {
  readonly submissions: number;
  readonly refused: number;
  readonly moves: number;
  readonly durationMs: number;
}

/**
 * How a batch comes to what it decides on.
 *
 * remembered: on what the lane remembers, reading the rest without a lock, and writing on condition that
 * nobody was faster: one round trip, often none before it. The way of a server that has the platform to itself.
 * `isBehind`: another batch is on its way on the connection, and what is read there waits for its commit.
 *
 * locked: everything is read under the platform's lock, so nobody can be faster. `lookUpRequests`: requests
 * that were answered before are looked for; without that a repeat breaks a unique key, and is run again.
 */
export type BatchMode =
  | { readonly read: 'remembered'; readonly isBehind: boolean }
  | { readonly read: 'locked'; readonly lookUpRequests: boolean };

/** A batch whose reads are on their way. */
export interface StartedBatch {
  /**
   * Decides it as soon as it is read, and sends everything up to the commit. What is sent behind that runs
   * after it. Rejects when it could not be read; then nothing was written.
   */
  decide(): Promise<SentBatch>;
}

/** A batch of which everything is sent: its answers hold once `committed` is fulfilled. */
export interface SentBatch {
  readonly answers: readonly Answer[];
  /** Rejects with BatchFailure when it was not committed, or may not have been. */
  readonly committed: Promise<void>;
}

/** Begins a batch on a connection: what it has to read is asked for at once, behind what was sent before. */
export function startBatch(
  client: pg.PoolClient,
  deps: BatchDeps,
  platformId: bigint,
  { work, mode }: { work: readonly Work[]; mode: BatchMode },
): StartedBatch {
  const started = performance.now();
  const batch =
    mode.read === 'locked'
      ? startLocked(client, deps, platformId, { work, lookUpRequests: mode.lookUpRequests })
      : startRemembered(client, deps, platformId, { work, isBehind: mode.isBehind });
  return {
    decide: async () => {
      const { evaluated, committed } = await batch();
      const { answers, decided } = evaluated;
      const observed = committed.then(() => {
        if (decided.length > 0) deps.observe?.(observation(evaluated, started));
      });
      return { answers, committed: observed };
    },
  };
}

/**
 * Decides and writes a batch under the platform's lock, on a connection of its own: lock → read → evaluate →
 * write → commit → answer. Requests are looked up first. Throws BatchFailure when it was not committed, or may
 * not have been.
 */
export async function runLocked(
  deps: BatchDeps,
  platformId: bigint,
  work: readonly Work[],
): Promise<readonly Answer[]> {
  return onConnection(deps, async (client) => {
    const mode = { read: 'locked', lookUpRequests: true } as const;
    const { answers, committed } = await startBatch(client, deps, platformId, {
      work,
      mode,
    }).decide();
    await committed;
    return answers;
  });
}

/** Decides a batch on one consistent view of the database, locks nothing and changes nothing. */
export async function previewBatch(
  deps: BatchDeps,
  platformId: bigint,
  work: readonly Work[],
): Promise<readonly Answer[]> {
  return onConnection(deps, async (client) => {
    const { known, unknown } = needed(deps.memory, work, 'internals');
    const { tx, reading } = together(client, () => {
      const opened = begin(client, 'snapshot');
      const read = { names: unknown, requests: undefined, lock: false };
      return { tx: opened, reading: readState(opened.send, platformId, read) };
    });
    const { answers } = evaluateBatch(deps, work, { known, state: await reading });
    await tx.rollback();
    return answers;
  });
}

type Batch = () => Promise<{ evaluated: Evaluated; committed: Promise<void> }>;

function startLocked(
  client: pg.PoolClient,
  deps: BatchDeps,
  platformId: bigint,
  { work, lookUpRequests }: { work: readonly Work[]; lookUpRequests: boolean },
): Batch {
  const { known, unknown } = needed(deps.memory, work, 'internals');
  const requests = lookUpRequests ? work : undefined;
  const { tx, reading } = together(client, () => {
    const opened = begin(client);
    const read = { names: unknown, requests, lock: true };
    return { tx: opened, reading: readState(opened.send, platformId, read) };
  });
  ignoreUntilAsked(reading);
  return async () => {
    const state = await reading;
    deps.memory.keepInternals(state.accounts);
    const evaluated = evaluateBatch(deps, work, { known, state });
    if (evaluated.decided.length === 0) return { evaluated, committed: tx.rollback() };
    const committed = together(client, () =>
      tx.commit(writesOf(platformId, evaluated).map(tx.send)),
    );
    return { evaluated, committed };
  };
}

function startRemembered(
  client: pg.PoolClient,
  deps: BatchDeps,
  platformId: bigint,
  { work, isBehind }: { work: readonly Work[]; isBehind: boolean },
): Batch {
  const { memory, memories } = deps;
  const { known, unknown } = needed(memory, work, 'all');
  const { day } = memory;
  const read = (connection: pg.PoolClient) => {
    const reading = { names: unknown, requests: undefined, lock: false };
    return together(connection, () => readState(sender(connection), platformId, reading));
  };
  const begun = (): BatchState | Promise<BatchState> => {
    if (day && isEmpty(unknown)) {
      return { day, accounts: [], holds: [], originals: [], known: new Map<string, never>() };
    }
    if (!day || !isBehind || !mayReadAside(deps, unknown)) return read(client);
    const aside = onConnection(deps, async (other) => ({ ...(await read(other)), day }));
    // Where no other connection can be had, ours still serves: it waits, and is told the day as it is then.
    return aside.catch(() => read(client));
  };
  const reading = begun();
  ignoreUntilAsked(reading);
  return async () => {
    const state: BatchState = await reading;
    if (day && day.version !== state.day?.version) throw new Overtaken('the memory is out of date');
    const evaluated = evaluateBatch(deps, work, { known, state });
    memory.keepInternals(state.accounts);
    memory.remember(evaluated.after, [...state.accounts, ...evaluated.set.changedAccounts()]);
    memories.used(memory);
    const committed = together(client, () => commitAll(client, writesOf(platformId, evaluated)));
    return { evaluated, committed };
  };
}

/**
 * Accounts that are not remembered are not changed by a batch that is on its way, so they may be read on another
 * connection, without waiting for its commit. Should anybody else change them, or have changed them since what is
 * remembered was true, the version is not the one expected, and nothing is written. Of holds and transfers nothing
 * is remembered. Another connection is taken only where one is free: lanes that wait for each other's would wait
 * for ever.
 */
function mayReadAside({ database: { batches } }: BatchDeps, { holds, transfers }: Named): boolean {
  const isFree = batches.idleCount > 0 || batches.totalCount < batches.options.max;
  return isFree && batches.waitingCount === 0 && holds.length + transfers.length === 0;
}

/** Whoever asks for the decision sees the failure; until then it must not count as unhandled. */
function ignoreUntilAsked(reading: BatchState | Promise<BatchState>): void {
  if (reading instanceof Promise) reading.catch(() => {});
}

async function onConnection<T>(
  { database }: BatchDeps,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await takeConnection(database.batches);
  try {
    const result = await work(client);
    await giveBack(client, []);
    return result;
  } catch (error) {
    const failure = asBatchFailure(error);
    await giveBack(client, [failure]);
    throw failure;
  }
}

/** What the moves of a batch name: the accounts that need not be read, and all that has to be. */
function needed(
  memory: Memory,
  work: readonly Work[],
  trust: 'all' | 'internals',
): { known: Account[]; unknown: Named } {
  const names = named(work);
  const known: Account[] = [];
  const accounts: AccountId[] = [];
  for (const id of names.accounts) {
    const account = trust === 'all' ? memory.account(id) : memory.internal(id);
    if (account) known.push(account);
    else accounts.push(id);
  }
  return { known, unknown: { ...names, accounts } };
}

const isEmpty = ({ accounts, holds, transfers }: Named): boolean =>
  accounts.length + holds.length + transfers.length === 0;

function observation({ answers, decided }: Evaluated, started: number): CommittedBatch {
  return {
    submissions: answers.length,
    refused: answers.filter(({ accepted }) => !accepted).length,
    moves: decided.reduce((sum, { submission }) => sum + submission.moves.length, 0),
    durationMs: performance.now() - started,
  };
}
