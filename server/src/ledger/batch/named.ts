import type { Account, AccountId } from '../core/account.ts';
import type { Submission } from '../core/evaluate.ts';
import type { Named } from './read-state.ts';

/** What the moves of a batch name, each once; accounts without the internal ones that are known. */
export function named(
  work: readonly Submission[],
  internals: ReadonlyMap<AccountId, Account>,
): Named {
  const accounts = new Set<AccountId>();
  const holds = new Set<bigint>();
  const transfers = new Set<bigint>();
  const add = (id: AccountId) => {
    if (!internals.has(id)) accounts.add(id);
  };
  for (const { moves } of work) {
    for (const move of moves) {
      switch (move.kind) {
        case 'transfer':
          add(move.debit);
          add(move.credit);
          break;
        case 'hold':
          add(move.account);
          break;
        case 'release':
          holds.add(move.hold);
          break;
        case 'capture':
          holds.add(move.hold);
          add(move.credit);
          break;
        case 'reversal':
          transfers.add(move.transfer);
          break;
      }
    }
  }
  return { accounts: [...accounts], holds: [...holds], transfers: [...transfers] };
}
