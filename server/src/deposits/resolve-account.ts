import type { StatementOpened } from '../banking/index.ts';
import { AppError } from '../kernel/error.ts';
import { type MainAccountRecord, normaliseBankAccount } from '../virtual-accounts/index.ts';
import {
  statementAccountDiffers,
  statementAccountRequired,
  statementAccountUnknown,
  statementCurrencyDiffers,
} from './errors.ts';
import type { LineFormat } from './import-report.ts';

/** The main accounts that the statements of a file may be of. */
export interface Accounts {
  readonly all: readonly MainAccountRecord[];
  /** The only one allowed, when one was named. */
  readonly named: MainAccountRecord | undefined;
  readonly format: LineFormat;
}

/**
 * The main account that a statement is of: by the account number in the file, else the one that was named.
 * Never a guess. Throws AppError: `statement_account_unknown`, `statement_account_required`,
 * `statement_account_differs`, `statement_currency_differs`.
 */
export function resolveAccount(
  { all, named, format }: Accounts,
  { accountNumber, currency }: Pick<StatementOpened, 'accountNumber' | 'currency'>,
): MainAccountRecord {
  const main = accountNumber === undefined ? named : byNumber(all, named, accountNumber);
  if (!main) throw new AppError(statementAccountRequired, { format });
  if (main.currency !== currency) {
    const facts = { mainAccount: main.number, expected: main.currency, found: currency };
    throw new AppError(statementCurrencyDiffers, facts);
  }
  return main;
}

/** Whether the main account of a statement, if it is one, counts references anew from day to day. Never throws. */
export function hasReferencesPerDay(
  { all, named }: Pick<Accounts, 'all' | 'named'>,
  { accountNumber }: Pick<StatementOpened, 'accountNumber'>,
): boolean {
  const main = accountNumber === undefined ? named : mainOf(all, accountNumber);
  return main?.referencesPerDay ?? false;
}

function mainOf(
  all: readonly MainAccountRecord[],
  accountNumber: string,
): MainAccountRecord | undefined {
  const written = writings(accountNumber);
  return all.find(({ number }) => written.includes(number));
}

function byNumber(
  all: readonly MainAccountRecord[],
  named: MainAccountRecord | undefined,
  accountNumber: string,
): MainAccountRecord {
  const found = mainOf(named ? [named] : all, accountNumber);
  if (found) return found;
  if (named) {
    const facts = { expected: named.number, found: accountNumber };
    throw new AppError(statementAccountDiffers, facts);
  }
  throw new AppError(statementAccountUnknown, { accountNumber });
}

/** MT940 may put the bank's code before the number (25: "account identification", BLZ/Konto). */
function writings(accountNumber: string): string[] {
  const local = accountNumber.split('/').at(-1) ?? '';
  return [accountNumber, local].flatMap((number) => normaliseBankAccount(number) ?? []);
}

/**
 * The one main account under which all those virtual accounts are, told by their prefixes: a reply about
 * sub-accounts does not name it. Undefined without any. Throws `statement_account_differs` for two.
 */
export function accountOfNumbers(
  all: readonly MainAccountRecord[],
  numbers: Iterable<string>,
): MainAccountRecord | undefined {
  const longestFirst = all.toSorted((a, b) => b.prefix.length - a.prefix.length);
  let found: MainAccountRecord | undefined;
  for (const number of numbers) {
    const main = longestFirst.find(({ prefix }) => number.startsWith(prefix));
    if (!main) continue;
    if (found && found !== main) {
      throw new AppError(statementAccountDiffers, { expected: found.number, found: main.number });
    }
    found = main;
  }
  return found;
}
