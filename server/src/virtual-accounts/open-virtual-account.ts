import { recordChange } from '../audit/index.ts';
import { brokenUnique, type Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { openAccount } from '../ledger/index.ts';
import {
  memberNotFound,
  memberTextId,
  memberUuid,
  readMember,
  requireActiveMember,
} from '../members/index.ts';
import { writeEvents } from '../outbox/index.ts';
import {
  mainAccountNotFound,
  mainAccountRequired,
  numberInvalid,
  numbersExhausted,
  numberTaken,
  referenceCodeTaken,
} from './errors.ts';
import {
  countMainAccounts,
  type MainAccountRecord,
  selectMainAccounts,
} from './main-account-store.ts';
import {
  generateNumber,
  isAccountNumber,
  normaliseBankAccount,
  numberWithSuffix,
  suffixLength,
} from './numbering.ts';
import type { AccountDeps } from './open-main-account.ts';
import { readVirtualAccount } from './read-virtual-accounts.ts';
import { insertVirtualAccount } from './store.ts';
import type { MEMBER_KINDS, VirtualAccount } from './virtual-account.ts';

/** What a virtual account is opened with. Of `number` and `suffix` one at most. */
export interface NewVirtualAccountInput {
  /** The main account's number at the bank; may be left out when the platform has just one. */
  readonly mainAccount?: string | undefined;
  /** `mem_…` */
  readonly memberId?: string | undefined;
  readonly kind?: (typeof MEMBER_KINDS)[number] | undefined;
  readonly name: string;
  /** 19 digits that begin with the main account's prefix. */
  readonly number?: string | undefined;
  /** What comes after the prefix, taken as it is. */
  readonly suffix?: string | undefined;
  readonly referenceCode?: string | undefined;
  /** Minor units. */
  readonly overdraftLimit?: bigint | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** How often a generated number may meet one that is in use before we give up. */
const MAX_ATTEMPTS = 8;

/**
 * Opens a virtual account (虚拟户), empty. Its number is the one that was chosen, or random digits on the main
 * account's prefix with a check digit.
 *
 * Throws AppError: `main_account_not_found`, `main_account_required`, `number_invalid`, `member_not_found`,
 * `member_not_active`, `number_taken`, `reference_code_taken`, `numbers_exhausted`.
 */
export async function openVirtualAccount(
  deps: AccountDeps,
  platformId: bigint,
  input: NewVirtualAccountInput,
): Promise<VirtualAccount> {
  const main = await pickMainAccount(deps.db, platformId, input.mainAccount);
  const chosen = chosenNumber(main.prefix, input);
  const memberId = await memberOf(deps, platformId, input.memberId);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const number = chosen ?? generateNumber(main.prefix, deps.random);
    try {
      await open(deps, platformId, { ...input, main, number, memberId });
      return await readVirtualAccount(deps, platformId, number);
    } catch (error) {
      refuseTaken(error, { chosen, referenceCode: input.referenceCode });
      if (brokenUnique(error) !== 'virtual_account_platform_id_number_key') throw error;
    }
  }
  throw new AppError(numbersExhausted, { prefix: main.prefix });
}

async function pickMainAccount(
  db: Db,
  platformId: bigint,
  number: string | undefined,
): Promise<MainAccountRecord> {
  if (number === undefined) {
    const [only, ...others] = await selectMainAccounts(db, platformId, { limit: 2 });
    if (only && others.length === 0) return only;
    const mainAccounts = await countMainAccounts(db, platformId);
    throw new AppError(mainAccountRequired, { mainAccounts });
  }
  const numbers = [normaliseBankAccount(number) ?? ''];
  const [main] = await selectMainAccounts(db, platformId, { numbers, limit: 1 });
  if (main) return main;
  throw new AppError(mainAccountNotFound, { mainAccount: number, field: '/mainAccount' });
}

/** The number that the platform asks for; undefined when one is to be generated. */
function chosenNumber(
  prefix: string,
  { number, suffix }: Pick<NewVirtualAccountInput, 'number' | 'suffix'>,
): string | undefined {
  const refuse = (pointer: string, detail: string) =>
    new AppError(numberInvalid, { errors: [{ pointer, detail }], prefix });
  if (number !== undefined && suffix !== undefined) {
    throw refuse('/suffix', 'must be left out when number is given');
  }
  if (suffix !== undefined) {
    const full = numberWithSuffix(prefix, suffix);
    if (full !== undefined) return full;
    throw refuse('/suffix', `must be ${suffixLength(prefix)} digits`);
  }
  if (number === undefined) return undefined;
  if (isAccountNumber(number) && number.startsWith(prefix)) return number;
  throw refuse('/number', `must be 19 digits that begin with ${prefix}`);
}

async function memberOf(
  deps: AccountDeps,
  platformId: bigint,
  id: string | undefined,
): Promise<string | null> {
  if (id === undefined) return null;
  const member = await readMember(deps, platformId, id);
  const uuid = memberUuid(member.id);
  if (uuid === undefined) throw new AppError(memberNotFound, { memberId: id });
  return uuid;
}

async function open(
  { db, clock, origin }: AccountDeps,
  platformId: bigint,
  account: Omit<NewVirtualAccountInput, 'number' | 'memberId'> & {
    main: MainAccountRecord;
    number: string;
    /** A UUID. */
    memberId: string | null;
  },
): Promise<void> {
  const { main, number, memberId, kind = 'trading', name, overdraftLimit = 0n } = account;
  const { mainAccountId, currency } = main;
  const createdAt = clock.now();
  await db.transaction().execute(async (tx) => {
    if (memberId !== null)
      await requireActiveMember(tx, platformId, {
        memberId: memberTextId(memberId),
        field: '/memberId',
      });
    const accountId = await openAccount(tx, platformId, {
      account: { mainAccountId, purpose: kind, guarded: true, currency, overdraftLimit },
      openedAt: createdAt,
    });
    await insertVirtualAccount(tx, platformId, {
      ...{ accountId, mainAccountId, memberId, number, name, kind, createdAt },
      referenceCode: account.referenceCode ?? null,
      metadata: account.metadata ?? {},
    });
    await recordChange(tx, platformId, {
      ...{ origin, at: createdAt, action: 'virtual_account.opened', before: null },
      object: { type: 'virtual_account', id: number },
      after: {
        ...{ mainAccount: main.number, kind, overdraftLimit, currency },
        member: memberId === null ? null : memberTextId(memberId),
        referenceCode: account.referenceCode ?? null,
      },
    });
    const event = { type: 'virtual_account.opened', objectId: number, createdAt };
    const data = { kind, mainAccount: main.number };
    await writeEvents(tx, platformId, [{ ...event, data }]);
  });
}

/** Turns broken unique keys of what the platform chose into the errors that say so. */
export function refuseTaken(
  error: unknown,
  {
    chosen,
    referenceCode,
  }: { chosen?: string | undefined; referenceCode?: string | null | undefined },
): void {
  const broken = brokenUnique(error);
  if (chosen && broken === 'virtual_account_platform_id_number_key') {
    throw new AppError(numberTaken, { number: chosen }, { cause: error });
  }
  if (
    referenceCode &&
    broken === 'virtual_account_platform_id_main_account_id_reference_code_key'
  ) {
    throw new AppError(referenceCodeTaken, { referenceCode }, { cause: error });
  }
}
