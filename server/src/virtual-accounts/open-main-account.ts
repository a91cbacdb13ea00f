import { type Originated, recordChange } from '../audit/index.ts';
import { brokenUnique, type Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Currency } from '../kernel/currency.ts';
import { AppError } from '../kernel/error.ts';
import type { Random } from '../kernel/random.ts';
import { openAccount } from '../ledger/index.ts';
import {
  bankAccountInvalid,
  mainAccountExists,
  numberInvalid,
  numbersExhausted,
  prefixTaken,
} from './errors.ts';
import { insertMainAccount, nextMainAccountId } from './main-account-store.ts';
import { generateNumber, generatePrefix, isPrefix, normaliseBankAccount } from './numbering.ts';
import { type MainAccount, readMainAccount } from './read-main-accounts.ts';
import { insertVirtualAccount } from './store.ts';

/** What the use cases of main and virtual accounts need. */
export interface AccountDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  /** Throws when something of an account has to be done before it may be closed. */
  readonly beforeClosing?: (platformId: bigint, number: string) => Promise<void>;
}

/** What a main account is opened with. `number` is the bank's, in whatever way it is written. */
export interface NewMainAccount {
  readonly number: string;
  readonly name: string;
  readonly bankName?: string | undefined;
  readonly currency: Currency;
  /** 5 or 12 digits, unique in the platform; generated (5 digits) when it is left out. */
  readonly prefix?: string | undefined;
  /** The bank counts its references anew from day to day; false when it is left out. */
  readonly referencesPerDay?: boolean | undefined;
}

/** How often generated prefixes and numbers may meet ones that are in use before we give up. */
const MAX_ATTEMPTS = 8;

/** The accounts that a main account has from the start, with their names. */
const FIRST_ACCOUNTS = [
  { kind: 'suspense', name: '公共调账账户 Suspense' },
  { kind: 'interestAndFees', name: '公共计息收费账户 Interest and fees' },
  { kind: 'opening', name: '资金初始化账户 Opening funds' },
  { kind: 'platform', name: '平台自有资金账户 Platform' },
] as const;

/**
 * Opens a main account (主体账户) with everything it cannot be without, in one transaction: its public
 * accounts, the platform's own account, and the internal accounts for bank clearing and bank debits.
 *
 * Throws AppError: `bank_account_invalid`, `number_invalid` (the prefix), `main_account_exists`,
 * `prefix_taken`, `numbers_exhausted`.
 */
export async function openMainAccount(
  deps: AccountDeps,
  platformId: bigint,
  input: NewMainAccount,
): Promise<MainAccount> {
  const number = normaliseBankAccount(input.number);
  if (number === undefined) {
    const errors = [{ pointer: '/number', detail: 'must be 1 to 34 letters and digits' }];
    throw new AppError(bankAccountInvalid, { errors });
  }
  if (input.prefix !== undefined && !isPrefix(input.prefix)) {
    const errors = [{ pointer: '/prefix', detail: 'must be 5 or 12 digits' }];
    throw new AppError(numberInvalid, { errors, prefix: input.prefix });
  }
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const prefix = input.prefix ?? generatePrefix(deps.random);
    try {
      await deps.db
        .transaction()
        .execute((tx) => openAll(deps, tx, platformId, { ...input, number, prefix }));
      return await readMainAccount(deps, platformId, number);
    } catch (error) {
      const broken = brokenUnique(error);
      if (broken === 'main_account_platform_id_number_key') {
        throw new AppError(mainAccountExists, { number }, { cause: error });
      }
      if (broken === 'main_account_platform_id_prefix_key' && input.prefix !== undefined) {
        throw new AppError(prefixTaken, { prefix }, { cause: error });
      }
      // A generated prefix or number met one that is in use: draw again.
      if (broken === undefined) throw error;
    }
  }
  throw new AppError(numbersExhausted, { prefix: input.prefix ?? '' });
}

async function openAll(
  { clock, random, origin }: AccountDeps,
  tx: Db,
  platformId: bigint,
  { prefix, referencesPerDay = false, ...input }: NewMainAccount & { prefix: string },
): Promise<void> {
  const { number, name, bankName, currency } = input;
  const openedAt = clock.now();
  const mainAccountId = await nextMainAccountId(tx, platformId);
  const open = (purpose: string, guarded: boolean) =>
    openAccount(tx, platformId, {
      account: { mainAccountId, purpose, guarded, currency },
      openedAt,
    });
  const bankClearing = await open('bank_clearing', false);
  const bankDebits = await open('bank_debits', false);
  await insertMainAccount(tx, platformId, {
    mainAccountId,
    number,
    name,
    bankName: bankName ?? null,
    currency,
    prefix,
    referencesPerDay,
    createdAt: openedAt,
    bankClearing,
    bankDebits,
  });
  for (const account of FIRST_ACCOUNTS) {
    await insertVirtualAccount(tx, platformId, {
      ...account,
      accountId: await open(account.kind, true),
      mainAccountId,
      memberId: null,
      number: generateNumber(prefix, random),
      referenceCode: null,
      metadata: {},
      createdAt: openedAt,
    });
  }
  await recordChange(tx, platformId, {
    ...{ origin, at: openedAt, action: 'main_account.opened', before: null },
    object: { type: 'main_account', id: number },
    after: { name, bankName: bankName ?? null, currency, prefix, referencesPerDay },
  });
}
