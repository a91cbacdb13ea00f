import { isDocumentConflict } from '../db/database.ts';
import { accountId, documentOf, type Refusal, refusalError } from '../ledger/index.ts';
import {
  accountsById,
  type MainAccountRecord,
  readMainAccountRecords,
} from '../virtual-accounts/index.ts';
import type { DepositDeps } from './deposit-deps.ts';
import type { SuspenseReason } from './match.ts';
import { moveOf, type PlacedEntry, placeEntries, suspendedFor } from './place-entries.ts';
import { postingWriter } from './posting-document.ts';
import type { Session } from './record-store.ts';
import { BEFORE_ALL, readWaiting } from './waiting-entries.ts';

/** Entries read and matched at once. */
const PAGE_ENTRIES = 4_096;
/** Entries posted by one submission: the ledger keeps one request for all of them. */
const GROUP_ENTRIES = 512;
/** Submissions at once: enough that the ledger's next batch is full while the last one commits. */
const GROUPS_IN_FLIGHT = 16;
/** Times that all waiting entries are gone through; what conflicts with another poster is left to it. */
const MAX_PASSES = 100;

/** What the poster works with. */
export interface PostingRun {
  readonly deps: DepositDeps;
  readonly platformId: bigint;
  readonly session: Session;
  readonly onProgress?: ((posted: number) => void) | undefined;
}

/**
 * Posts all that waits, without looking whether somebody else does: that costs time, and changes nothing else.
 * Says how many entries it posted.
 */
export async function postWaiting(run: PostingRun): Promise<number> {
  let posted = 0;
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const now = await postOnce(run, posted);
    posted += now;
    if (now === 0) break;
  }
  return posted;
}

/** Goes through all that waits, once: reads and matches a page while the ones before it are posted. */
async function postOnce(run: PostingRun, before: number): Promise<number> {
  const { deps, platformId, session, onProgress } = run;
  const lane = new InFlight(GROUPS_IN_FLIGHT);
  let posted = 0;
  let after = BEFORE_ALL;
  let mains: ReadonlyMap<bigint, MainAccountRecord> | undefined;
  for (;;) {
    const entries = await readWaiting(session, platformId, { after, limit: PAGE_ENTRIES });
    const last = entries.at(-1);
    if (!last) break;
    after = last.entryId;
    mains ??= await readMains(deps, platformId);
    const placed = await placeEntries(deps.db, platformId, { entries, mains });
    for (let i = 0; i < placed.length; i += GROUP_ENTRIES) {
      const group = placed.slice(i, i + GROUP_ENTRIES);
      await lane.add(async () => {
        const count = await postGroup(run, group);
        posted += count;
        onProgress?.(before + posted);
      });
    }
  }
  await lane.drained();
  return posted;
}

async function readMains({ db }: DepositDeps, platformId: bigint) {
  const mains = await readMainAccountRecords(db, platformId);
  return new Map(mains.map((main) => [main.mainAccountId, main]));
}

/**
 * Posts a group; what the ledger refuses for a member's account goes to suspense instead, with the reason, and
 * the rest is asked for again. Each time at least one entry less can be refused, so it ends.
 */
async function postGroup(
  { deps, platformId }: PostingRun,
  group: readonly PlacedEntry[],
): Promise<number> {
  let entries = group;
  for (let attempt = 0; attempt <= group.length; attempt += 1) {
    const requestId = `deposits/${deps.newUuid()}`;
    const moves = entries.map(moveOf);
    const document = documentOf(postingWriter, entries);
    const answer = await deps.ledger
      .submit({ platformId, requestId, moves, document })
      .catch((error: unknown) => {
        if (isDocumentConflict(error)) return undefined;
        throw error;
      });
    // Another poster was faster with one of them: the next pass reads again what is left.
    if (!answer) return 0;
    if (answer.accepted) return entries.length;
    const { refusal, moveIndex } = answer;
    const refused = entries[moveIndex];
    const reason = suspenseReasonOf(refusal);
    if (refused?.state !== 'credited' || reason === undefined) {
      return fail(deps, platformId, refusal);
    }
    const isLike = (entry: PlacedEntry, i: number) =>
      i === moveIndex ||
      (reason !== 'balance_limit_exceeded' &&
        entry.state === 'credited' &&
        entry.account === refused.account);
    entries = entries.map((entry, i) => (isLike(entry, i) ? suspendedFor(entry, reason) : entry));
  }
  throw new Error('a group was refused more often than it has entries');
}

function suspenseReasonOf({ code }: Refusal): SuspenseReason | undefined {
  const reasons = ['account_closed', 'account_stopped', 'balance_limit_exceeded'] as const;
  return reasons.find((reason) => reason === code);
}

/** What nobody foresaw stops the run: the entries stay recorded, and the error says why. */
async function fail({ db }: DepositDeps, platformId: bigint, refusal: Refusal): Promise<never> {
  const ids = 'account' in refusal ? [accountId(refusal.account)] : [];
  const facts = await accountsById(db, platformId, ids);
  throw refusalError(refusal, (id) => facts.get(accountId(id))?.number);
}

/** Runs tasks, so many at once; the first failure is thrown to whoever adds the next or waits for the end. */
class InFlight {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async add(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    if (this.#failure) await this.drained();
    const running = task()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async drained(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure.error;
  }
}
