import { auditedBy, changesJson, type Originated } from '../audit/index.ts';
import { int4Array, int8Array, textArray } from '../db/wire.ts';
import type { AccountId, DocumentWriter } from '../ledger/index.ts';
import { orderTextId, type SplitPart } from './order.ts';
import { splitToJson } from './split-json.ts';

/** What is written with the payment of an order. */
export interface PaymentRecord extends Originated {
  readonly orderId: string;
  readonly actionId: string;
  readonly requestId: string;
  readonly content: string;
  readonly reference: string;
  readonly buyer: AccountId;
  readonly amount: bigint;
  readonly split: readonly SplitPart[];
  readonly maxSharePpm: number;
  readonly deadline: { readonly at: Date; readonly action: 'release' | 'refund' } | undefined;
  readonly sellers: readonly AccountId[];
}

/** The key that keeps the reference of an order its own. */
export const REFERENCE_ONCE = 'escrow_order_reference';

/** Writes orders in the transaction that puts their money aside. */
export const paymentWriter: DocumentWriter<PaymentRecord> = {
  write: (platformId, items) => {
    const rows = items.map(({ row }) => row);
    const sellers = rows.flatMap(({ orderId, sellers: all }) =>
      all.map((account, position) => ({ orderId, account, position })),
    );
    return {
      name: 'escrow_pay',
      text: `with v as (
               select * from unnest($2::text[]::uuid[], $3::text[]::uuid[], $4::text[], $5::text[], $6::text[],
                                    $7::bigint[], $8::bigint[], $9::bigint[], $10::text[]::jsonb[], $11::integer[],
                                    $12::text[]::timestamptz[], $13::text[], $14::text[]::timestamptz[],
                                    $15::text[]::date[])
                 v (order_id, action_id, request_id, content, reference, buyer, amount, hold_id, split,
                    max_share_ppm, deadline_at, deadline_action, at, business_date)),
             paid as (
               insert into escrow_order (platform_id, order_id, reference, buyer_account_id, amount, hold_id, split,
                                         max_share_ppm, deadline_at, deadline_action, due_at, created_at)
               select $1, order_id, reference, buyer, amount, hold_id, split, max_share_ppm, deadline_at,
                      deadline_action, deadline_at, at from v),
             sellers as (
               insert into escrow_receiver (platform_id, order_id, account_id, role, position)
               select $1, order_id, account_id, 'seller', position
                 from unnest($16::text[]::uuid[], $17::bigint[], $18::integer[]) s (order_id, account_id, position)),
             ${auditedBy(19)}
             insert into escrow_action (platform_id, order_id, action_id, request_id, content, kind, state, remaining,
                                        business_date, at)
             select $1, order_id, action_id, request_id, content, 'pay', 'held', amount, business_date, at from v`,
      values: [
        platformId,
        textArray(rows.map(({ orderId }) => orderId)),
        textArray(rows.map(({ actionId }) => actionId)),
        textArray(rows.map(({ requestId }) => requestId)),
        textArray(rows.map(({ content }) => content)),
        textArray(rows.map(({ reference }) => reference)),
        int8Array(rows.map(({ buyer }) => buyer)),
        int8Array(rows.map(({ amount }) => amount)),
        int8Array(items.map(({ answer }) => answer.postings[0]?.moveId ?? null)),
        textArray(rows.map(({ split }) => splitToJson(split))),
        int4Array(rows.map(({ maxSharePpm }) => maxSharePpm)),
        textArray(rows.map(({ deadline }) => deadline?.at.toISOString() ?? null)),
        textArray(rows.map(({ deadline }) => deadline?.action ?? null)),
        textArray(items.map(({ answer }) => answer.bookedAt.toISOString())),
        textArray(items.map(({ answer }) => answer.businessDate)),
        textArray(sellers.map(({ orderId }) => orderId)),
        int8Array(sellers.map(({ account }) => account)),
        int4Array(sellers.map(({ position }) => position)),
        changesJson(
          items.map(({ row: { origin, orderId, reference, amount }, answer }) => ({
            ...{ origin, at: answer.bookedAt, action: 'escrow_order.pay' as const },
            object: { type: 'escrow_order', id: orderTextId(orderId) },
            before: null,
            after: { reference, amount },
          })),
        ),
      ],
    };
  },
};
