import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { mainAccountNotFound } from './errors.ts';
import {
  type MainAccountRecord,
  type MainAccountSums,
  type PublicNumbers,
  selectMainAccountSums,
  selectMainAccounts,
} from './main-account-store.ts';
import { normaliseBankAccount } from './numbering.ts';

/** A main account (主体账户) with its sums of one moment, in minor units. */
export interface MainAccount {
  readonly number: string;
  readonly name: string;
  readonly bankName: string | null;
  readonly currency: string;
  readonly prefix: string;
  /** The bank counts its references anew from day to day: an entry is known by booking date and reference. */
  readonly referencesPerDay: boolean;
  /** What the bank has, by what was recorded: virtualAccountsBalance − unexplainedDebits. */
  readonly bankBalance: bigint;
  readonly virtualAccountsBalance: bigint;
  /** Money that left the bank and that nobody has explained yet. */
  readonly unexplainedDebits: bigint;
  /** The numbers of its public accounts and of the platform's own. */
  readonly accounts: PublicNumbers;
  readonly createdAt: Date;
}

/** One main account by its number at the bank. Throws AppError: `main_account_not_found`. */
export async function readMainAccount(
  { db }: { db: Db },
  platformId: bigint,
  number: string,
): Promise<MainAccount> {
  const plain = normaliseBankAccount(number);
  const [found] =
    plain === undefined
      ? []
      : await selectMainAccountSums(db, platformId, { number: plain, limit: 1 });
  if (!found) throw new AppError(mainAccountNotFound, { mainAccount: number });
  return toMainAccount(found);
}

/** Main accounts in the order in which they were opened. `next`: the position to go on after, when there are more. */
export async function listMainAccounts(
  { db }: { db: Db },
  platformId: bigint,
  { after, limit }: { after?: bigint | undefined; limit: number },
): Promise<{ mainAccounts: readonly MainAccount[]; next: bigint | undefined }> {
  const found = await selectMainAccountSums(db, platformId, { after, limit: limit + 1 });
  const shown = found.slice(0, limit);
  return {
    mainAccounts: shown.map(toMainAccount),
    next: found.length > limit ? shown.at(-1)?.mainAccountId : undefined,
  };
}

/**
 * The main account of that number at the bank, however it is written (an IBAN in groups, small letters), with
 * the ledger ids of its system and public accounts. Undefined when there is none. All of it but `referencesPerDay`
 * never changes: whoever relies on that one asks again under the lock of its row.
 */
export async function readMainAccountRecord(
  db: Db,
  platformId: bigint,
  number: string,
): Promise<MainAccountRecord | undefined> {
  const plain = normaliseBankAccount(number);
  if (plain === undefined) return undefined;
  const [found] = await selectMainAccounts(db, platformId, { numbers: [plain], limit: 1 });
  return found;
}

/** Main accounts of a platform at most: one per account at a bank. */
const MAX_MAIN_ACCOUNTS = 10_000;

/** All main accounts of a platform, with the ledger ids of their accounts. */
export async function readMainAccountRecords(
  db: Db,
  platformId: bigint,
): Promise<readonly MainAccountRecord[]> {
  return selectMainAccounts(db, platformId, { limit: MAX_MAIN_ACCOUNTS });
}

function toMainAccount(found: MainAccountSums): MainAccount {
  const { number, name, bankName, currency, prefix, createdAt, numbers: accounts } = found;
  const { referencesPerDay } = found;
  const { bankBalance, virtualAccountsBalance, unexplainedDebits } = found;
  return {
    ...{ number, name, bankName, currency, prefix, referencesPerDay },
    ...{ bankBalance, virtualAccountsBalance, unexplainedDebits },
    accounts,
    createdAt,
  };
}
