import { accountId, type Refusal, refusalError } from '../ledger/index.ts';
import { accountsById, readMainAccountRecords } from '../virtual-accounts/index.ts';
import { preview, submit } from './ask-ledger.ts';
import { entryIdRange } from './bank-entry.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { beyondLimits, Headroom, readFilled } from './headroom.ts';
import { InFlight } from './in-flight.ts';
import type { SuspenseReason } from './match.ts';
import { findPayoutsAmong } from './payout-lines.ts';
import { type PlacedEntry, placeEntries, suspendedInstead } from './place-entries.ts';
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

/** An entry that the ledger takes nowhere now, not in suspense either. It stays recorded. */
export interface NotPosted {
  readonly entry: PlacedEntry;
  readonly refusal: Refusal['code'];
}

/** What a run of the poster did. */
export interface PostedNow {
  /** Entries that were posted. */
  readonly posted: number;
  /** Entries that stay recorded, by import as a UUID, the first of each: a later run tries them again. */
  readonly notPosted: ReadonlyMap<string, readonly NotPosted[]>;
}

/**
 * Posts all that waits, without looking whether somebody else does: that costs time, and changes nothing else.
 * What cannot be posted now is left out, and keeps nothing else from being posted.
 */
export async function postWaiting(run: PostingRun): Promise<PostedNow> {
  const { platformId, session, passLimits = PASS_LIMITS } = run;
  const notPosted = new Map<string, readonly NotPosted[]>();
  let posted = 0;
  let after = BEFORE_ALL;
  // Whether nothing is left, since the first import, but what cannot be posted now.
  let isSettled = true;
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    for (let i = 0; i < passLimits.imports; i += 1) {
      const importId = await nextWaitingImport(session, platformId, after);
      if (importId === undefined) {
        if (isSettled) return { posted, notPosted };
        after = BEFORE_ALL;
        isSettled = true;
        break;
      }
      after = importId;
      const done = await postImport(run, importId, posted);
      posted += done.posted;
      isSettled &&= done.isSettled;
      if (done.notPosted.length > 0) notPosted.set(importId, done.notPosted);
      else notPosted.delete(importId);
    }
  }
  return { posted, notPosted };
}

interface PostedImport {
  readonly posted: number;
  readonly notPosted: readonly NotPosted[];
  /** True when all that was not posted cannot be posted now. */
  readonly isSettled: boolean;
}

/**
 * Goes through what waits of one import, once: reads and matches a page while the ones before it are posted. No
 * entry comes to an import later: when its end was seen and all that was found is posted, nothing of it waits.
 */
async function postImport(
  run: PostingRun,
  importId: string,
  before: number,
): Promise<PostedImport> {
  const { deps, platformId, session, onProgress, passLimits = PASS_LIMITS } = run;
  const { first, last } = entryIdRange(importId);
  const lane = new InFlight(GROUPS_IN_FLIGHT);
  const headroom = new Headroom(deps.db, platformId);
  // After the import is there: the main accounts of its entries are among them, and nothing that is used of them here
  // ever changes.
  const mains = await readMains(deps, platformId);
  const notPosted: NotPosted[] = [];
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
    const payouts = await findPayoutsAmong(deps.findPayouts, platformId, entries);
    const placed = await placeEntries(deps.db, platformId, { entries, mains, payouts });
    const isRoomy = await headroom.letIn(placed, lane);
    for (let i = 0; i < placed.length; i += GROUP_ENTRIES) {
      const group = placed.slice(i, i + GROUP_ENTRIES);
      await lane.add(async () => {
        const done = await postGroup(run, group, { isRoomy });
        posted += done.posted;
        notPosted.push(...done.notPosted);
        onProgress?.(before + posted);
      });
      // What is left for a group is known when the ones before it are posted.
      if (!isRoomy) await lane.drained();
    }
  }
  await lane.drained();
  if (isWhole && posted === found) await removeWaitingImport(session, platformId, importId);
  return { posted, notPosted, isSettled: isWhole && posted + notPosted.length === found };
}

