import { bigintAt, bigintOrNone, type Row, textAt, textOrNone } from '../../db/row.ts';
import { int4Array, int8Array } from '../../db/wire.ts';
import { amount } from '../../kernel/amount.ts';
import { businessDate } from '../../kernel/business-date.ts';
import { instantOfMove } from '../../kernel/id.ts';
import { accountId } from '../core/account.ts';
import {
  type AcceptedAnswer,
  type HoldEventKind,
  holdEventKind,
  type PostedHoldEvent,
  type PostedTransfer,
  type Posting,
  type Side,
} from '../core/outcome.ts';
import type { Send } from './connection.ts';

/** The consecutive move numbers of one accepted request. */
export interface MoveRange {
  readonly firstMoveId: bigint;
  readonly count: number;
}

/**
 * Reads accepted answers again, word for word, from what they left in `transfer` and `hold_event`; by the
 * number of their first move.
 */
export async function readPostings(
  send: Send,
  platformId: bigint,
  ranges: readonly MoveRange[],
): Promise<Map<bigint, AcceptedAnswer>> {
  if (ranges.length === 0) return new Map();
  const values = [
    platformId,
    int8Array(ranges.map(({ firstMoveId }) => firstMoveId)),
    int4Array(ranges.map(({ count }) => count)),
  ];
  const [transferRows, eventRows] = await Promise.all([
    send({ name: 'postings_transfers', text: TRANSFERS, values }),
    send({ name: 'postings_events', text: EVENTS, values }),
  ]);
  const transfers = new Map(transferRows.map((row) => [bigintAt(row, 0), row]));
  const events = new Map(eventRows.map((row) => [bigintAt(row, 0), row]));
  return new Map(
    ranges.map((range) => [range.firstMoveId, toAnswer(range, { transfers, events })]),
  );
}

const TRANSFERS = `
  select t.transfer_id, t.debit_account_id, t.credit_account_id, t.amount, t.debit_balance, t.debit_held,
         t.credit_balance, t.credit_held, t.reverses_id, t.business_date, t.code, t.reference, t.memo
    from unnest($2::bigint[], $3::integer[]) as range (first_id, count)
    join transfer t on t.platform_id = $1
     and t.transfer_id >= range.first_id and t.transfer_id < range.first_id + range.count`;

const EVENTS = `
  select e.move_id, e.hold_id, e.account_id, e.kind, e.amount, e.remaining, e.balance, e.held, e.business_date
    from unnest($2::bigint[], $3::integer[]) as range (first_id, count)
    join hold_event e on e.platform_id = $1
     and e.move_id >= range.first_id and e.move_id < range.first_id + range.count`;

interface PostingRows {
  readonly transfers: ReadonlyMap<bigint, Row>;
  readonly events: ReadonlyMap<bigint, Row>;
}

function toAnswer({ firstMoveId, count }: MoveRange, rows: PostingRows): AcceptedAnswer {
  const postings = Array.from({ length: count }, (_, i) =>
    toPosting(firstMoveId + BigInt(i), rows),
  );
  const transferRow = rows.transfers.get(firstMoveId);
  const eventRow = rows.events.get(firstMoveId);
  const date = transferRow ? textAt(transferRow, 9) : eventRow && textAt(eventRow, 8);
  if (!date) throw new Error(`move ${firstMoveId} of an accepted request is missing`);
  return {
    accepted: true,
    repeated: true,
    businessDate: businessDate(date),
    bookedAt: instantOfMove(firstMoveId),
    postings,
  };
}

function toPosting(moveId: bigint, { transfers, events }: PostingRows): Posting {
  const transferRow = transfers.get(moveId);
  const eventRow = events.get(moveId);
  return {
    moveId,
    transfer: transferRow && toPostedTransfer(transferRow),
    holdEvent: eventRow && toHoldEvent(eventRow),
  };
}

/** Reads a transfer from the columns of TRANSFERS. */
function toPostedTransfer(row: Row): PostedTransfer {
  return {
    debit: toSide(row, { account: 1, balance: 4, held: 5 }),
    credit: toSide(row, { account: 2, balance: 6, held: 7 }),
    amount: amount(bigintAt(row, 3)),
    reverses: bigintOrNone(row, 8),
    code: textAt(row, 10),
    reference: textOrNone(row, 11),
    memo: textOrNone(row, 12),
  };
}

function toSide(row: Row, column: { account: number; balance: number; held: number }): Side {
  const balance = bigintOrNone(row, column.balance);
  const held = bigintOrNone(row, column.held);
  return {
    account: accountId(bigintAt(row, column.account)),
    after: balance === undefined || held === undefined ? undefined : { balance, held },
  };
}

function toHoldEvent(row: Row): PostedHoldEvent {
  const kind: HoldEventKind = holdEventKind(textAt(row, 3));
  return {
    holdId: bigintAt(row, 1),
    account: accountId(bigintAt(row, 2)),
    kind,
    amount: amount(bigintAt(row, 4)),
    remaining: bigintAt(row, 5),
    after: { balance: bigintAt(row, 6), held: bigintAt(row, 7) },
  };
}
