import type { Db } from '../db/database.ts';
import type { AccountState } from '../ledger/index.ts';
import { memberUuid } from '../members/index.ts';
import { accountNotFound } from './directory.ts';
import { normaliseBankAccount } from './numbering.ts';
import { selectVirtualAccounts } from './store.ts';
import type { VirtualAccount, VirtualAccountKind } from './virtual-account.ts';

/** One virtual account as it is now. Throws AppError: `account_not_found`, with the field that named it. */
export async function readVirtualAccount(
  { db }: { db: Db },
  platformId: bigint,
  number: string,
  field?: string,
): Promise<VirtualAccount> {
  const [found] = await selectVirtualAccounts(db, platformId, { number, limit: 1 });
  if (!found) throw accountNotFound(number, field);
  return withoutId(found);
}

/** Which virtual accounts to list; `memberId` is `mem_…`. */
export interface VirtualAccountListFilter {
  readonly memberId?: string | undefined;
  readonly mainAccount?: string | undefined;
  readonly kind?: VirtualAccountKind | undefined;
  readonly state?: AccountState | undefined;
  readonly referenceCode?: string | undefined;
  readonly after?: bigint | undefined;
  readonly limit: number;
}

/**
 * Virtual accounts in the order in which they were opened. A member or main account that does not exist has
 * none. `next`: the position to go on after, when there are more.
 */
export async function listVirtualAccounts(
  { db }: { db: Db },
  platformId: bigint,
  filter: VirtualAccountListFilter,
): Promise<{ accounts: readonly VirtualAccount[]; next: bigint | undefined }> {
  const { memberId, mainAccount, limit, ...rest } = filter;
  const uuid = memberId === undefined ? undefined : memberUuid(memberId);
  const main = mainAccount === undefined ? undefined : normaliseBankAccount(mainAccount);
  const namesNothing =
    (memberId !== undefined && uuid === undefined) ||
    (mainAccount !== undefined && main === undefined);
  if (namesNothing) return { accounts: [], next: undefined };
  const found = await selectVirtualAccounts(db, platformId, {
    ...rest,
    memberId: uuid,
    mainAccount: main,
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  return {
    accounts: shown.map(withoutId),
    next: found.length > limit ? shown.at(-1)?.accountId : undefined,
  };
}

function withoutId({
  accountId: _internal,
  ...account
}: VirtualAccount & { readonly accountId: bigint }): VirtualAccount {
  return account;
}
