import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { INSTANT_ALLOWED, parseInstant } from '../kernel/instant.ts';
import {
  type AccountId,
  type AccountNow,
  type Balances,
  boundAfterDate,
  boundAtInstant,
  leavable,
  openBusinessDate,
  readAccounts,
  readBalanceAt,
  refusalErrors,
} from '../ledger/index.ts';
import { findAccount } from '../virtual-accounts/index.ts';
import { dateOf, FIRST_INSTANT, refusePeriod } from './period.ts';
import type { TransferDeps } from './submit.ts';
import { type BalancesView, balancesView } from './view.ts';

/** By the moment of booking, or by business date (营业日). */
export type BalanceClock = 'booked' | 'business';

/** What an account had. Minor units of its currency. */
export interface BalanceView extends BalancesView {
  readonly number: string;
  readonly currency: string;
  /** The moment, or the business date up to whose end everything is counted. */
  readonly asOf: Date | string;
  readonly clock: BalanceClock;
}

/**
 * What an account has now, had at an instant (that millisecond included), or had at the end of a business
 * date; zeros before it was opened.
 *
 * Throws AppError: `account_not_found`; `period_invalid` (in the future, or the moment does not go with the
 * clock: an instant with `booked`, a date with `business`).
 */
export async function readBalance(
  deps: Pick<TransferDeps, 'db' | 'clock'>,
  platformId: bigint,
  number: string,
  query: { asOf?: string | undefined; clock?: BalanceClock | undefined } = {},
): Promise<BalanceView> {
  const { db } = deps;
  const { accountId, currency } = await findAccount(db, platformId, number);
  const moment = await momentOf(deps, platformId, query);
  const { bound, asOf, clock } = moment;
  const account = { accountId, guarded: true };
  const balances =
    bound === undefined
      ? await balancesNow(db, platformId, accountId)
      : await readBalanceAt(db, platformId, { account, bound });
  return { number, currency, ...balancesView(balances), ...kept(balances), asOf, clock };
}

interface Moment {
  /** Undefined: now. */
  readonly bound: bigint | undefined;
  readonly asOf: Date | string;
  readonly clock: BalanceClock;
}

const DATE_LENGTH = 'YYYY-MM-DD'.length;

async function momentOf(
  { db, clock: time }: Pick<TransferDeps, 'db' | 'clock'>,
  platformId: bigint,
  { asOf, clock }: { asOf?: string | undefined; clock?: BalanceClock | undefined },
): Promise<Moment> {
  if (asOf === undefined) {
    if (clock !== 'business') return { bound: undefined, asOf: time.now(), clock: 'booked' };
    return { bound: undefined, asOf: await openBusinessDate(db, platformId), clock };
  }
  const isDate = asOf.length === DATE_LENGTH;
  if (isDate !== (clock === 'business') && clock !== undefined) {
    const form = clock === 'business' ? 'a date, YYYY-MM-DD' : 'an instant, RFC 3339';
    throw refusePeriod('asOf', `must be ${form} with clock=${clock}`);
  }
  if (isDate) {
    const date = dateOf(asOf, 'asOf');
    if (date > (await openBusinessDate(db, platformId))) {
      throw refusePeriod('asOf', 'must not be after the open business date');
    }
    return { bound: await boundAfterDate(db, platformId, date), asOf: date, clock: 'business' };
  }
  const instant = parseInstant(asOf);
  if (!instant) throw refusePeriod('asOf', `must be a date, YYYY-MM-DD, or ${INSTANT_ALLOWED}`);
  if (instant > time.now()) throw refusePeriod('asOf', 'must not be in the future');
  const isBeforeAll = instant < FIRST_INSTANT;
  const bound = boundAtInstant(isBeforeAll ? FIRST_INSTANT : instant);
  return { bound, asOf: instant, clock: 'booked' };
}

async function balancesNow(db: Db, platformId: bigint, id: AccountId) {
  const account = (await readAccounts(db, platformId, [id])).get(id);
  if (!account) throw new AppError(refusalErrors.account_not_found, {});
  return account;
}

/** What is available now of an account that a judicial freeze keeps money of. Of the past only balance and held are known. */
function kept(account: Balances | AccountNow): { available?: bigint } {
  if (!('frozen' in account) || account.frozen === 0n) return {};
  return { available: leavable(account, { fromHeld: false }) };
}
