import { strict as assert } from 'node:assert';
import { hexArray, int4Array, int8Array, textArray } from '../../db/wire.ts';
import type { BusinessDate } from '../../kernel/business-date.ts';
import type { Guarded } from '../core/account.ts';
import type { Fingerprinted } from '../core/evaluate.ts';
import type { HoldMove } from '../core/move.ts';
import type { Answer, PostedHoldEvent, PostedTransfer, Posting } from '../core/outcome.ts';
import type { WorkingSet } from '../core/working-set.ts';
import type { Statement } from './connection.ts';
import type { OpenDay } from './memory.ts';
import { refusalToJson } from './stored-refusal.ts';

/** A submission that was decided now, with its answer; repeats are not written again. */
export interface Decided {
  readonly submission: Fingerprinted;
  readonly answer: Answer;
}

type Posted<T> = T & { readonly moveId: bigint };

/** What a batch has decided, and the day as it leaves it. */
export interface Decision {
  readonly decided: readonly Decided[];
  readonly before: OpenDay;
  readonly after: OpenDay;
}

/**
 * What writes a batch, set-based: one statement per table that has something to write.
 *
 * Here and below rows are selected from `platform`, which looks idle and is not: on Citus it makes the insert
 * a statement for one shard; selected from `unnest` alone it would be pulled to the coordinator.
 */
export function writeStatements(
  platformId: bigint,
  set: WorkingSet,
  { decided, before, after }: Decision,
): Statement[] {
  const { date } = after;
  const moves = decided.flatMap(({ answer }) => (answer.accepted ? answer.postings : []));
  const transfers = moves.filter(isTransfer);
  const events = moves.flatMap(({ moveId, holdEvent }) =>
    holdEvent ? [{ moveId, ...holdEvent }] : [],
  );
  const deltas = set.deltas();
  const accounts = set.changedAccounts();
  return [
    advanceDay(platformId, before, after),
    ...(transfers.length > 0 ? [insertTransfers(platformId, transfers, date)] : []),
    ...(events.length > 0 ? holdStatements(platformId, set, { events, date, decided }) : []),
    ...(accounts.length > 0 ? [updateAccounts(platformId, accounts)] : []),
    ...(deltas.length > 0 ? [insertDeltas(platformId, deltas, after.lastMoveId)] : []),
    insertRequests(platformId, decided),
  ];
}

/** What moved money. */
type Transferred = Posting & { readonly transfer: PostedTransfer };
const isTransfer = (posting: Posting): posting is Transferred => posting.transfer !== undefined;

function insertTransfers(
  platformId: bigint,
  transferred: readonly Transferred[],
  date: BusinessDate,
): Statement {
  const transfers = transferred.map(({ transfer }) => transfer);
  const column = <T>(pick: (transfer: PostedTransfer) => T): T[] => transfers.map(pick);
  return {
    name: 'transfer',
    text: `insert into transfer (platform_id, business_date, transfer_id, debit_account_id, credit_account_id,
               amount, debit_balance, debit_held, credit_balance, credit_held, reverses_id, code, reference, memo)
             select p.platform_id, $2::date, v.* from platform p,
               unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
                      $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[]) v
              where p.platform_id = $1`,
    values: [
      platformId,
      date,
      int8Array(transferred.map(({ moveId }) => moveId)),
      int8Array(column((t) => t.debit.account)),
      int8Array(column((t) => t.credit.account)),
      int8Array(column((t) => t.amount)),
      int8Array(column((t) => t.debit.after?.balance ?? null)),
      int8Array(column((t) => t.debit.after?.held ?? null)),
      int8Array(column((t) => t.credit.after?.balance ?? null)),
      int8Array(column((t) => t.credit.after?.held ?? null)),
      int8Array(column((t) => t.reverses ?? null)),
      textArray(column((t) => t.code)),
      textArray(column((t) => t.reference ?? null)),
      textArray(column((t) => t.memo ?? null)),
    ],
  };
}

/**
 * In the order of their index, as accounts are below: a large batch then comes back to the same pages while they
 * are near at hand, and PostgreSQL needs a tenth less for both.
 */
function insertRequests(platformId: bigint, all: readonly Decided[]): Statement {
  const decided = all.toSorted((a, b) => byText(a.submission.requestId, b.submission.requestId));
  const postings = decided.map(({ answer }) => (answer.accepted ? answer.postings : []));
  return {
    name: 'request',
    text: `insert into ledger_request (platform_id, request_id, fingerprint, first_move_id, move_count, refusal)
             select p.platform_id, v.request_id, v.fingerprint, v.first_move_id, v.move_count, v.refusal::jsonb
               from platform p, unnest($2::text[], $3::bytea[], $4::bigint[], $5::integer[], $6::text[])
                 v (request_id, fingerprint, first_move_id, move_count, refusal)
              where p.platform_id = $1`,
    values: [
      platformId,
      textArray(decided.map(({ submission }) => submission.requestId)),
      hexArray(decided.map(({ submission }) => submission.fingerprint)),
      int8Array(postings.map((each) => each[0]?.moveId ?? null)),
      int4Array(postings.map((each) => each.length)),
      textArray(decided.map(({ answer }) => (answer.accepted ? null : refusalToJson(answer)))),
    ],
  };
}

/** By code units: near enough to the order of the index, which is by bytes. */
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/**
 * The next batch, on whichever server, numbers on from here. Should the day not be as it was when the accounts
 * were read, nothing of the batch is written.
 */
