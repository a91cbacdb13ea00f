import { masked, recordChange } from '../audit/index.ts';
import { inTransaction } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import {
  type AccountState,
  type ChangeRefusal,
  changeAccount,
  refusalErrors,
} from '../ledger/index.ts';
import { writeEvents } from '../outbox/index.ts';
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
import { type AttributeChange, type Attributes, updateVirtualAccount } from './store.ts';
import { isPublicKind, type VirtualAccount } from './virtual-account.ts';

type Deps = Omit<AccountDeps, 'random'>;

/**
 * Changes name, reference code, metadata (as a whole) or overdraft limit, whichever is named, all or nothing.
 * Throws AppError: `account_not_found`, `public_account_refused` (a limit for a public account),
 * `account_closed`, `overdraft_in_use`, `reference_code_taken`.
 */
export async function changeVirtualAccount(
  { db, clock, origin }: Deps,
  platformId: bigint,
  number: string,
  change: AttributeChange & { readonly overdraftLimit?: bigint | undefined },
): Promise<VirtualAccount> {
  const { overdraftLimit, ...attributes } = change;
  const account = await findAccount(db, platformId, number);
  if (overdraftLimit !== undefined) refusePublic(account);
  try {
    await inTransaction(db, async (tx) => {
      const at = clock.now();
      const { accountId } = account;
      const limits =
        overdraftLimit === undefined
          ? undefined
          : await changeAccount(tx, platformId, accountId, { overdraftLimit, at });
      if (limits?.refusal) throw changeError(number, limits.refusal);
      const { before, after } = await updateVirtualAccount(tx, platformId, accountId, attributes);
      const changed = Object.keys(change).filter(
        (field) => Reflect.get(change, field) !== undefined,
      );
      await recordChange(tx, platformId, {
        ...{ origin, at, action: 'virtual_account.changed' },
        object: { type: 'virtual_account', id: number },
        before: { ...attributeFacts(before), ...limitFacts(limits?.before) },
        after: { ...attributeFacts(after), ...limitFacts(limits?.after), changed: changed.sort() },
      });
      const event = { type: 'virtual_account.changed', objectId: number, data: {}, createdAt: at };
      await writeEvents(tx, platformId, [event]);
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
  const action = 'virtual_account.stopped';
  return changeState(deps, platformId, number, { action, state: (now) => stopped(now, side) });
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
  const action = 'virtual_account.reopened';
  return changeState(deps, platformId, number, { action, state: (now) => reopened(now, side) });
}

/**
 * Closes an account (销户) for ever; its number is not given out again. Throws AppError: `account_not_found`,
 * `public_account_refused`, `platform_account_needed`, what `beforeClosing` throws, `account_closed`,
 * `frozen_by_order`, `account_not_empty`.
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
  await deps.beforeClosing?.(platformId, account.number);
  const action = 'virtual_account.closed';
  return changeState(deps, platformId, number, { action, state: () => 'closed' });
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

interface StateChange {
  readonly action: `virtual_account.${string}`;
  readonly state: (now: AccountState) => AccountState;
}

const limitFacts = (standing: { readonly overdraftLimit: bigint } | undefined) =>
  standing === undefined ? {} : { overdraftLimit: standing.overdraftLimit };

/** What the audit log tells of attributes: names masked, and of the platform's own notes only which there are. */
const attributeFacts = ({ name, referenceCode, metadata }: Attributes) => ({
  name: masked(name),
  referenceCode,
  metadata: Object.keys(metadata).sort(),
});

async function changeState(
  { db, clock, origin }: Deps,
  platformId: bigint,
  number: string,
  { action, state }: StateChange,
): Promise<VirtualAccount> {
  const account = await findAccount(db, platformId, number);
  refusePublic(account);
  await inTransaction(db, async (tx) => {
    const at = clock.now();
    const outcome = await changeAccount(tx, platformId, account.accountId, { state, at });
    if (outcome.refusal) throw changeError(number, outcome.refusal);
    const { before, after } = outcome;
    if (before.state === after.state) return;
    await recordChange(tx, platformId, {
      ...{ origin, at, action },
      object: { type: 'virtual_account', id: number },
      before: { state: before.state },
      after: { state: after.state },
    });
    const event = { type: action, objectId: number, data: { state: after.state }, createdAt: at };
    await writeEvents(tx, platformId, [event]);
  });
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
    case 'frozen_by_order':
      return new AppError(refusalErrors.frozen_by_order, { account, leavable: 0n });
    case 'account_not_empty': {
      const { balance, held } = refusal;
      return new AppError(accountNotEmpty, { account, balance, held });
    }
    case 'overdraft_in_use':
      return new AppError(overdraftInUse, { account, needed: refusal.needed });
  }
}
