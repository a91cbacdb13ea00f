import type { Originated } from '../audit/index.ts';
import type { Database, Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import type { NewUuid } from '../kernel/id.ts';
import type { Ledger } from '../ledger/index.ts';
import type { FindPayouts } from './payout-lines.ts';

/** What the use cases of deposits need. */
export interface DepositDeps extends Originated {
  readonly db: Db;
  readonly sessions: Database['sessions'];
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
  /** Tells which lines are of payouts of ours; without it, none is. */
  readonly findPayouts?: FindPayouts;
}
