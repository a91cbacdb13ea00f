import { strict as assert } from 'node:assert';
import { int8Array, textArray } from '../db/wire.ts';
import type { AcceptedAnswer, DocumentWriter } from '../ledger/index.ts';
import type { FreezeFacts, FreezeStep, StepKind } from './freeze.ts';
import { KIND_IN_TABLE, STEP_IN_TABLE } from './freeze-store.ts';

/** What is known of a freeze before its money is put aside. */
export type FreezeRecord = Pick<
  FreezeFacts,
  'kind' | 'payer' | 'payee' | 'reason' | 'reference' | 'memo'
>;

/** What is known of a step before its money moves. */
export interface StepRecord {
  readonly freezeId: bigint;
  readonly kind: StepKind;
  readonly reason: string | null;
}

/** The freeze that an accepted answer made: its hold comes last, behind the payment of a pay-freeze. */
export function freezeOf(record: FreezeRecord, answer: AcceptedAnswer): FreezeFacts {
  const event = answer.postings.at(-1)?.holdEvent;
  assert(event, 'a freeze leaves a hold behind');
  const transfer = answer.postings.find((posting) => posting.transfer);
  return {
    ...record,
    freezeId: event.holdId,
    transferId: transfer?.moveId ?? null,
    amount: event.amount,
    businessDate: answer.businessDate,
  };
}

/** The step that an accepted answer made. */
export function stepOf({ freezeId, kind, reason }: StepRecord, answer: AcceptedAnswer): FreezeStep {
  const [posting] = answer.postings;
  assert(posting?.holdEvent, 'a step takes from a hold');
  const { moveId, transfer, holdEvent } = posting;
  const { amount, remaining } = holdEvent;
  const { businessDate } = answer;
  const credit = transfer?.credit.account ?? null;
  return { stepId: moveId, freezeId, kind, amount, remaining, credit, reason, businessDate };
}

/** Writes new freezes with the money that is put aside. */
export const freezeWriter: DocumentWriter<FreezeRecord> = {
  write: (platformId, items) => {
    const rows = items.map(({ row, answer }) => freezeOf(row, answer));
    return {
      name: 'transfers_freeze',
      text: `insert into freeze_document (platform_id, freeze_id, kind, payer_account_id, payee_account_id, transfer_id,
                    amount, reason, reference, memo, business_date)
             select $1, v.* from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                    $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[]::date[]) v`,
      values: [
        platformId,
        int8Array(rows.map(({ freezeId }) => freezeId)),
        textArray(rows.map(({ kind }) => KIND_IN_TABLE[kind])),
        int8Array(rows.map(({ payer }) => payer)),
        int8Array(rows.map(({ payee }) => payee)),
        int8Array(rows.map(({ transferId }) => transferId)),
        int8Array(rows.map(({ amount }) => amount)),
        textArray(rows.map(({ reason }) => reason)),
        textArray(rows.map(({ reference }) => reference)),
        textArray(rows.map(({ memo }) => memo)),
        textArray(rows.map(({ businessDate }) => businessDate)),
      ],
    };
  },
};

/**
 * Counts freezes down with the money that leaves them. A batch may have several steps of one freeze, and an
 * update takes each row once: they are added up first. The hold has decided; a freeze that is not there, or has
 * less than its hold had, undoes the submission.
 */
export const stepWriter: DocumentWriter<StepRecord> = {
  write: (platformId, items) => {
    const rows = items.map(({ row, answer }) => stepOf(row, answer));
    return {
      name: 'transfers_freeze_step',
      text: `with step as (
               select * from unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                      $8::text[], $9::text[]::date[])
                      v (freeze_id, step_id, kind, amount, remaining, credit_account_id, reason, business_date)),
             total as (
               select freeze_id, count(*) as steps,
                      coalesce(sum(amount) filter (where kind = 'unfreeze'), 0)::bigint as unfrozen,
                      coalesce(sum(amount) filter (where kind = 'unfreeze_pay'), 0)::bigint as paid
                 from step group by freeze_id),
             counted as (
               update freeze_document f set unfrozen = f.unfrozen + t.unfrozen, paid = f.paid + t.paid
                 from total t
                where f.platform_id = $1 and f.freeze_id = t.freeze_id and f.remaining >= t.unfrozen + t.paid
               returning f.freeze_id),
             kept as (
               insert into freeze_step (platform_id, freeze_id, step_id, kind, amount, remaining, credit_account_id,
                      reason, business_date)
               select $1, s.* from step s join counted using (freeze_id)
               returning 1)
             select expect_count(count(*), $10) from kept`,
      values: [
        platformId,
        int8Array(rows.map(({ freezeId }) => freezeId)),
        int8Array(rows.map(({ stepId }) => stepId)),
        textArray(rows.map(({ kind }) => STEP_IN_TABLE[kind])),
        int8Array(rows.map(({ amount }) => amount)),
        int8Array(rows.map(({ remaining }) => remaining)),
        int8Array(rows.map(({ credit }) => credit)),
        textArray(rows.map(({ reason }) => reason)),
        textArray(rows.map(({ businessDate }) => businessDate)),
        items.length,
      ],
    };
  },
};
