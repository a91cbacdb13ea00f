import { brokenUnique } from '../db/database.ts';
import { accountId, documentOf, type Refusal, refusalError } from '../ledger/index.ts';
import { accountsById, readMainAccountRecords } from '../virtual-accounts/index.ts';
import { entryIdRange } from './bank-entry.ts';
import type { DepositDeps } from './deposit-deps.ts';
import type { SuspenseReason } from './match.ts';
import { moveOf, type PlacedEntry, placeEntries, suspendedFor } from './place-entries.ts';
import { POSTED_ONCE, postingWriter } from './posting-document.ts';
import type { Session } from './record-store.ts';
import {
  BEFORE_ALL,
  nextWaitingImport,
  readWaiting,
  removeWaitingImport,
} from './waiting-entries.ts';

/** Entries read and matched at once. */
export const PAGE_ENTRIES = 4_096;
/** Entries posted by one submission: the ledger keeps one request for all of them. */
const GROUP_ENTRIES = 512;
/** Submissions at once: enough that the ledger's next batch is full while the last one commits. */
const GROUPS_IN_FLIGHT = 16;
/** Times that the waiting imports are gone through; what conflicts with another poster is left to it. */
const MAX_PASSES = 100;
/** What one pass takes; a later pass goes on with the rest. */
export const PASS_LIMITS = {
  /** Imports, in the order of their ids. */
  imports: 10_000,
  /** Pages of one import: more than the largest file has lines. */
  pages: 4_096,
};

/** What the poster works with. */
export interface PostingRun {
  readonly deps: DepositDeps;
  readonly platformId: bigint;
  readonly session: Session;
  readonly onProgress?: ((posted: number) => void) | undefined;
  readonly passLimits?: typeof PASS_LIMITS | undefined;
}

/**
 * Posts all that waits, without looking whether somebody else does: that costs time, and changes nothing else.
 * Says how many entries it posted.
 */
export async function postWaiting(run: PostingRun): Promise<number> {
  const { platformId, session, passLimits = PASS_LIMITS } = run;
  let posted = 0;
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    let after = BEFORE_ALL;
    for (let i = 0; i < passLimits.imports; i += 1) {
      const importId = await nextWaitingImport(session, platformId, after);
      if (importId === undefined) break;
      after = importId;
      posted += await postImport(run, importId, posted);
    }
    if (after === BEFORE_ALL) break;
  }
  return posted;
}

/**
 * Goes through what waits of one import, once: reads and matches a page while the ones before it are posted. No
 * entry comes to an import later: when its end was seen and all that was found is posted, nothing of it waits.
 */
async function postImport(run: PostingRun, importId: string, before: number): Promise<number> {
  const { deps, platformId, session, onProgress, passLimits = PASS_LIMITS } = run;
  const { first, last } = entryIdRange(importId);
  const lane = new InFlight(GROUPS_IN_FLIGHT);
  // After the import is there: the main accounts of its entries are among them, and nothing that is used of them here
  // ever changes.
  const mains = await readMains(deps, platformId);
  let found = 0;
  let posted = 0;
  let after = first;
  let isWhole = false;
  for (let page = 0; page < passLimits.pages; page += 1) {
    const entries = await readWaiting(session, platformId, { after, last, limit: PAGE_ENTRIES });
    const end = entries.at(-1);
    isWhole = !end;
    if (!end) break;
    after = end.entryId;
    found += entries.length;
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
  if (isWhole && posted === found) await removeWaitingImport(session, platformId, importId);
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
        if (brokenUnique(error) === POSTED_ONCE) return undefined;
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
