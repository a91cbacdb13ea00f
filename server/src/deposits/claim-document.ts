import { type ApprovalUse, usedBy, usesJson } from '../approvals/index.ts';
import { auditedBy, changesJson, type Origin } from '../audit/index.ts';
import { int4Array, int8Array, textArray } from '../db/wire.ts';
import { textMoveId } from '../kernel/id.ts';
import type { AcceptedAnswer, AccountId, Documented, DocumentWriter } from '../ledger/index.ts';
import { eventStatement } from '../outbox/index.ts';
import { entryTextId } from './bank-entry.ts';

/** What is written with a claim. */
export interface ClaimRecord {
  readonly entryId: string;
  readonly account: AccountId;
  readonly audited: ClaimFacts;
}

/** What the audit log tells of it: who asked, the number of the account, and minor units. */
export interface ClaimFacts {
  readonly origin: Origin | undefined;
  readonly number: string;
  readonly amount: bigint;
}

/** What is written with the reversal of a claim. */
export interface ClaimReversalRecord {
  readonly entryId: string;
  readonly claimNumber: number;
  readonly suspense: AccountId;
  /** The approval that allows it, where it needs one: used up with it. */
  readonly use: ApprovalUse | undefined;
  readonly audited: ClaimFacts;
}

const transferIds = (items: readonly { readonly answer: AcceptedAnswer }[]) =>
  items.map(({ answer }) => answer.postings[0]?.moveId ?? null);

type Items = readonly {
  readonly row: { readonly entryId: string; readonly audited: ClaimFacts };
  readonly answer: AcceptedAnswer;
}[];

/** What the platform is told, behind what is written. */
function tell(platformId: bigint, items: Items, type: string) {
  const events = items.map(({ row: { entryId, audited }, answer }) => {
    const moveId = answer.postings[0]?.moveId;
    const transfer = moveId === undefined ? null : textMoveId('trf', moveId);
    const data = { amount: audited.amount, account: audited.number, transfer };
    return { type, objectId: entryTextId(entryId), data, createdAt: answer.bookedAt };
  });
  return eventStatement(platformId, events);
}

function changesOf(
  items: Items,
  { action, before, after }: { action: `deposit.${string}`; before: string; after: string },
): string {
  return changesJson(
    items.map(({ row: { entryId, audited }, answer }) => ({
      origin: audited.origin,
      at: answer.bookedAt,
      action,
      object: { type: 'bank_entry', id: entryTextId(entryId) },
      before: { state: before },
      after: { state: after, account: audited.number, amount: audited.amount },
    })),
  );
}

/** Gives suspended entries to accounts. What does not wait in suspense any more undoes its submission. */
export const claimWriter: DocumentWriter<ClaimRecord> = {
  write: (platformId, items) => [
    {
      name: 'deposits_claim',
      text: `with claimed as (
             update bank_entry_posting e
                set state = 'claimed', account_id = v.account_id, claim_count = e.claim_count + 1
               from unnest($2::text[]::uuid[], $3::bigint[], $4::bigint[]) v (id, account_id, transfer_id)
              where e.platform_id = $1 and e.bank_entry_id = v.id and e.state = 'suspended'
             returning e.platform_id, e.bank_entry_id, e.claim_count, v.account_id, v.transfer_id),
           kept as (
             insert into claim (platform_id, bank_entry_id, claim_number, account_id, transfer_id)
             select * from claimed
             returning 1),
           ${auditedBy(6)}
           select expect_count(count(*), $5) from kept`,
      values: [
        platformId,
        textArray(items.map(({ row }) => row.entryId)),
        int8Array(items.map(({ row }) => row.account)),
        int8Array(transferIds(items)),
        items.length,
        changesOf(items, { action: 'deposit.claimed', before: 'suspended', after: 'claimed' }),
      ],
    },
    tell(platformId, items, 'bank_entry.claimed'),
  ],
};

/** Takes claims back, each the one that was named. One that was taken back already undoes its submission. */
export const claimReversalWriter: DocumentWriter<ClaimReversalRecord> = {
  write: (platformId, items) => [
    {
      name: 'deposits_claim_reversal',
      text: `with returned as (
             update bank_entry_posting e set state = 'suspended', account_id = v.suspense
               from unnest($2::text[]::uuid[], $3::integer[], $4::bigint[], $5::bigint[])
                      v (id, claim_number, suspense, transfer_id)
              where e.platform_id = $1 and e.bank_entry_id = v.id and e.state = 'claimed'
                and e.claim_count = v.claim_number
             returning e.bank_entry_id, e.claim_count, v.transfer_id),
           kept as (
             update claim c set reversal_transfer_id = r.transfer_id from returned r
              where c.platform_id = $1 and c.bank_entry_id = r.bank_entry_id and c.claim_number = r.claim_count
             returning 1),
           ${auditedBy(7)},
           ${usedBy(8)}
           select expect_count(count(*), $6), expect_count((select count(*) from used), $9) from kept`,
      values: [
        platformId,
        textArray(items.map(({ row }) => row.entryId)),
        int4Array(items.map(({ row }) => row.claimNumber)),
        int8Array(items.map(({ row }) => row.suspense)),
        int8Array(transferIds(items)),
        items.length,
        changesOf(items, {
          action: 'deposit.claim_reversed',
          before: 'claimed',
          after: 'suspended',
        }),
        usesJson(usesOf(items)),
        usesOf(items).length,
      ],
    },
    tell(platformId, items, 'bank_entry.claim_reversed'),
  ],
};

function usesOf(items: readonly Documented<ClaimReversalRecord>[]) {
  return items.flatMap(({ row: { use }, answer }) =>
    use === undefined ? [] : [{ ...use, at: answer.bookedAt }],
  );
}
