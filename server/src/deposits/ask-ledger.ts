/** What the poster asks of the ledger. */
import { brokenUnique } from '../db/database.ts';
import { type Answer, documentOf } from '../ledger/index.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { moveOf, type PlacedEntry } from './place-entries.ts';
import { POSTED_ONCE, postingWriter } from './posting-document.ts';

/** Posts entries, all or none. Undefined when another poster has posted one of them meanwhile. */
export async function submit(
  { ledger, newUuid }: DepositDeps,
  platformId: bigint,
  entries: readonly PlacedEntry[],
): Promise<Answer | undefined> {
  const requestId = `deposits/${newUuid()}`;
  const moves = entries.map(moveOf);
  const document = documentOf(postingWriter, entries);
  try {
    return await ledger.submit({ platformId, requestId, moves, document });
  } catch (error) {
    if (brokenUnique(error) === POSTED_ONCE) return undefined;
    throw error;
  }
}

/** Says what posting the entries would be answered, and keeps nothing. */
export async function preview(
  { ledger }: DepositDeps,
  platformId: bigint,
  entries: readonly PlacedEntry[],
): Promise<Answer | undefined> {
  return ledger.preview({ platformId, moves: entries.map(moveOf) });
}
