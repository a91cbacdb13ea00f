import type { AccountId } from '../core/account.ts';
import type { Submission } from '../core/evaluate.ts';

/** What the moves of a batch name, each once. */
export interface Named {
  readonly accounts: readonly AccountId[];
  readonly holds: readonly bigint[];
  readonly transfers: readonly bigint[];
}

/** Looks through the moves of a batch. */
export function named(work: readonly Submission[]): Named {
  const accounts = new Set<AccountId>();
  const holds = new Set<bigint>();
  const transfers = new Set<bigint>();
  for (const { moves } of work) {
    for (const move of moves) {
      switch (move.kind) {
        case 'transfer':
          accounts.add(move.debit);
          accounts.add(move.credit);
          break;
        case 'hold':
          accounts.add(move.account);
          break;
        case 'release':
          holds.add(move.hold);
          break;
        case 'capture':
          holds.add(move.hold);
          accounts.add(move.credit);
          break;
        case 'reversal':
          transfers.add(move.transfer);
          break;
      }
    }
  }
  return { accounts: [...accounts], holds: [...holds], transfers: [...transfers] };
}
