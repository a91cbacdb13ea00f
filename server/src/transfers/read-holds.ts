import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { instantOfMove, textMoveId } from '../kernel/id.ts';
import {
  type HoldEventKind,
  listHolds as listStored,
  readHoldEvents,
  refusalErrors,
} from '../ledger/index.ts';
import { accountsById, findAccount } from '../virtual-accounts/index.ts';
import { type HoldView, holdView } from './hold-view.ts';
import { holdId } from './moves.ts';
import { selectHoldStates } from './store.ts';

/** One thing that happened to a hold. Minor units. */
export interface HoldEventView {
  readonly kind: HoldEventKind;
  readonly amount: bigint;
  readonly remaining: bigint;
  /** Of a capture: `trf_…`. */
  readonly transferId: string | null;
  readonly businessDate: string;
  readonly bookedAt: Date;
}

/** A hold with what happened to it, oldest first. */
export interface HoldHistory extends HoldView {
  readonly events: readonly HoldEventView[];
  /** True when there are more events than are shown. */
  readonly moreEvents: boolean;
}

/** Events of a hold that are shown. */
const MAX_EVENTS = 1000;
/** Above every number of a move. */
const ALL = 9_223_372_036_854_775_807n;

/** One hold as it is now, with its events. Throws AppError: `hold_not_found`. */
export async function readHold(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<HoldHistory> {
  const [state] = await selectHoldStates(db, platformId, [{ holdId: holdId(id), before: ALL }]);
  if (!state) throw new AppError(refusalErrors.hold_not_found, { hold: id });
  const [accounts, events] = await Promise.all([
    accountsById(db, platformId, [state.account]),
    readHoldEvents(db, platformId, { holdId: state.holdId, limit: MAX_EVENTS + 1 }),
  ]);
  return {
    ...holdView(state, (account) => accounts.get(account)),
    events: events
      .slice(0, MAX_EVENTS)
      .map(({ moveId, kind, amount, remaining, businessDate }) => ({
        ...{ kind, amount, remaining, businessDate },
        transferId: kind === 'captured' ? textMoveId('trf', moveId) : null,
        bookedAt: instantOfMove(moveId),
      })),
    moreEvents: events.length > MAX_EVENTS,
  };
}

/**
 * Holds, newest first, below the number `before`; of one account or of all; with money left only, if asked.
 * Throws AppError: `account_not_found`. `next`: the number to go on below, when there are more.
 */
export async function listHolds(
  { db }: { db: Db },
  platformId: bigint,
  filter: {
    account?: string | undefined;
    active?: boolean | undefined;
    before?: bigint | undefined;
    limit: number;
  },
): Promise<{ holds: readonly HoldView[]; next: bigint | undefined }> {
  const { account, active = false, before, limit } = filter;
  const found = await listStored(db, platformId, {
    account:
      account === undefined
        ? undefined
        : (await findAccount(db, platformId, account, 'query/account')).accountId,
    before,
    activeOnly: active,
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const asked = shown.map((hold) => ({ holdId: hold.holdId, before: ALL }));
  const states = (await selectHoldStates(db, platformId, asked)).filter(
    (each) => each !== undefined,
  );
  const accounts = await accountsById(
    db,
    platformId,
    states.map((state) => state.account),
  );
  return {
    holds: states.map((state) => holdView(state, (id) => accounts.get(id))),
    next: found.length > limit ? shown.at(-1)?.holdId : undefined,
  };
}
