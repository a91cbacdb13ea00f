import { sql } from 'kysely';
import { type Db, inTransaction } from '../db/database.ts';
import { type AccountId, type AccountState, accountState } from './core/account.ts';
import { lockLane } from './day.ts';

/** Why an account was not changed. Amounts in minor units. */
export type ChangeRefusal =
  | { readonly code: 'account_closed' }
  | { readonly code: 'account_not_empty'; readonly balance: bigint; readonly held: bigint }
  | { readonly code: 'frozen_by_order' }
  | { readonly code: 'overdraft_in_use'; readonly needed: bigint };

/** What an account was and is now, or why it was not changed. */
export type ChangeOutcome =
  | { readonly refusal: ChangeRefusal }
  | {
      readonly refusal?: undefined;
      readonly before: Standing;
      readonly after: Standing;
    };

/** The state of an account, and how far it may be overdrawn (minor units). */
export interface Standing {
  readonly state: AccountState;
  readonly overdraftLimit: bigint;
}

/**
 * Stops, re-opens or closes a guarded account, or changes its overdraft limit (minor units). It waits for
 * batches that have the account, and later ones see the change: nothing slips in between. A state may be
 * given as a function of the state that is found under the lock. On a transaction it joins that one.
 *
 * Refusals, in order: `account_closed` (closed is for ever); `frozen_by_order` and `account_not_empty` (closing
 * needs orders to be lifted, and balance and held to be zero); `overdraft_in_use` (the new limit is below what is used of the old).
 */
export async function changeAccount(
  db: Db,
  platformId: bigint,
  id: AccountId,
  change: AccountChange,
): Promise<ChangeOutcome> {
  const work = async (tx: Db): Promise<ChangeOutcome> => {
    await lockLane(tx, platformId);
    const account = await readAccount(tx, platformId, id);
    const wanted = typeof change.state === 'function' ? change.state(account.state) : change.state;
    const state = wanted ?? account.state;
    const overdraftLimit = change.overdraftLimit ?? account.overdraftLimit;
    const refusal = refuseChange(account, { state, overdraftLimit });
    if (refusal) return { refusal };
    const closedAt = state === 'closed' ? change.at : null;
    await sql`
      update account set state = ${state}, overdraft_limit = ${overdraftLimit}, closed_at = ${closedAt}
       where platform_id = ${platformId} and account_id = ${id}`.execute(tx);
    const before = { state: account.state, overdraftLimit: account.overdraftLimit };
    return { before, after: { state, overdraftLimit } };
  };
  return inTransaction(db, work);
}

/** What is to be changed about an account, and when. */
export interface AccountChange {
  readonly state?: AccountState | ((now: AccountState) => AccountState) | undefined;
  readonly overdraftLimit?: bigint | undefined;
  readonly at: Date;
}

interface ChangeableAccount {
  readonly state: AccountState;
  readonly balance: bigint;
  readonly held: bigint;
  readonly overdraftLimit: bigint;
  readonly frozen: bigint;
}

function refuseChange(
  now: ChangeableAccount,
  next: Pick<ChangeableAccount, 'state' | 'overdraftLimit'>,
): ChangeRefusal | undefined {
  const { balance, held } = now;
  if (now.state === 'closed') return { code: 'account_closed' };
  if (next.state === 'closed' && now.frozen > 0n) return { code: 'frozen_by_order' };
  if (next.state === 'closed' && (balance !== 0n || held !== 0n)) {
    return { code: 'account_not_empty', balance, held };
  }
  const needed = held - balance;
  return next.overdraftLimit < needed ? { code: 'overdraft_in_use', needed } : undefined;
}

async function readAccount(tx: Db, platformId: bigint, id: AccountId): Promise<ChangeableAccount> {
  const row = await tx
    .selectFrom('account')
    .select(['state', 'balance', 'held', 'overdraft_limit', 'frozen'])
    .where('platform_id', '=', platformId)
    .where('account_id', '=', id)
    .where('guarded', '=', true)
    .executeTakeFirstOrThrow();
  const { balance, held, frozen, overdraft_limit: overdraftLimit } = row;
  return { state: accountState(row.state), balance, held, overdraftLimit, frozen };
}
