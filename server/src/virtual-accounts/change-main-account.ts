import { recordChange } from '../audit/index.ts';
import { inTransaction, isTransient } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { busy } from '../ledger/index.ts';
import { mainAccountNotFound } from './errors.ts';
import { setReferencesPerDay } from './main-account-store.ts';
import { normaliseBankAccount } from './numbering.ts';
import type { AccountDeps } from './open-main-account.ts';
import { type MainAccount, readMainAccount } from './read-main-accounts.ts';

/** What a client is told to wait while a file is recorded: a large one takes longer than a lock is waited for. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Says of a main account that its bank counts references anew from day to day, for good: from now on a line of a
 * statement is known by its booking date and its reference. What was recorded before stays known. Doing it again
 * changes nothing. Throws AppError: `main_account_not_found`; `busy` while an import of it records a large file.
 */
export async function countReferencesPerDay(
  { db, clock, origin }: Omit<AccountDeps, 'random'>,
  platformId: bigint,
  number: string,
): Promise<MainAccount> {
  const plain = normaliseBankAccount(number);
  const work = async (number: string) =>
    inTransaction(db, async (tx) => {
      const before = await setReferencesPerDay(tx, platformId, number);
      if (!before || before.referencesPerDay) return before !== undefined;
      await recordChange(tx, platformId, {
        ...{ origin, at: clock.now(), action: 'main_account.changed' },
        object: { type: 'main_account', id: number },
        before,
        after: { referencesPerDay: true },
      });
      return true;
    });
  const isThere = plain !== undefined && (await work(plain).catch(asBusy));
  if (!isThere) throw new AppError(mainAccountNotFound, { mainAccount: number });
  return readMainAccount({ db }, platformId, plain);
}

/** The row was not to be had in time: nothing was done. */
function asBusy(cause: unknown): never {
  if (!isTransient(cause)) throw cause;
  throw new AppError(busy, { retryAfterSeconds: RETRY_AFTER_SECONDS }, { cause });
}
