import type { Db } from '../db/database.ts';
import { textMoveId } from '../kernel/id.ts';
import { accountsById, findAccount } from '../virtual-accounts/index.ts';
import { type ChargeFacts, chargeView, type FeeCharge } from './charge.ts';
import { selectCharges, selectCollections } from './charge-store.ts';
import { findCharge } from './waive.ts';

type Deps = { readonly db: Db };

/** One fee that was charged, as it is now. Throws AppError: `fee_charge_not_found`. */
export async function readFeeCharge(
  { db }: Deps,
  platformId: bigint,
  id: string,
): Promise<FeeCharge> {
  const [view] = await views({ db }, platformId, [await findCharge(db, platformId, id)]);
  if (!view) throw new RangeError('one charge has one view');
  return view;
}

/** Fees that were charged, newest first, below the number `before`. Throws AppError: `account_not_found`. */
export async function listFeeCharges(
  { db }: Deps,
  platformId: bigint,
  filter: {
    account?: string | undefined;
    cause?: string | undefined;
    owedOnly: boolean;
    before?: bigint | undefined;
    limit: number;
  },
): Promise<{ charges: readonly FeeCharge[]; next: bigint | undefined }> {
  const { account: number, limit, ...rest } = filter;
  const account =
    number === undefined
      ? undefined
      : (await findAccount(db, platformId, number, 'query/account')).accountId;
  const found = await selectCharges(db, platformId, { ...rest, account, limit: limit + 1 });
  const shown = found.slice(0, limit);
  const next = found.length > limit ? shown.at(-1)?.chargeId : undefined;
  return { charges: await views({ db }, platformId, shown), next };
}

async function views({ db }: Deps, platformId: bigint, facts: readonly ChargeFacts[]) {
  const accounts = await accountsById(
    db,
    platformId,
    facts.map(({ bearer }) => bearer),
  );
  return facts.map((each) => chargeView(each, { number: accounts.get(each.bearer)?.number }));
}

/** An attempt to take what an account owes of the months before. Minor units. */
export interface FeeCollection {
  /** The number of the account. */
  readonly account: string;
  readonly businessDate: string;
  readonly owed: bigint;
  readonly collected: bigint;
  /** What stays owed. */
  readonly outstanding: bigint;
  readonly transfer: string | null;
  /** Why nothing was taken, as the code of an error. */
  readonly refusal: string | null;
  readonly at: Date;
}

/** A place in the list of attempts. */
export interface CollectionPlace {
  readonly date: string;
  readonly account: bigint;
}

/** Attempts of an account or of all, the newest date first. Throws AppError: `account_not_found`. */
export async function listFeeCollections(
  { db }: Deps,
  platformId: bigint,
  filter: { account?: string | undefined; after?: CollectionPlace | undefined; limit: number },
): Promise<{ collections: readonly FeeCollection[]; next: CollectionPlace | undefined }> {
  const { account: number, after, limit } = filter;
  const account =
    number === undefined
      ? undefined
      : (await findAccount(db, platformId, number, 'query/account')).accountId;
  const found = await selectCollections(db, platformId, { account, after, limit: limit + 1 });
  const shown = found.slice(0, limit);
  const accounts = await accountsById(
    db,
    platformId,
    shown.map((each) => each.account),
  );
  const last = found.length > limit ? shown.at(-1) : undefined;
  return {
    collections: shown.map(({ amount, owed, transferId, refusalCode, ...row }) => ({
      account: accounts.get(row.account)?.number ?? '',
      ...{ businessDate: row.businessDate, owed, collected: amount, outstanding: owed - amount },
      transfer: transferId === null ? null : textMoveId('trf', transferId),
      ...{ refusal: refusalCode, at: row.at },
    })),
    next: last && { date: last.businessDate, account: last.account },
  };
}
