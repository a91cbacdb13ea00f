import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { moveIdOf } from '../kernel/id.ts';
import { accountsById, findAccount } from '../virtual-accounts/index.ts';
import { freezeNotFound } from './errors.ts';
import {
  type FreezeKind,
  type FreezeState,
  type FreezeStepView,
  type FreezeView,
  freezeView,
  stepView,
} from './freeze.ts';
import { selectFreezes, selectSteps } from './freeze-store.ts';

/** A freeze with what was taken from it, oldest first. */
export interface FreezeHistory extends FreezeView {
  readonly steps: readonly FreezeStepView[];
  /** True when there are more steps than are shown. */
  readonly moreSteps: boolean;
}

/** Steps of a freeze that are shown. */
const MAX_STEPS = 1000;

/** One freeze as it is now, with its steps. Throws AppError: `freeze_not_found`. */
export async function readFreeze(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<FreezeHistory> {
  const freezeId = moveIdOf('frz', id);
  const [state] =
    freezeId === undefined ? [] : await selectFreezes(db, platformId, { freezeId, limit: 1 });
  if (!state) throw new AppError(freezeNotFound, { freeze: id });
  const limit = MAX_STEPS + 1;
  const steps = await selectSteps(db, platformId, { freezeId: state.freezeId, limit });
  const credited = steps.flatMap(({ credit }) => credit ?? []);
  const accounts = await accountsById(db, platformId, [...accountsIn([state]), ...credited]);
  const lookup = accounts.get.bind(accounts);
  return {
    ...freezeView(state, lookup),
    steps: steps.slice(0, MAX_STEPS).map((each) => stepView(each, lookup)),
    moreSteps: steps.length > MAX_STEPS,
  };
}

/**
 * Freezes, newest first, below the number `before`; of one account (as payer or payee) or of all; of one kind or
 * both; with money left only, if asked. Throws AppError: `account_not_found`. `next`: the number to go on below,
 * when there are more.
 */
export async function listFreezes(
  { db }: { db: Db },
  platformId: bigint,
  filter: {
    readonly account?: string | undefined;
    readonly kind?: FreezeKind | undefined;
    readonly active?: boolean | undefined;
    readonly before?: bigint | undefined;
    readonly limit: number;
  },
): Promise<{ freezes: readonly FreezeView[]; next: bigint | undefined }> {
  const { account, kind, active, before, limit } = filter;
  const found = await selectFreezes(db, platformId, {
    account:
      account === undefined
        ? undefined
        : (await findAccount(db, platformId, account, 'query/account')).accountId,
    ...{ kind, openOnly: active, before, limit: limit + 1 },
  });
  const shown = found.slice(0, limit);
  const accounts = await accountsById(db, platformId, accountsIn(shown));
  return {
    freezes: shown.map((state) => freezeView(state, (id) => accounts.get(id))),
    next: found.length > limit ? shown.at(-1)?.freezeId : undefined,
  };
}

const accountsIn = (states: readonly FreezeState[]) =>
  states.flatMap(({ payer, payee }) => (payee === null ? [payer] : [payer, payee]));
