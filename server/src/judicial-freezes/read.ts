import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { readAccounts } from '../ledger/index.ts';
import { accountsById, findAccount } from '../virtual-accounts/index.ts';
import { judicialFreezeNotFound } from './errors.ts';
import { type FreezeRow, freezeUuid, freezeView, type JudicialFreeze } from './judicial-freeze.ts';
import { selectFreezes } from './store.ts';

type Deps = { readonly db: Db };

/** One freeze as its table has it. Throws AppError: `judicial_freeze_not_found`. */
export async function findFreeze(db: Db, platformId: bigint, id: string): Promise<FreezeRow> {
  const uuid = freezeUuid(id);
  const [found] = uuid ? await selectFreezes(db, platformId, { uuid, limit: 1 }) : [];
  if (!found) throw new AppError(judicialFreezeNotFound, { judicialFreeze: id });
  return found;
}

/** One judicial freeze, with what it keeps now. Throws AppError: `judicial_freeze_not_found`. */
export async function readJudicialFreeze(
  { db }: Deps,
  platformId: bigint,
  id: string,
): Promise<JudicialFreeze> {
  const [view] = await views({ db }, platformId, [await findFreeze(db, platformId, id)]);
  if (!view) throw new RangeError('one freeze has one view');
  return view;
}

/** Judicial freezes, newest first, below the UUID `before`. Throws AppError: `account_not_found`. */
export async function listJudicialFreezes(
  { db }: Deps,
  platformId: bigint,
  filter: {
    account?: string | undefined;
    standing?: boolean | undefined;
    before?: string | undefined;
    limit: number;
  },
): Promise<{ freezes: readonly JudicialFreeze[]; next: string | undefined }> {
  const { account: number, limit, ...rest } = filter;
  const account =
    number === undefined
      ? undefined
      : (await findAccount(db, platformId, number, 'query/account')).accountId;
  const found = await selectFreezes(db, platformId, { ...rest, account, limit: limit + 1 });
  const shown = found.slice(0, limit);
  const next = found.length > limit ? shown.at(-1)?.uuid : undefined;
  return { freezes: await views({ db }, platformId, shown), next };
}

async function views(
  { db }: Deps,
  platformId: bigint,
  rows: readonly FreezeRow[],
): Promise<JudicialFreeze[]> {
  const ids = rows.map(({ accountId }) => accountId);
  const [facts, now] = await Promise.all([
    accountsById(db, platformId, ids),
    readAccounts(db, platformId, ids),
  ]);
  return rows.map((row) =>
    freezeView(row, {
      number: facts.get(row.accountId)?.number ?? '',
      currency: facts.get(row.accountId)?.currency ?? '',
      balance: now.get(row.accountId)?.balance ?? 0n,
    }),
  );
}
