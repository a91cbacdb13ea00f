import { auditedBy, changesJson, type Originated } from '../audit/index.ts';
import { int4Array, int8Array, textArray } from '../db/wire.ts';
import type { DocumentWriter } from '../ledger/index.ts';
import { type OrderEvent, orderTextId, statesFor } from './order.ts';
import type { Movement } from './store.ts';

/** What is written with what happens to an order: relative to what is there, and only where that allows it. */
export interface ActionRecord extends Originated {
  readonly orderId: string;
  readonly actionId: string;
  readonly requestId: string;
  readonly content: string;
  readonly event: OrderEvent;
  readonly at: Date;
  readonly reason?: string | undefined;
  readonly outstanding?: bigint | undefined;
  /** In the order of the submission's moves. */
  readonly movements: readonly Omit<Movement, 'moveId'>[];
}

/** An action with the numbers of its moves; it has none where no money moved. */
export interface WrittenAction {
  readonly row: ActionRecord;
  readonly moveIds: readonly bigint[];
  readonly businessDate: string | undefined;
}

/** Writes actions in the transaction that moves their money. An order that does not allow it undoes its submission. */
export const actionWriter: DocumentWriter<ActionRecord> = {
  write: (platformId, items) =>
    actionStatement(
      platformId,
      items.map(({ row, answer }) => ({
        row,
        moveIds: answer.postings.map(({ moveId }) => moveId),
        businessDate: answer.businessDate,
      })),
    ),
};

/** The key that lets each request act once. */
export const REQUEST_ONCE = 'escrow_action_request';

// Whoever comes second waits for the row of the order, and its conditions are looked at again then.
const TEXT = `
  with v as (
    select * from unnest($2::text[]::uuid[], $3::text[]::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::bigint[], $9::bigint[], $10::bigint[], $11::text[]::timestamptz[],
                         $12::text[]::date[], $13::text[], $14::bigint[])
      v (order_id, action_id, request_id, content, kind, states, split, returned, refunded, at, business_date,
         reason, outstanding)),
  m as (
    select * from unnest($15::text[]::uuid[], $16::text[]::uuid[], $17::integer[], $18::text[], $19::bigint[],
                         $20::text[], $21::bigint[], $22::bigint[])
      m (order_id, action_id, position, kind, account_id, role, amount, move_id)),
  changed as (
    update escrow_order o set
      split_amount = o.split_amount + v.split,
      returned_amount = o.returned_amount + v.returned,
      refunded_amount = o.refunded_amount + v.refunded,
      state = case when v.kind = 'dispute' then 'disputed' when v.kind = 'resolve' then 'held'
                   when v.kind = 'finish' then 'finished'
                   when o.amount - o.split_amount - o.returned_amount = v.split + v.returned then 'settled'
                   else o.state end,
      disputed_at = case when v.kind = 'dispute' then v.at when v.kind = 'resolve' then null
                         when o.amount - o.split_amount - o.returned_amount = v.split + v.returned then null
                         else o.disputed_at end,
      deadline_at = case when v.kind = 'resolve' then o.deadline_at + (v.at - o.disputed_at) else o.deadline_at end,
      due_at = case when v.kind = 'resolve' then o.deadline_at + (v.at - o.disputed_at) else o.due_at end
     from v
    where o.platform_id = $1 and o.order_id = v.order_id and o.state = any (string_to_array(v.states, ','))
      and o.amount - o.split_amount - o.returned_amount >= v.split + v.returned
      and (v.kind not in ('deadline', 'finish')
           or o.amount - o.split_amount - o.returned_amount = v.split + v.returned)
      and (v.kind <> 'deadline' or o.deadline_at <= v.at)
    returning o.order_id, v.action_id, v.request_id, v.content, v.kind, v.reason, v.outstanding, v.business_date, v.at,
              o.state, o.amount - o.split_amount - o.returned_amount as remaining),
  kept as (
    insert into escrow_action (platform_id, order_id, action_id, request_id, content, kind, state, remaining,
                               outstanding, reason, business_date, at)
    select $1, order_id, action_id, request_id, content, kind, state, remaining, outstanding, reason, business_date, at
      from changed
    returning 1),
  received as (
    insert into escrow_receiver (platform_id, order_id, account_id, role, position, received)
    select $1, order_id, account_id, role, 1000 + position, amount from m where kind = 'split'
    on conflict (platform_id, order_id, account_id)
      do update set received = escrow_receiver.received + excluded.received),
  given as (
    update escrow_receiver r set refunded = r.refunded + m.amount from m
     where r.platform_id = $1 and r.order_id = m.order_id and r.account_id = m.account_id and m.kind = 'refund'
       and r.received - r.refunded >= m.amount
    returning 1),
  moved as (
    insert into escrow_movement (platform_id, order_id, action_id, position, kind, account_id, role, amount, move_id)
    select $1, order_id, action_id, position, kind, account_id, role, amount, move_id from m),
  ${auditedBy(24)}
  select expect_count((select count(*) from kept) + (select count(*) from given), $23)`;

/** The one statement that writes actions, with money or without. */
export function actionStatement(platformId: bigint, items: readonly WrittenAction[]) {
  const rows = items.map(({ row }) => row);
  const movements = items.flatMap(({ row, moveIds }) =>
    row.movements.map((each, position) => ({
      ...each,
      orderId: row.orderId,
      actionId: row.actionId,
      position,
      moveId: moveIds[position] ?? null,
    })),
  );
  const sums = (kind: Movement['kind']) => int8Array(rows.map((row) => sumOf(row, kind)));
  const refunds = movements.filter(({ kind }) => kind === 'refund').length;
  return {
    name: 'escrow_act',
    text: TEXT,
    values: [
      platformId,
      textArray(rows.map(({ orderId }) => orderId)),
      textArray(rows.map(({ actionId }) => actionId)),
      textArray(rows.map(({ requestId }) => requestId)),
      textArray(rows.map(({ content }) => content)),
      textArray(rows.map(({ event }) => event)),
      textArray(rows.map(({ event }) => statesFor(event).join(','))),
      sums('split'),
      sums('return'),
      sums('refund'),
      textArray(rows.map(({ at }) => at.toISOString())),
      textArray(items.map(({ businessDate }) => businessDate ?? null)),
      textArray(rows.map(({ reason }) => reason ?? null)),
      int8Array(rows.map(({ outstanding }) => outstanding ?? 0n)),
      textArray(movements.map(({ orderId }) => orderId)),
      textArray(movements.map(({ actionId }) => actionId)),
      int4Array(movements.map(({ position }) => position)),
      textArray(movements.map(({ kind }) => kind)),
      int8Array(movements.map(({ account }) => account)),
      textArray(movements.map(({ role }) => role)),
      int8Array(movements.map(({ amount }) => amount)),
      int8Array(movements.map(({ moveId }) => moveId)),
      items.length + refunds,
      changesJson(rows.map(changeOf)),
    ],
  };
}

function changeOf(row: ActionRecord) {
  return {
    origin: row.origin,
    at: row.at,
    action: `escrow_order.${row.event}` as const,
    object: { type: 'escrow_order', id: orderTextId(row.orderId) },
    before: null,
    after: {
      split: sumOf(row, 'split'),
      returned: sumOf(row, 'return'),
      refunded: sumOf(row, 'refund'),
    },
  };
}

function sumOf({ movements }: ActionRecord, kind: Movement['kind']): bigint {
  return movements.reduce((sum, each) => (each.kind === kind ? sum + each.amount : sum), 0n);
}
