import { int8Array, textArray } from '../db/wire.ts';
import { textMoveId } from '../kernel/id.ts';
import type { Documented, DocumentWriter } from '../ledger/index.ts';
import { eventStatement, type NewEvent } from '../outbox/index.ts';
import { entryTextId } from './bank-entry.ts';
import type { PlacedEntry } from './place-entries.ts';

/** The entries of one submission, in the order of its moves. */
export type PostingGroup = readonly PlacedEntry[];

/** The key that keeps an entry from being posted twice. */
export const POSTED_ONCE = 'bank_entry_posting_pkey';

/**
 * Says of entries where they went, in the transaction that moves the money. An entry that has a posting already
 * breaks `POSTED_ONCE`, and its submission is undone.
 */
export const postingWriter: DocumentWriter<PostingGroup> = {
  write: (platformId, items) => {
    const entries = items.flatMap(({ row }) => row);
    const moveIds = items.flatMap(({ answer }) => answer.postings.map(({ moveId }) => moveId));
    const posting = {
      name: 'deposits_post',
      text: `insert into bank_entry_posting (platform_id, bank_entry_id, account_id, transfer_id, state, match_reason,
                                               matched_account_id)
             select p.platform_id, v.id::uuid, v.account_id, v.transfer_id, v.state, v.reason, v.matched
               from platform p, unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
                                       $7::bigint[])
                 v (id, account_id, transfer_id, state, reason, matched)
              where p.platform_id = $1`,
      values: [
        platformId,
        textArray(entries.map(({ entryId }) => entryId)),
        int8Array(entries.map(({ account }) => account)),
        int8Array(moveIds),
        textArray(entries.map(({ state }) => state)),
        textArray(entries.map(({ reason }) => reason)),
        int8Array(entries.map(({ matched }) => matched ?? null)),
      ],
    };
    return [posting, eventStatement(platformId, items.flatMap(eventsOf))];
  },
};

/** What the platform is told of a group: `bank_entry.credited`, `.suspended` or `.debited` for each of its entries. */
function eventsOf({ row, answer }: Documented<PostingGroup>): NewEvent[] {
  return row.map(({ entryId, main, amount, state, reason }, i) => {
    const moveId = answer.postings[i]?.moveId;
    return {
      type: `bank_entry.${state}`,
      objectId: entryTextId(entryId),
      data: {
        ...{ amount, currency: main.currency, mainAccount: main.number, reason },
        transfer: moveId === undefined ? null : textMoveId('trf', moveId),
      },
      createdAt: answer.bookedAt,
    };
  });
}
