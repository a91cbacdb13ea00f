import { createHash } from 'node:crypto';
import {
  type BankRefusal,
  connectorOf,
  type EntryPage,
  entryEvents,
  type Unknown,
} from '../banking/index.ts';
import { AppError } from '../kernel/error.ts';
import { type MainAccountRecord, readMainAccountRecords } from '../virtual-accounts/index.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { importFrom } from './import-statement.ts';
import { givePollBack, keepCursor, type PollLease, takePoll } from './poll-store.ts';

/** Main accounts asked about by one sweep; the next one takes the rest. */
export const POLLS_PER_SWEEP = 50;
/** Pages of one main account before the others get their turn, and the lines of a page. */
const PAGES_PER_TURN = 20;
const PAGE_LINES = 500;
/** How long a bank has nothing new before it is asked again; doubled after each failure, up to the longest. */
const POLL_EVERY_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;
/** Longer than a bank may take to answer, and a page to be recorded. It begins anew with each page. */
const LEASE_MS = 120_000;
const MAX_DETAIL = 500;

/** What was the matter with a turn. */
interface Problem {
  readonly code: string;
  readonly detail: string;
}

/**
 * Asks the banks of a platform for the lines since the last ones, and takes them in as statement files are: each
 * once by the bank's reference, matched and posted. Says how many main accounts were asked about.
 *
 * Several servers share the work by leases. The cursor moves on when a page is recorded; after a crash between the
 * two the page is read again, and nothing of it is new. What a bank does not answer, or what contradicts what it
 * said before, or what keeps the server from recording it now, is kept as the problem of the main account, which is
 * asked again later.
 */
export async function pollBanks(deps: DepositDeps, platformId: bigint): Promise<number> {
  const { db, clock, newUuid } = deps;
  let mains: ReadonlyMap<bigint, MainAccountRecord> | undefined;
  for (let asked = 0; asked < POLLS_PER_SWEEP; asked += 1) {
    const at = clock.now();
    const until = new Date(at.getTime() + LEASE_MS);
    const turn = await takePoll(db, platformId, { lease: newUuid(), at, until });
    if (!turn) return asked;
    mains ??= await readMains(deps, platformId);
    const main = mains.get(turn.mainAccountId);
    if (!main) throw new Error(`main account ${turn.mainAccountId} has a bank and no record`);
    const problem = await takeTurn(deps, platformId, { turn, main });
    const now = clock.now();
    const { mainAccountId, lease } = turn;
    const failures = problem ? turn.failures + 1 : 0;
    const nextAt = new Date(now.getTime() + pauseAfter(failures));
    await givePollBack(db, platformId, { mainAccountId, lease, at: now, nextAt, problem });
  }
  return POLLS_PER_SWEEP;
}

const pauseAfter = (failures: number) =>
  Math.min(POLL_EVERY_MS * 2 ** Math.min(failures, 16), LONGEST_PAUSE_MS);

async function readMains({ db }: DepositDeps, platformId: bigint) {
  const mains = await readMainAccountRecords(db, platformId);
  return new Map(mains.map((main) => [main.mainAccountId, main]));
}

/** Reads pages until there is nothing new. Says what was the matter. */
async function takeTurn(
  deps: DepositDeps,
  platformId: bigint,
  { turn, main }: { turn: PollLease; main: MainAccountRecord },
): Promise<Problem | undefined> {
  const connector = connectorOf(turn.connection);
  let { cursor } = turn;
  for (let page = 0; page < PAGES_PER_TURN; page += 1) {
    const from = cursor === undefined ? {} : { cursor };
    const answer = await connector.entries({
      ...{ account: main.number, limit: PAGE_LINES },
      ...from,
    });
    if (answer.kind !== 'entries') return problemOf(answer);
    if (answer.entries.length === 0) return undefined;
    if (answer.cursor === cursor) {
      return { code: 'bank_unreadable', detail: 'the cursor stays where it was behind new lines' };
    }
    const problem = await recordPage(deps, platformId, { page: answer, main });
    if (problem) return problem;
    const at = deps.clock.now();
    const until = new Date(at.getTime() + LEASE_MS);
    const { mainAccountId, lease } = turn;
    const held = { mainAccountId, lease, at, cursor: answer.cursor, until };
    if (!(await keepCursor(deps.db, platformId, held))) return undefined;
    cursor = answer.cursor;
  }
  return undefined;
}

function problemOf(answer: BankRefusal | Unknown): Problem {
  if (answer.kind === 'refused') {
    const detail = `${answer.code}: ${answer.reason}`.slice(0, MAX_DETAIL);
    return { code: 'bank_refused', detail };
  }
  return { code: `bank_${answer.doubt}`, detail: answer.detail };
}

/** Takes a page in. Where it cannot be, what contradicts what was recorded among it, nothing of the page is kept. */
async function recordPage(
  deps: DepositDeps,
  platformId: bigint,
  { page, main }: { page: EntryPage; main: MainAccountRecord },
): Promise<Problem | undefined> {
  const { number: mainAccount, referencesPerDay } = main;
  const events = entryEvents(page, { account: mainAccount, referencesPerDay });
  const bytes = bytesOf(page, mainAccount);
  try {
    const opened = {
      format: 'connector',
      evidence: 'asked of the bank',
      events: once(events),
    } as const;
    const digest = () => createHash('sha256').update(bytes).digest();
    const source = { opened, bytes: { count: bytes.length, digest } };
    await importFrom(deps, platformId, { mainAccount }, () => Promise.resolve(source));
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code } = error.definition;
    return { code, detail: JSON.stringify(error.facts, bigintAsText).slice(0, MAX_DETAIL) };
  }
}

async function* once<T>(batch: T): AsyncGenerator<T> {
  yield await Promise.resolve(batch);
}

/** What the digest of a page is made of: the same page again is the same import. */
const bytesOf = ({ entries, cursor }: EntryPage, mainAccount: string): Buffer =>
  Buffer.from(JSON.stringify({ mainAccount, entries, cursor }, bigintAsText));

const bigintAsText = (_key: string, value: unknown) =>
  typeof value === 'bigint' ? value.toString() : value;
