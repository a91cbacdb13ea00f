import { int8Array, textArray } from '../db/wire.ts';
import type { DocumentWriter } from '../ledger/index.ts';
import type { PlacedEntry } from './place-entries.ts';

/** The entries of one submission, in the order of its moves. */
export type PostingGroup = readonly PlacedEntry[];

/**
 * Says of entries where they went, in the transaction that moves the money. Only what is still `recorded` may
 * be posted: otherwise the submission is undone, so that an entry is never posted twice.
 */
export const postingWriter: DocumentWriter<PostingGroup> = {
  write: (platformId, items) => {
    const entries = items.flatMap(({ row }) => row);
    const moveIds = items.flatMap(({ answer }) => answer.postings.map(({ moveId }) => moveId));
    return {
      name: 'deposits_post',
      text: `with posted as (
               update bank_entry e
                  set state = v.state, match_reason = v.reason, account_id = v.account_id, transfer_id = v.transfer_id
                 from unnest($2::text[]::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
                        v (id, state, reason, account_id, transfer_id)
                where e.platform_id = $1 and e.bank_entry_id = v.id and e.state = 'recorded'
               returning 1)
             select expect_count(count(*), $7) from posted`,
      values: [
        platformId,
        textArray(entries.map(({ entryId }) => entryId)),
        textArray(entries.map(({ state }) => state)),
        textArray(entries.map(({ reason }) => reason)),
        int8Array(entries.map(({ account }) => account)),
        int8Array(moveIds),
        entries.length,
      ],
    };
  },
};