const advanceDay = (platformId: bigint, before: OpenDay, after: OpenDay): Statement => ({
  name: 'day',
  text: `update business_day set last_move_id = $4::bigint, version = $5::bigint
          where platform_id = $1 and business_date = $2::date and closed_at is null and version = $3::bigint
          returning version`,
  values: [platformId, before.date, before.version, after.lastMoveId, after.version],
  expected: 'expect_version(count(*))',
});

function updateAccounts(platformId: bigint, changed: readonly Guarded[]): Statement {
  const accounts = changed.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    name: 'account',
    text: `update account a set balance = v.balance, held = v.held, last_move_id = v.move_id
             from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) v (id, balance, held, move_id)
            where a.platform_id = $1 and a.account_id = v.id`,
    values: [
      platformId,
      int8Array(accounts.map(({ id }) => id)),
      int8Array(accounts.map(({ balance }) => balance)),
      int8Array(accounts.map(({ held }) => held)),
      int8Array(accounts.map(({ lastMoveId }) => lastMoveId)),
    ],
  };
}

function insertDeltas(
  platformId: bigint,
  deltas: readonly (readonly [bigint, bigint])[],
  lastMoveId: bigint,
): Statement {
  for (const [account, delta] of deltas) {
    // Written as it is, it would come out as another number.
    assert(BigInt.asIntN(64, delta) === delta, `account ${account} is told too much at once`);
  }
  return {
    name: 'delta',
    text: `insert into account_delta (platform_id, account_id, move_id, delta)
             select p.platform_id, v.account_id, $4::bigint, v.delta
               from platform p, unnest($2::bigint[], $3::bigint[]) v (account_id, delta)
              where p.platform_id = $1`,
    values: [
      platformId,
      int8Array(deltas.map(([account]) => account)),
      int8Array(deltas.map(([, delta]) => delta)),
      lastMoveId,
    ],
  };
}

function holdStatements(
  platformId: bigint,
  set: WorkingSet,
  batch: {
    events: readonly Posted<PostedHoldEvent>[];
    date: BusinessDate;
    decided: readonly Decided[];
  },
): Statement[] {
  const { events, date, decided } = batch;
  const placed = placedHolds(decided, set);
  const placedIds = new Set(placed.map(({ holdId }) => holdId));
  const changed = set.changedHolds().filter(({ holdId }) => !placedIds.has(holdId));
  return [
    ...(placed.length > 0 ? [insertHolds(platformId, placed)] : []),
    ...(changed.length > 0 ? [updateHolds(platformId, changed)] : []),
    insertEvents(platformId, events, date),
  ];
}

interface PlacedHold {
  readonly holdId: bigint;
  /** What the batch has left of it: a later move of the batch may name it already. */
  readonly remaining: bigint;
  readonly move: HoldMove;
}

function placedHolds(decided: readonly Decided[], set: WorkingSet): PlacedHold[] {
  return decided.flatMap(({ submission, answer }) =>
    submission.moves.flatMap((move, i) => {
      const posting = answer.accepted ? answer.postings[i] : undefined;
      const hold = posting && set.hold(posting.moveId);
      return move.kind === 'hold' && hold
        ? [{ holdId: hold.holdId, remaining: hold.remaining, move }]
        : [];
    }),
  );
}

function insertHolds(platformId: bigint, placed: readonly PlacedHold[]): Statement {
  return {
    name: 'hold',
    text: `insert into hold (platform_id, hold_id, account_id, amount, remaining, owner, reason, expires_at)
             select p.platform_id, v.hold_id, v.account_id, v.amount, v.remaining, v.owner, v.reason,
                    v.expires_at::timestamptz
               from platform p, unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                                       $8::text[])
                 v (hold_id, account_id, amount, remaining, owner, reason, expires_at)
              where p.platform_id = $1`,
    values: [
      platformId,
      int8Array(placed.map(({ holdId }) => holdId)),
      int8Array(placed.map(({ move }) => move.account)),
      int8Array(placed.map(({ move }) => move.amount)),
      int8Array(placed.map(({ remaining }) => remaining)),
      textArray(placed.map(({ move }) => move.owner ?? null)),
      textArray(placed.map(({ move }) => move.reason)),
      textArray(placed.map(({ move }) => move.expiresAt?.toISOString() ?? null)),
    ],
  };
}

function updateHolds(
  platformId: bigint,
  holds: readonly { readonly holdId: bigint; readonly remaining: bigint }[],
): Statement {
  return {
    name: 'rest',
    text: `update hold h set remaining = v.remaining from unnest($2::bigint[], $3::bigint[]) v (id, remaining)
            where h.platform_id = $1 and h.hold_id = v.id`,
    values: [
      platformId,
      int8Array(holds.map(({ holdId }) => holdId)),
      int8Array(holds.map(({ remaining }) => remaining)),
    ],
  };
}

function insertEvents(
  platformId: bigint,
  events: readonly Posted<PostedHoldEvent>[],
  date: BusinessDate,
): Statement {
  return {
    name: 'event',
    text: `insert into hold_event (platform_id, business_date, move_id, hold_id, account_id, kind, amount, remaining,
               balance, held)
             select p.platform_id, $2::date, v.* from platform p,
               unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[],
                      $9::bigint[], $10::bigint[]) v
              where p.platform_id = $1`,
    values: [
      platformId,
      date,
      int8Array(events.map((e) => e.moveId)),
      int8Array(events.map((e) => e.holdId)),
      int8Array(events.map((e) => e.account)),
      textArray(events.map((e) => e.kind)),
      int8Array(events.map((e) => e.amount)),
      int8Array(events.map((e) => e.remaining)),
      int8Array(events.map((e) => e.after.balance)),
      int8Array(events.map((e) => e.after.held)),
    ],
  };
}
