import { auditedBy, changesJson, type Originated } from '../audit/index.ts';
import type { DocumentWriter } from '../ledger/index.ts';
import { type Settlement, segmentsToJson, settlementTextId } from './settlement-store.ts';

/** A settlement on its way to be written. */
export interface SettlementRecord
  extends Originated,
    Omit<Settlement, 'transferId' | 'businessDate' | 'at' | 'reversal'> {
  /** The number of the account. */
  readonly number: string;
  /** How often the account was settled or reversed when this was worked out. */
  readonly sequence: number;
}

/** A settlement with what came of its money. */
export interface WrittenSettlement {
  readonly row: SettlementRecord;
  readonly transferId: bigint | null;
  readonly businessDate: string;
  readonly at: Date;
}

// Of two settlements of an account at once the update takes one: the other is undone.
const SETTLE = `
  with v as (
    select * from jsonb_to_recordset($2::jsonb)
      as v (settlement_id uuid, request_id text, account_id bigint, sequence integer, period_from date, period_to date,
            product numeric, exact numeric, computed bigint, interest bigint, segments jsonb, allocation_id uuid,
            transfer_id bigint, business_date date, at timestamptz)),
  moved as (
    update interest_account a set settled_to = v.period_to, sequence = a.sequence + 1, problem = null from v
     where a.platform_id = $1 and a.account_id = v.account_id and a.sequence = v.sequence
    returning 1),
  kept as (
    insert into interest_settlement (platform_id, settlement_id, request_id, account_id, period_from, period_to, product,
                                     exact, computed, interest, segments, allocation_id, transfer_id, business_date, at)
    select $1, settlement_id, request_id, account_id, period_from, period_to, product, exact, computed, interest, segments,
           allocation_id, transfer_id, business_date, at from v),
  shared as (
    update interest_allocation_part p set done = true, problem = null from v
     where p.platform_id = $1 and p.allocation_id = v.allocation_id and p.account_id = v.account_id),
  ${auditedBy(3)}
  select expect_count((select count(*) from moved), $4)`;

/** The one statement that writes settlements, with money or without. */
export function settlementStatement(platformId: bigint, items: readonly WrittenSettlement[]) {
  const rows = items.map(({ row, transferId, businessDate, at }) => ({
    settlement_id: row.settlementId,
    request_id: row.requestId,
    account_id: `${row.account}`,
    sequence: row.sequence,
    period_from: row.from,
    period_to: row.to,
    product: `${row.product}`,
    exact: `${row.exact}`,
    computed: `${row.computed}`,
    interest: `${row.interest}`,
    segments: JSON.parse(segmentsToJson(row.segments)) as unknown,
    allocation_id: row.allocationId,
    transfer_id: transferId === null ? null : `${transferId}`,
    business_date: businessDate,
    at,
  }));
  const changes = items.map(({ row, at }) => ({
    ...{ origin: row.origin, at, action: 'interest.settled' as const, before: null },
    object: { type: 'interest_settlement', id: settlementTextId(row.settlementId) },
    after: { account: row.number, from: row.from, to: row.to, interest: row.interest },
  }));
  return {
    name: 'interest_settle',
    text: SETTLE,
    values: [platformId, JSON.stringify(rows), changesJson(changes), items.length],
  };
}

/** Writes settlements with their money. */
export const settlementWriter: DocumentWriter<SettlementRecord> = {
  write: (platformId, items) =>
    settlementStatement(
      platformId,
      items.map(({ row, answer: { postings, businessDate, bookedAt: at } }) => ({
        ...{ row, businessDate, at },
        transferId: postings[0]?.moveId ?? null,
      })),
    ),
};

/** A reversal on its way to be written. */
export interface ReversalRecord extends Originated {
  readonly settlementId: string;
  readonly requestId: string;
  readonly reason: string;
  readonly interest: bigint;
}

/** A reversal with what came of its money. */
export interface WrittenReversal {
  readonly row: ReversalRecord;
  readonly transferId: bigint | null;
  readonly at: Date;
}

const REVERSE = `
  with v as (
    select * from jsonb_to_recordset($2::jsonb)
      as v (settlement_id uuid, request_id text, reason text, transfer_id bigint, at timestamptz)),
  moved as (
    update interest_account a set settled_to = s.period_from - 1, sequence = a.sequence + 1
      from v join interest_settlement s on s.platform_id = $1 and s.settlement_id = v.settlement_id
     where a.platform_id = $1 and a.account_id = s.account_id and a.settled_to = s.period_to
    returning 1),
  kept as (
    insert into interest_reversal (platform_id, settlement_id, request_id, transfer_id, reason, at)
    select $1, settlement_id, request_id, transfer_id, reason, at from v),
  ${auditedBy(3)}
  select expect_count((select count(*) from moved), $4)`;

/** The one statement that writes reversals, with money or without. */
export function reversalStatement(platformId: bigint, items: readonly WrittenReversal[]) {
  const rows = items.map(({ row, transferId, at }) => ({
    ...{ settlement_id: row.settlementId, request_id: row.requestId, reason: row.reason, at },
    transfer_id: transferId === null ? null : `${transferId}`,
  }));
  const changes = items.map(({ row, at }) => ({
    ...{ origin: row.origin, at, action: 'interest.reversed' as const, before: null },
    object: { type: 'interest_settlement', id: settlementTextId(row.settlementId) },
    after: { interest: row.interest, reason: row.reason },
  }));
  return {
    name: 'interest_reverse',
    text: REVERSE,
    values: [platformId, JSON.stringify(rows), changesJson(changes), items.length],
  };
}

/** Writes reversals with their money. */
export const reversalWriter: DocumentWriter<ReversalRecord> = {
  write: (platformId, items) =>
    reversalStatement(
      platformId,
      items.map(({ row, answer: { postings, bookedAt: at } }) => ({
        ...{ row, at },
        transferId: postings[0]?.moveId ?? null,
      })),
    ),
};
