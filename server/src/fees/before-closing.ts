import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { feesOwed, findAccount } from '../virtual-accounts/index.ts';
import { selectOwedBy } from './charge-store.ts';

/**
 * Refuses to let an account be closed while it owes fees: nobody could take them of it any more. Throws AppError:
 * `fees_owed`.
 */
export async function refuseFeesOwed(
  { db }: { readonly db: Db },
  platformId: bigint,
  number: string,
): Promise<void> {
  const { accountId } = await findAccount(db, platformId, number);
  const owed = await selectOwedBy(db, platformId, accountId);
  if (owed > 0n) throw new AppError(feesOwed, { account: number, owed });
}