async function readMains({ db }: DepositDeps, platformId: bigint) {
  const mains = await readMainAccountRecords(db, platformId);
  return new Map(mains.map((main) => [main.mainAccountId, main]));
}

/**
 * Posts a group; what the ledger refuses for a member's account goes to suspense instead, with the reason, and what
 * it refuses there is left out; the rest is asked for again. An entry is refused twice at most, so it ends.
 */
async function postGroup(
  { deps, platformId }: PostingRun,
  group: readonly PlacedEntry[],
  { isRoomy }: { isRoomy: boolean },
): Promise<{ posted: number; notPosted: readonly NotPosted[] }> {
  const notPosted: NotPosted[] = [];
  const leaveOut = (entry: PlacedEntry, code: Refusal['code']) =>
    notPosted.push({ entry, refusal: code });
  const filled = isRoomy ? undefined : await readFilled(deps.db, platformId, group);
  let entries = group;
  // Refusals are kept by the ledger. Where some are expected, and come again with each run, it is asked without.
  let isPreview = !isRoomy;
  for (let attempt = 0; attempt <= 2 * group.length + 1; attempt += 1) {
    if (filled) {
      const beyond = beyondLimits(entries, filled);
      for (const entry of beyond) leaveOut(entry, 'balance_limit_exceeded');
      entries = entries.filter((entry) => !beyond.has(entry));
    }
    if (entries.length === 0) return { posted: 0, notPosted };
    const answer = await (isPreview ? preview : submit)(deps, platformId, entries);
    // Another poster was faster with one of them: the next pass reads again what is left.
    if (!answer) return { posted: 0, notPosted };
    if (answer.accepted && !isPreview) return { posted: entries.length, notPosted };
    if (answer.accepted) {
      isPreview = false;
      continue;
    }
    const { refusal, moveIndex } = answer;
    const refused = entries[moveIndex];
    if (!refused) return fail(deps, platformId, refusal);
    const reason = suspenseReasonOf(refusal);
    if (refused.state === 'credited' && reason !== undefined) {
      entries = suspendedLike(entries, { refused, moveIndex, reason });
      continue;
    }
    const isLeftOut = (entry: PlacedEntry, i: number) =>
      i === moveIndex || (i > moveIndex && isNoSmaller(entry, refused, refusal));
    for (const entry of entries.filter(isLeftOut)) leaveOut(entry, refusal.code);
    entries = entries.filter((entry, i) => !isLeftOut(entry, i));
  }
  throw new Error('a group was refused more often than it has entries');
}

/** Sends the refused entry to suspense, and those that are refused for the same reason. */
function suspendedLike(
  entries: readonly PlacedEntry[],
  {
    refused,
    moveIndex,
    reason,
  }: { refused: PlacedEntry; moveIndex: number; reason: SuspenseReason },
): readonly PlacedEntry[] {
  const isLike = (entry: PlacedEntry, i: number) =>
    i === moveIndex ||
    (reason !== 'balance_limit_exceeded' &&
      entry.state === 'credited' &&
      entry.account === refused.account);
  return entries.map((entry, i) => (isLike(entry, i) ? suspendedInstead(entry, reason) : entry));
}

/** What was too much for an account is too much later in the group too: no move of a group makes room. */
function isNoSmaller(entry: PlacedEntry, refused: PlacedEntry, { code }: Refusal): boolean {
  return (
    code === 'balance_limit_exceeded' &&
    entry.state === 'suspended' &&
    entry.account === refused.account &&
    entry.amount >= refused.amount
  );
}

function suspenseReasonOf({ code }: Refusal): SuspenseReason | undefined {
  const reasons = ['account_closed', 'account_stopped', 'balance_limit_exceeded'] as const;
  return reasons.find((reason) => reason === code);
}

/** A refusal of no entry, which nobody foresaw, stops the run: the entries stay recorded, and the error says why. */
async function fail({ db }: DepositDeps, platformId: bigint, refusal: Refusal): Promise<never> {
  const ids = 'account' in refusal ? [accountId(refusal.account)] : [];
  const facts = await accountsById(db, platformId, ids);
  throw refusalError(refusal, (id) => facts.get(accountId(id))?.number);
}
