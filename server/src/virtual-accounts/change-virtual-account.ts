import { AppError } from '../kernel/error.ts';
import {
  type AccountState,
  type ChangeRefusal,
  changeAccount,
  refusalErrors,
} from '../ledger/index.ts';
import { findAccount, type NumberedFacts } from './directory.ts';
import {
  accountNotEmpty,
  overdraftInUse,
  platformAccountNeeded,
  publicAccountRefused,
} from './errors.ts';
import type { AccountDeps } from './open-main-account.ts';
import { refuseTaken } from './open-virtual-account.ts';
import { readVirtualAccount } from './read-virtual-accounts.ts';
import { type AttributeChange, updateVirtualAccount } from './store.ts';
import { isPublicKind, type VirtualAccount } from './virtual-account.ts';

type Deps = Pick<AccountDeps, 'db' | 'clock'>;

/**
 * Changes name, reference code, metadata (as a whole) or overdraft limit, whichever is named, all or nothing.
 * Throws AppError: `account_not_found`, `public_account_refused` (a limit for a public account),
 * `account_closed`, `overdraft_in_use`, `reference_code_taken`.
 */
export async function changeVirtualAccount(
  { db, clock }: Deps,
  platformId: bigint,
  number: string,
  change: AttributeChange & { readonly overdraftLimit?: bigint | undefined },
): Promise<VirtualAccount> {
  const { overdraftLimit, ...attributes } = change;
  const account = await findAccount(db, platformId, number);
  if (overdraftLimit !== undefined) refusePublic(account);
  try {
    await db.transaction().execute(async (tx) => {
      if (overdraftLimit !== undefined) {
        const at = clock.now();
        const outcome = await changeAccount(tx, platformId, account.accountId, {
          overdraftLimit,
          at,
        });
        if (outcome.refusal) throw changeError(number, outcome.refusal);
      }
      await updateVirtualAccount(tx, platformId, account.accountId, attributes);
    });
  } catch (error) {
    refuseTaken(error, { referenceCode: change.referenceCode });
    throw error;
  }
  return readVirtualAccount({ db }, platformId, number);
}

/** The sides of an account that can be stopped (停用) and reopened (恢复): paying, being paid, or both. */
export type StopSide = 'debit' | 'credit' | 'both';

/**
 * Stops an account for a side, beside whatever it is stopped for already. Throws AppError:
 * `account_not_found`, `public_account_refused`, `account_closed`.
 */
export async function stopVirtualAccount(
  deps: Deps,
  platformId: bigint,
  number: string,
  { side }: { side: StopSide },
): Promise<VirtualAccount> {
  return changeState(deps, platformId, number, (now) => stopped(now, side));
}

/**
 * Lifts the stop of a side (恢复); the other side stays as it is. Throws AppError: `account_not_found`,
 * `public_account_refused`, `account_closed`.
 */
export async function reopenVirtualAccount(
  deps: Deps,
  platformId: bigint,
  number: string,
  { side }: { side: StopSide },
): Promise<VirtualAccount> {
  return changeState(deps, platformId, number, (now) => reopened(now, side));
}

/**
 * Closes an account (销户) for ever; its number is not given out again. Throws AppError: `account_not_found`,
 * `public_account_refused`, `platform_account_needed`, `account_closed`, `account_not_empty`.
 */
export async function closeVirtualAccount(
  deps: Deps,
  platformId: bigint,
  number: string,
): Promise<VirtualAccount> {
  const account = await findAccount(deps.db, platformId, number);
  if (account.kind === 'platform') {
    throw new AppError(platformAccountNeeded, { account: number });
  }
  return changeState(deps, platformId, number, () => 'closed');
}

const isStopped = (state: AccountState, side: 'debit' | 'credit'): boolean =>
  state === 'stopped' || state === `${side}_stopped`;

/** The state after a stop: stops add up. */
const stopped = (now: AccountState, side: StopSide): AccountState =>
  stateOf({
    debit: side !== 'credit' || isStopped(now, 'debit'),
    credit: side !== 'debit' || isStopped(now, 'credit'),
  });

/** The state after a side was reopened. Of a closed account it is `open`, which the ledger refuses. */
const reopened = (now: AccountState, side: StopSide): AccountState =>
  stateOf({
    debit: side === 'credit' && isStopped(now, 'debit'),
    credit: side === 'debit' && isStopped(now, 'credit'),
  });

function stateOf({ debit, credit }: { debit: boolean; credit: boolean }): AccountState {
  if (debit && credit) return 'stopped';
  if (debit) return 'debit_stopped';
  return credit ? 'credit_stopped' : 'open';
}

async function changeState(
  { db, clock }: Deps,
  platformId: bigint,
  number: string,
  state: (now: AccountState) => AccountState,
): Promise<VirtualAccount> {
  const account = await findAccount(db, platformId, number);
  refusePublic(account);
  const change = { state, at: clock.now() };
  const { refusal } = await changeAccount(db, platformId, account.accountId, change);
  if (refusal) throw changeError(number, refusal);
  return readVirtualAccount({ db }, platformId, number);
}

/** Deposits must always find suspense, and opening funds and fees their account: these never change state. */
function refusePublic(account: NumberedFacts): void {
  if (!isPublicKind(account.kind)) return;
  throw new AppError(publicAccountRefused, {
    account: account.number,
    accountKind: account.kind,
  });
}

function changeError(account: string, refusal: ChangeRefusal): AppError {
  switch (refusal.code) {
    case 'account_closed':
      return new AppError(refusalErrors.account_closed, { account });
    case 'account_not_empty': {
      const { balance, held } = refusal;
      return new AppError(accountNotEmpty, { account, balance, held });
    }
    case 'overdraft_in_use':
      return new AppError(overdraftInUse, { account, needed: refusal.needed });
  }
}
