import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { moveIdOf } from '../kernel/id.ts';
import {
  listTransfers as listStored,
  readTransfer as readStored,
  refusalErrors,
} from '../ledger/index.ts';
import { accountsById, findAccount } from '../virtual-accounts/index.ts';
import { boundsOf, type Period } from './period.ts';
import type { TransferDeps } from './submit.ts';
import { storedView, type TransferView } from './view.ts';

/** One transfer, with what reversed it. Throws AppError: `transfer_not_found`. */
export async function readTransfer(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<TransferView> {
  const transferId = moveIdOf('trf', id);
  const row = transferId === undefined ? undefined : await readStored(db, platformId, transferId);
  if (!row) throw new AppError(refusalErrors.transfer_not_found, { transfer: id });
  const accounts = await accountsById(db, platformId, [row.debit, row.credit]);
  return storedView(row, (account) => accounts.get(account));
}

/**
 * Transfers, newest first, of one account or of all, within a period, below the number `before`. Throws
 * AppError: `account_not_found`, `period_invalid`. `next`: the number to go on below, when there are more.
 */
export async function listTransfers(
  deps: Pick<TransferDeps, 'db' | 'clock'>,
  platformId: bigint,
  filter: {
    account?: string | undefined;
    period: Period;
    before?: bigint | undefined;
    limit: number;
  },
): Promise<{ transfers: readonly TransferView[]; next: bigint | undefined }> {
  const { db } = deps;
  const { account, period, before, limit } = filter;
  const { lower, upper } = await boundsOf(deps, platformId, period);
  const found = await listStored(db, platformId, {
    account:
      account === undefined
        ? undefined
        : (await findAccount(db, platformId, account, 'query/account')).accountId,
    from: lower,
    to: before !== undefined && (upper === undefined || before < upper) ? before : upper,
    order: 'desc',
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const ids = shown.flatMap(({ debit, credit }) => [debit, credit]);
  const accounts = await accountsById(db, platformId, ids);
  return {
    transfers: shown.map((row) => storedView(row, (id) => accounts.get(id))),
    next: found.length > limit ? shown.at(-1)?.transferId : undefined,
  };
}
