import { type ApprovalUse, usedBy, usesJson } from '../approvals/index.ts';
import { auditedBy, changesJson, type Origin } from '../audit/index.ts';
import { amount } from '../kernel/amount.ts';
import type { AccountId, DocumentWriter, TransferMove } from '../ledger/index.ts';
import { type ChargeFacts, chargeTextId, FEE_CODES } from './charge.ts';

/** What goes back of a charge: what was not taken yet is forgiven, what was taken is given back. Minor units. */
export interface ReturnSums {
  readonly waived: bigint;
  readonly refunded: bigint;
}

/** A return on its way to be written, in whole. */
export interface ReturnRecord extends ReturnSums {
  readonly chargeId: bigint;
  readonly requestId: string;
  readonly kind: 'waiver' | 'reversal';
  readonly reason: string | null;
  readonly origin: Origin | undefined;
  /** The approval that allows it, where it needs one. */
  readonly use: ApprovalUse | undefined;
}

/** A return with when it was done and the transfer that gave the money back. */
export interface WrittenReturn {
  readonly row: ReturnRecord;
  readonly at: Date;
  readonly transferId: bigint | null;
}

/** All that can go back of a charge. */
export function returnable({ fee, collected, waived, refunded }: ChargeFacts): ReturnSums {
  return { waived: fee - collected - waived, refunded: collected - refunded };
}

/** The transfer that gives back what was taken; none when nothing was. */
export function refundMoves(
  charge: Pick<ChargeFacts, 'chargeId'> & {
    readonly bearer: AccountId;
    readonly income: AccountId;
  },
  { refunded }: ReturnSums,
): readonly TransferMove[] {
  if (refunded === 0n) return [];
  const { bearer, income, chargeId } = charge;
  return [
    {
      kind: 'transfer',
      code: FEE_CODES.refund,
      ...{ debit: income, credit: bearer, amount: amount(refunded) },
      reference: chargeTextId(chargeId),
    },
  ];
}

// A return is in whole: of two of one charge in a batch the update takes one, and the batch is undone.
const TEXT = `
  with asked as (
    select * from jsonb_to_recordset($2::jsonb)
      as v (charge_id bigint, request_id text, kind text, waived bigint, refunded bigint, transfer_id bigint,
            reason text, at timestamptz)),
  changed as (
    update fee_charge c set waived = c.waived + a.waived, refunded = c.refunded + a.refunded from asked a
     where c.platform_id = $1 and c.charge_id = a.charge_id
       and c.remaining = a.waived and c.collected - c.refunded = a.refunded
    returning 1),
  kept as (
    insert into fee_return (platform_id, request_id, charge_id, kind, waived, refunded, transfer_id, reason, at)
    select $1, request_id, charge_id, kind, waived, refunded, transfer_id, reason, at from asked),
  ${auditedBy(3)},
  ${usedBy(4)}
  select expect_count((select count(*) from changed), $5), expect_count((select count(*) from used), $6)`;

/** The one statement that writes returns, with money or without. */
export function returnStatement(platformId: bigint, items: readonly WrittenReturn[]) {
  const uses = items.flatMap(({ row: { use }, at }) => (use === undefined ? [] : [{ ...use, at }]));
  const rows = items.map(({ row, at, transferId }) => ({
    charge_id: `${row.chargeId}`,
    request_id: row.requestId,
    kind: row.kind,
    waived: `${row.waived}`,
    refunded: `${row.refunded}`,
    transfer_id: row.refunded === 0n || transferId === null ? null : `${transferId}`,
    reason: row.reason,
    at,
  }));
  const changes = items.map(({ row, at }) => ({
    ...{ origin: row.origin, at, action: 'fee_charge.returned' as const, before: null },
    object: { type: 'fee_charge', id: chargeTextId(row.chargeId) },
    after: { kind: row.kind, waived: row.waived, refunded: row.refunded, reason: row.reason },
  }));
  return {
    name: 'fees_return',
    text: TEXT,
    values: [
      ...[platformId, JSON.stringify(rows), changesJson(changes), usesJson(uses)],
      ...[items.length, uses.length],
    ],
  };
}

/** Writes returns with the money that goes back, wherever its move stands. */
export const returnWriter: DocumentWriter<ReturnRecord> = {
  write: (platformId, items) =>
    returnStatement(
      platformId,
      items.map(({ row, answer }) => {
        const refund = answer.postings.find((each) => each.transfer?.code === FEE_CODES.refund);
        return { row, at: answer.bookedAt, transferId: refund?.moveId ?? null };
      }),
    ),
};
