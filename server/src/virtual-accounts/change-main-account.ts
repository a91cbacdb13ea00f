import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { mainAccountNotFound } from './errors.ts';
import { setReferencesPerDay } from './main-account-store.ts';
import { normaliseBankAccount } from './numbering.ts';
import { type MainAccount, readMainAccount } from './read-main-accounts.ts';

/**
 * Says of a main account that its bank counts references anew from day to day, for good: from now on a line of a
 * statement is known by its booking date and its reference. What was recorded before stays known. Doing it again
 * changes nothing. Throws AppError: `main_account_not_found`.
 */
export async function countReferencesPerDay(
  { db }: { db: Db },
  platformId: bigint,
  number: string,
): Promise<MainAccount> {
  const plain = normaliseBankAccount(number);
  const isThere = plain !== undefined && (await setReferencesPerDay(db, platformId, plain));
  if (!isThere) throw new AppError(mainAccountNotFound, { mainAccount: number });
  return readMainAccount({ db }, platformId, plain);
}
