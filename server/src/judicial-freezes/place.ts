import { type Originated, recordChange, SYSTEM } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import { freezeAccount, refusalErrors } from '../ledger/index.ts';
import { writeEvents } from '../outbox/index.ts';
import { findAccount, isPublicKind, publicAccountRefused } from '../virtual-accounts/index.ts';
import { judicialFreezeExists } from './errors.ts';
import { type CourtOrder, freezeTextId, type JudicialFreeze } from './judicial-freeze.ts';
import { readJudicialFreeze } from './read.ts';
import { insertFreeze, selectFreezes, sumStanding } from './store.ts';

/** What the use cases of judicial freezes need. */
export interface JudicialDeps extends Originated {
  readonly db: Db;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/** An order as it is placed. Minor units; the account by number; without an amount it is the whole account. */
export interface PlaceInput extends CourtOrder {
  readonly account: string;
  readonly amount: bigint | null;
}

/**
 * Places a court's order on an account (司法冻结), at once and without asking anybody: from its commit on nothing
 * leaves of what it keeps, on whichever server. It may be for more than there is; then it keeps what arrives. The
 * order is known by account, authority and number: placing it again changes nothing (`repeated`).
 *
 * Throws AppError: `account_not_found`, `public_account_refused`, `account_closed`, `judicial_freeze_exists`.
 */
export async function placeJudicialFreeze(
  deps: JudicialDeps,
  platformId: bigint,
  input: PlaceInput,
): Promise<{ freeze: JudicialFreeze; repeated: boolean }> {
  const { db, clock, newUuid, origin } = deps;
  const { account: number, amount, authority, orderNumber, reason } = input;
  const { accountId, kind } = await findAccount(db, platformId, number, '/account');
  if (isPublicKind(kind)) {
    throw new AppError(publicAccountRefused, { account: number, accountKind: kind });
  }
  let placed: string = newUuid();
  let repeated = false;
  await freezeAccount(db, platformId, accountId, async (tx, { state }) => {
    const order = { authority, orderNumber };
    const [same] = await selectFreezes(tx, platformId, { account: accountId, order, limit: 1 });
    if (same) {
      const judicialFreeze = freezeTextId(same.uuid);
      if (same.amount !== amount || same.reason !== reason) {
        throw new AppError(judicialFreezeExists, { judicialFreeze, account: number });
      }
      placed = same.uuid;
      repeated = true;
      return sumStanding(tx, platformId, accountId);
    }
    if (state === 'closed') throw new AppError(refusalErrors.account_closed, { account: number });
    const at = clock.now();
    const by = (origin ?? SYSTEM).name;
    const content = { authority, orderNumber, reason };
    const row = { uuid: placed, accountId, amount, ...content, placedAt: at, placedBy: by };
    await insertFreeze(tx, platformId, row);
    const [type, objectId] = ['judicial_freeze.placed' as const, freezeTextId(placed)];
    await recordChange(tx, platformId, {
      ...{ origin, at, action: type, before: null },
      object: { type: 'judicial_freeze', id: objectId },
      after: { account: number, amount, ...content },
    });
    const data = { account: number, amount };
    await writeEvents(tx, platformId, [{ type, objectId, data, createdAt: at }]);
    return sumStanding(tx, platformId, accountId);
  });
  return { freeze: await readJudicialFreeze(deps, platformId, freezeTextId(placed)), repeated };
}
